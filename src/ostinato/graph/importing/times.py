"""Times of other programs as we keep them: UTC, microseconds, `Z`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

_EPOCH_YEAR = 1970
_MICROSECONDS = 6
_PUNCTUATION = "2026-01-02T03:04:05"[4::3]


@lru_cache(4096)  # a file says the same moment many times
def stored_time(text: str) -> str | None:
    """Return a time in its stored form, None for the zero times by which others say "none" (years 1 and 1970).

    Nanoseconds are cut, and a time without an offset is taken as UTC. Raises ValueError for what is no time.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.year <= _EPOCH_YEAR:
        return None
    if text[-1:] == "Z" and text[4::3][:5] == _PUNCTUATION:
        # Ours but for the digits of the second's parts; making it anew would cost three times as much.
        return f"{text[:19]}.{text[20:-1][:_MICROSECONDS]:0<{_MICROSECONDS}}Z"
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    try:
        utc = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"no time that can be kept: {text!r}") from error
    return utc.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def is_exact(text: str, kept: str) -> bool:
    """Tell whether `kept`, the stored form of `text`, says all that it said."""
    utc = f"{text[:-6]}Z" if text.endswith("+00:00") else text
    return utc.endswith("Z") and len(utc) <= len(kept)
