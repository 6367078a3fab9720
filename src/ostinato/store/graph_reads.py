"""Reads of the graph that ask for one thing about a node: what lies below it, above it, what was tried. Writes nothing.

What only some of it needs is imported there: showing a node starts fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ostinato.base.ids import NodeId
from ostinato.graph.types import Node, NodeType, Status
from ostinato.store.database import Database, queries
from ostinato.store.reading import decode_rows, slim_row

if TYPE_CHECKING:
    from ostinato.graph.iterations import Iteration


class GraphReads:
    """Each method is one consistent read; statuses are the derived ones."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def children(self, node_id: NodeId) -> list[Node]:
        """Return the nodes directly below a node, by created_at and natural id. Raises NotFoundError."""
        with self._db.reading():
            slim_row(self._db, node_id)
            return decode_rows(self._db.execute(queries("nodes")["children"], {"id": node_id}))

    def attempts(self, task_id: NodeId) -> list[Iteration]:
        """Return the iterations of a task, the oldest first."""
        from ostinato.store.attempts import attempts_at

        return attempts_at(self._db, task_id)

    def completed(self, goal_id: NodeId, *, with_checks: bool = False, limit: int | None = None) -> list[Node]:
        """Return the completed tasks below a goal, the latest first; with `with_checks` those that have checks."""
        parameters = {"goal_id": goal_id, "with_checks": with_checks, "limit": -1 if limit is None else limit}
        return decode_rows(self._db.execute(queries("nodes")["completed_of_goal"], parameters))

    def goal_of(self, node_id: NodeId) -> Node | None:
        """Return the nearest goal above a node, or None. Raises NotFoundError."""
        with self._db.reading():
            slim_row(self._db, node_id)
            above = self._db.execute(queries("nodes")["ancestors"], {"id": node_id})
            goals = [row for row in above if row["node_type"] == NodeType.GOAL]
            return next(iter(decode_rows(goals[:1])), None)

    def counts(self, goal_id: NodeId) -> dict[Status, int]:
        """Return how many tasks below a goal have each derived status; statuses without a task are left out."""
        with self._db.reading():
            slim_row(self._db, goal_id)
            rows = self._db.execute(queries("nodes")["statuses_below"], {"id": goal_id})
        return {Status(row["status"]): row["tasks"] for row in rows}
