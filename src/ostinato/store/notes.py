"""Reads what handoff notes are made of, in one statement however many nodes there are. `graph.notes` renders it."""

from __future__ import annotations

from ostinato.base.errors import NotFoundError
from ostinato.base.ids import NodeId
from ostinato.graph.notes import NoteRow, render_notes
from ostinato.graph.rules import Derived
from ostinato.graph.types import NodeType, Status
from ostinato.store.database import Database, Row, queries
from ostinato.store.derive import derived_rows


def handoff_notes(db: Database, goal_id: NodeId) -> str:
    """Return the notes of the goal as they are now, with derived statuses. Raises NotFoundError."""
    sql = queries("notes")
    with db.reading():
        if db.one(sql["node"], {"id": goal_id}) is None:
            raise NotFoundError(f"no goal {goal_id}: list goals with `ostinato status`")
        rows = db.execute(sql["descendants"], {"goal_id": goal_id})
        found = derived_rows(db, rows)
    return render_notes(_row(row, found.get(NodeId(row["id"]))) for row in rows)


def _row(row: Row, shown: Derived | None) -> NoteRow:
    status, reason = shown or (Status(row["status"]), row["blocked_reason"])
    return NoteRow(
        id=NodeId(row["id"]),
        node_type=NodeType(row["node_type"]),
        title=row["title"],
        status=status,
        created_at=row["created_at"],
        completed_at=row["completed_at"],
        reason=reason,
        option=row["option_title"],
        rationale=row["rationale"],
    )
