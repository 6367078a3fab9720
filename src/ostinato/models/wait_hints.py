"""How long a server wants to be left alone, from the headers of its refusal. Pure; `models.retry` decides and waits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

_RESETS = re.compile(r"(anthropic-ratelimit-[a-z-]+)-reset|((?:x-)?ratelimit)-reset(-[a-z-]+|)")
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)(ms|s|m|h|d))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_EPOCH = 1e9
"""Seconds: a larger number is a moment since 1970, no wait."""
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def retry_hint(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the server's wait in seconds from `retry-after-ms` or `retry-after` (seconds or an HTTP date), or None."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None or value is None:
        return seconds
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return _until(moment, now)


def reset_hint(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds until the account's limits are free again, or None where no header says so.

    Anthropic gives moments (`anthropic-ratelimit-tokens-reset`), OpenAI and others durations such as `6m0s`
    (`x-ratelimit-reset-tokens`), gateways seconds or moments since 1970 (`x-ratelimit-reset`), OpenRouter in
    milliseconds. The latest of the windows that are used up counts, or of all when none is: a request
    may be larger than what is left in one.
    """
    windows = list(_windows(headers, now))
    empty = [seconds for left, seconds in windows if left == 0]
    return max(empty or [seconds for _, seconds in windows], default=None)


def _windows(headers: Mapping[str, str], now: datetime) -> Iterator[tuple[float | None, float]]:
    """Yield what is left in each window, None where unknown, and the seconds until it is reset."""
    for name, value in headers.items():
        found = _RESETS.fullmatch(name)
        seconds = _duration(value.strip(), now) if found else None
        if found and seconds is not None:
            remaining = f"{found[1]}-remaining" if found[1] else f"{found[2]}-remaining{found[3]}"
            yield _number(headers.get(remaining)), seconds


def _duration(value: str, now: datetime) -> float | None:
    if _DURATION.fullmatch(value):
        return sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(value))
    seconds = _number(value)
    if seconds is not None:
        since = seconds / 1000 if seconds > _EPOCH * 1000 else seconds
        return max(0.0, since - now.timestamp()) if since > _EPOCH else seconds
    try:
        return _until(datetime.fromisoformat(value), now)
    except ValueError:
        return None


def _until(moment: datetime, now: datetime) -> float:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else None
    except ValueError:
        return None
    return number if number is not None and isfinite(number) and number >= 0 else None
