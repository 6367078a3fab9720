"""Reads the attempts at a task, and only those: who shows a node needs nothing else of what iterations can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ostinato.base.ids import NodeId
from ostinato.store.database import Database, queries

if TYPE_CHECKING:
    from ostinato.graph.iterations import Iteration


def attempts_at(db: Database, task_id: NodeId) -> list[Iteration]:
    """Return the iterations of a task, the oldest first."""
    rows = db.execute(queries("iterations")["of_task"], {"id": task_id})
    if not rows:
        return []
    # Late: most tasks that are looked at have not been tried.
    from ostinato.store.record_rows import decode_iteration

    return [decode_iteration(row) for row in rows]
