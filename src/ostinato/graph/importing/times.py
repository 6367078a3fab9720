"""Times of other programs as we keep them: UTC, microseconds, `Z`."""

from __future__ import annotations

from datetime import UTC, datetime

_EPOCH_YEAR = 1970


def stored_time(text: str) -> str | None:
    """Return a time in its stored form, None for the zero times by which others say "none" (years 1 and 1970).

    Nanoseconds are cut, and a time without an offset is taken as UTC. Raises ValueError for what is no time.
    """
    moment = datetime.fromisoformat(text.strip())
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if moment.year <= _EPOCH_YEAR:
        return None
    try:
        utc = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"no time that can be kept: {text!r}") from error
    return utc.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def is_exact(text: str, kept: str | None) -> bool:
    """Tell whether `kept` says all that `text` said."""
    if kept is None or not text.endswith("Z"):
        return False
    said = text[:-1] if "." in text else f"{text[:-1]}."
    return said.rstrip("0") == kept[:-1].rstrip("0")
