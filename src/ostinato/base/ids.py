"""Identifiers: their shapes, how they are made, how they sort. It does not know what they stand for.

Shapes: roots `os-` + 8 hex, children `<parent>.<n>`; `proj-`, `sess-`, `iter-`, `appr-` + 8 hex; edges `e-` + 12 hex.
"""

from __future__ import annotations

import os
from typing import NewType

NodeId = NewType("NodeId", str)
EdgeId = NewType("EdgeId", str)
ProjectId = NewType("ProjectId", str)
SessionId = NewType("SessionId", str)
IterationId = NewType("IterationId", str)
ApprovalId = NewType("ApprovalId", str)


def random_hex(digits: int = 8) -> str:
    """Return `digits` (even) random lower-case hex digits from the system's generator."""
    return os.urandom(digits // 2).hex()


def many_random_hex(count: int, digits: int = 8) -> list[str]:
    """Return `count` texts like that of `random_hex`, asking the system once."""
    together = random_hex(count * digits)
    return [together[start : start + digits] for start in range(0, count * digits, digits)]


def edge_id(edge_type: str, from_id: str, to_id: str) -> EdgeId:
    """Return the id of an edge: the same (type, from, to) always gives the same id."""
    # Late: it loads OpenSSL, and only writing an edge needs it.
    import hashlib

    digest = hashlib.sha256("\0".join((edge_type, from_id, to_id)).encode()).hexdigest()
    return EdgeId(f"e-{digest[:12]}")


def natural_key(identifier: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key under which `os-1.2` comes before `os-1.10`. Total for any text."""
    parts = identifier.split(".")
    head: tuple[tuple[int, int, str], ...] = ((0, 0, parts[0]),)
    return head + tuple((1, int(p), "") if _is_number(p) else (2, 0, p) for p in parts[1:])


def sort_text(identifier: str) -> str:
    """Return a text that sorts, by its characters, as `natural_key` does: for a database to sort by."""
    head, *parts = identifier.split(".")
    return "\1".join([head, *(_sortable(part) for part in parts)])


def _sortable(part: str) -> str:
    if not _is_number(part):
        return f"2{part}"
    digits = part.lstrip("0")
    return f"1{len(digits):04d}{digits}"


def _is_number(part: str) -> bool:
    # As long as an int may be; what is longer sorts as text.
    return len(part) <= 1000 and part.isascii() and part.isdecimal()
