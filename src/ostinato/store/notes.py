"""Reads what handoff notes are made of, in one statement however many nodes there are. `graph.notes` renders it."""

from __future__ import annotations

from ostinato.base.errors import NotFoundError
from ostinato.base.ids import NodeId
from ostinato.graph.notes import NoteRow, render_notes
from ostinato.graph.types import NodeType, Status
from ostinato.store.database import Database, Row, queries


def handoff_notes(db: Database, goal_id: NodeId) -> str:
    """Return the notes of the goal as they are now, with derived statuses. Raises NotFoundError."""
    sql = queries("notes")
    with db.reading():
        if db.one(sql["node"], {"id": goal_id}) is None:
            raise NotFoundError(f"no goal {goal_id}: list goals with `ostinato status`")
        rows = db.execute(sql["descendants"], {"goal_id": goal_id})
    return render_notes(map(_row, rows))


def _row(row: Row) -> NoteRow:
    return NoteRow(
        id=NodeId(row["id"]),
        node_type=NodeType(row["node_type"]),
        title=row["title"],
        status=Status(row["spoken_status"]),
        created_at=row["created_at"],
        completed_at=row["completed_at"],
        reason=row["spoken_reason"],
        option=row["option_title"],
        rationale=row["rationale"],
    )
