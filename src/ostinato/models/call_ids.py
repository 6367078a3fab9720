"""Ids and names of tool calls in the form that strict vendors take, for calls that another vendor's model made. Pure.

A reply may go on under another model: its calls and their results then keep one id, though it may be a new one.
"""

from __future__ import annotations

import re
from hashlib import sha256

_LONGEST = 64
_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")


def safe_id(identifier: str) -> str:
    """Return the id, or one of letters, digits, `_` and `-` (64 at most) that only this id is turned into."""
    return identifier if _fits(identifier) else _replaced(identifier, 40)


def safe_name(name: str) -> str:
    """Return a tool's name as every vendor takes it; models call tools that there are not."""
    return name if _fits(name) else _replaced(name, _LONGEST - 9)


def _fits(word: str) -> bool:
    return 0 < len(word) <= _LONGEST and not _FOREIGN.search(word)


def _replaced(word: str, longest: int) -> str:
    digest = sha256(word.encode(errors="replace")).hexdigest()[:8]
    return f"{_FOREIGN.sub('_', word)[:longest]}-{digest}"
