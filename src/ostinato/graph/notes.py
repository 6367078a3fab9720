"""Handoff notes: what the next session must know, rendered from rows without a model. The bytes are a public format.

Other programs check this text (DESIGN §4): sections go by status whatever the node type, ties are broken down to the
id in natural order, and nothing of a title can break a line. This module reads no database and derives no status.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from ostinato.base.ids import NodeId, natural_key
from ostinato.base.text import one_line
from ostinato.graph.status import STOPPED
from ostinato.graph.types import NodeType, Status

_DONE = frozenset({Status.COMPLETED, Status.DECIDED})
_REMAINING = frozenset({Status.READY, Status.PENDING, Status.IN_PROGRESS, Status.CLAIMED, Status.REVIEW})


class NoteRow(NamedTuple):
    """One descendant of the goal. `status` and `reason` are the derived ones, `option` and `rationale` title and label
    of a decision's chosen edge. Times are in their stored form, whose text order is time order.

    A tuple, since a goal may have 100,000 of them, and a dataclass would take twice as long to make.
    """

    id: NodeId
    node_type: NodeType
    title: str
    status: Status
    created_at: str
    completed_at: str | None = None
    reason: str | None = None
    option: str | None = None
    rationale: str | None = None


def render_notes(rows: Iterable[NoteRow]) -> str:
    """Return the handoff notes of a goal with these descendants (each once, in any order, the goal left out).

    Deterministic: the same rows in another order give the same bytes. Without rows the four headers stand alone, each
    followed by one empty line.
    """
    found = _by_creation(rows)
    if not found:
        return "## Done\n\n## Remaining\n\n## Blocked\n\n## Decisions Made\n\n"
    # Stable: rows completed at the same moment stay in the order of their creation. "" sorts before any time.
    done = sorted((row for row in found if row.status in _DONE), key=lambda row: row.completed_at or "")
    remaining = [row for row in found if _remains(row)]
    blocked = [row for row in found if row.status in STOPPED]
    decided = [row for row in found if row.node_type is NodeType.DECISION and row.status is Status.DECIDED]
    return (
        _section("Done", done, lambda row: f" ({row.status})")
        + _section("Remaining", remaining, lambda row: f" [{row.status}]")
        + _section("Blocked", blocked, _obstacle)
        + _section("Decisions Made", decided, _choice)
    )


def _by_creation(rows: Iterable[NoteRow]) -> list[NoteRow]:
    """Return the rows by created_at, then natural id, whose key is made only where it decides."""
    moment = attrgetter("created_at")
    found: list[NoteRow] = []
    for _, together in groupby(sorted(rows, key=moment), key=moment):
        same = list(together)
        found += sorted(same, key=lambda row: natural_key(row.id)) if len(same) > 1 else same
    return found


def _remains(row: NoteRow) -> bool:
    return row.status in _REMAINING or (row.node_type is NodeType.DECISION and row.status is Status.ACTIVE)


def _section(header: str, rows: list[NoteRow], tail: Callable[[NoteRow], str]) -> str:
    items = "".join(f"- {row.id}: {one_line(row.title)}{tail(row)}\n" for row in rows)
    return f"## {header}\n" + (items or "(none)\n") + "\n"


def _obstacle(row: NoteRow) -> str:
    reason = one_line(row.reason or "")
    if row.status is Status.FAILED:
        return f" — failed: {reason}" if reason else " — failed"
    return f" — {reason}" if reason else ""


def _choice(row: NoteRow) -> str:
    if row.option is None:
        return ""
    rationale = f" ({one_line(row.rationale)})" if row.rationale else ""
    return f" → {one_line(row.option)}{rationale}"
