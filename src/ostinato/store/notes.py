"""Reads what handoff notes are made of, in one statement however many nodes there are. `graph.notes` renders it."""

from __future__ import annotations

from ostinato.base.errors import NotFoundError
from ostinato.base.ids import NodeId
from ostinato.graph.notes import NoteRow, render_notes
from ostinato.graph.types import NodeType, Status
from ostinato.store.database import Database, queries

_TYPES = {str(node_type): node_type for node_type in NodeType}
_STATUSES = {str(status): status for status in Status}
"""Asked first: of a hundred thousand rows the enumerations themselves would take several times as long."""


def handoff_notes(db: Database, goal_id: NodeId) -> str:
    """Return the notes of the goal as they are now, with derived statuses. Raises NotFoundError."""
    sql = queries("notes")
    with db.reading():
        if db.one(sql["node"], {"id": goal_id}) is None:
            raise NotFoundError(f"no goal {goal_id}: list goals with `ostinato status`")
        rows = db.tuples(sql["descendants"], {"goal_id": goal_id})
    return render_notes(
        NoteRow(
            row[0], _TYPES.get(row[1]) or NodeType(row[1]), row[2], _STATUSES.get(row[3]) or Status(row[3]), *row[4:]
        )
        for row in rows
    )
