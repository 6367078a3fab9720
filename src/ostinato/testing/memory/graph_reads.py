"""Narrow reads of the double, with the signatures of `store.graph_reads`."""

from __future__ import annotations

from collections import Counter

from ostinato.base.ids import NodeId
from ostinato.graph.types import Node, NodeType, Status
from ostinato.testing.memory.reading import spoken
from ostinato.testing.memory.state import Memory


class MemoryGraphReads:
    """See `store.graph_reads.GraphReads`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def completed(self, goal_id: NodeId, *, with_checks: bool = False, limit: int | None = None) -> list[Node]:
        """Return the completed tasks below a goal, the latest first; with `with_checks` those that have checks."""
        done = [node for node in self._memory.tasks_below(goal_id) if node.status is Status.COMPLETED]
        wanted = [node for node in done if node.task.checks or not with_checks]
        latest = sorted(wanted, key=lambda node: (node.completed_at or node.created_at, node.id), reverse=True)
        return latest if limit is None else latest[:limit]

    def goal_of(self, node_id: NodeId) -> Node | None:
        """Return the nearest goal above a node, or None. Raises NotFoundError."""
        above = (node for node in self._memory.ancestors(node_id) if node.node_type is NodeType.GOAL)
        return next(above, None)

    def counts(self, goal_id: NodeId) -> dict[Status, int]:
        """Return how many tasks below a goal have each spoken status. Raises NotFoundError."""
        self._memory.node(goal_id)
        return dict(Counter(node.status for node in spoken(self._memory, self._memory.tasks_below(goal_id))))
