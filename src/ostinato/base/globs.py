"""Patterns of paths, as file scopes and setup inputs use them. Pure text: nothing is looked up on disk.

A pattern is relative to the checkout. `*` and `?` stay within a path segment, `**` crosses segments, `[ab]` is a set. A
pattern also matches everything below what it names, so `src` and `src/` both cover `src/a/b.py`. A pattern without a
slash matches at the top only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Tell whether `path` (relative, `/` between segments) is covered by any of the patterns."""
    return any(_compiled(pattern).fullmatch(path) for pattern in patterns)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    plain = pattern.strip().removeprefix("./").rstrip("/")
    if plain in {"", "."}:
        return re.compile(".*", re.DOTALL)
    try:
        return re.compile(_translated(plain) + r"(?:/.*)?", re.DOTALL)
    except re.error:
        # A set that makes no sense (`[z-a]`) stands for itself.
        return re.compile(re.escape(plain) + r"(?:/.*)?", re.DOTALL)


def _translated(pattern: str) -> str:
    out: list[str] = []
    at = 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            out.append("(?:.*/)?")
            at += 3
        elif pattern.startswith("**", at):
            out.append(".*")
            at += 2
        else:
            at, piece = _single(pattern, at)
            out.append(piece)
    return "".join(out)


def _single(pattern: str, at: int) -> tuple[int, str]:
    ch = pattern[at]
    if ch == "*":
        return at + 1, "[^/]*"
    if ch == "?":
        return at + 1, "[^/]"
    if ch == "[" and (end := pattern.find("]", at + 2)) > 0:
        inner = pattern[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
        inner = "^" + inner[1:] if inner.startswith("!") else inner
        return end + 1, f"(?!/)[{inner}]"
    return at + 1, re.escape(ch)
