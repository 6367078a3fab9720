"""What differs from run to run though nothing has changed: times, moments, addresses, temporary places. Pure."""

from __future__ import annotations

import re

_PASSING = re.compile(
    r"\d+(?:\.\d+)?\s?(?:ms|s|secs?|seconds?|minutes?)\b|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?"
    r"|\b\d\d:\d\d:\d\d(?:[.,]\d+)?|0x[0-9a-fA-F]+|/tmp/\S+"
)


def lasting(text: str) -> str:
    """Return `text` with `~` for all that says nothing about what was done; other numbers may be progress."""
    return _PASSING.sub("~", text)
