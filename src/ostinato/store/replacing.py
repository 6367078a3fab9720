"""The tasks that a new plan takes the place of: cancelled in the accepting transaction, their dependents carried on.

Whether the plan may replace them was judged before; what has changed since is judged again here, where it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.actors import Actor
from ostinato.graph.edges import EdgeType
from ostinato.graph.plan import TaskDraft
from ostinato.graph.replacing import swept, why_kept
from ostinato.graph.status import FINISHED
from ostinato.graph.types import Node, NodeType, Status

if TYPE_CHECKING:
    from ostinato.store.graph import GraphStore


def replace_tasks(
    graph: GraphStore, goal: Node, tasks: Iterable[TaskDraft], ids: Mapping[str, NodeId], actor: Actor
) -> tuple[NodeId, ...]:
    """Supersede and cancel what the tasks replace; what depended on it depends on the successors. Returns the old ids.

    `ids` maps the plan's keys to the new tasks, which are there already. Open tasks below a replaced one go with it.
    Raises RuleError for a task that may not be replaced now.
    """
    successors: dict[NodeId, list[NodeId]] = {}
    for task in tasks:
        for old in dict.fromkeys(task.replaces):
            successors.setdefault(NodeId(old), []).append(ids[task.key])
    if not successors:
        return ()
    known = {node.id: node for node in graph.descendants(goal.id) if node.node_type is NodeType.TASK}
    for old in successors:
        if why := why_kept(old, known.get(old)):
            raise RuleError(f"{why}: nothing was changed, plan what is left again")
    heirs = swept(successors, known.values())
    for node_id in heirs:
        if why := why_kept(node_id, known[node_id]):
            raise RuleError(f"{why}: nothing was changed, plan what is left again")
    _carry_dependents(graph, heirs, actor)
    for old, new in successors.items():
        for successor in new:
            graph.link(successor, EdgeType.SUPERSEDES, old, actor=actor)
    for node_id, new in heirs.items():
        graph.set_status(node_id, Status.CANCELLED, reason=f"replaced by {', '.join(new)}", actor=actor)
    return tuple(heirs)


def _carry_dependents(graph: GraphStore, heirs: Mapping[NodeId, list[NodeId]], actor: Actor) -> None:
    """Let each open dependent of a replaced task depend on the successors instead."""
    moved: list[tuple[NodeId, NodeId]] = []
    for old, new in heirs.items():
        for edge in graph.edges_of(old):
            if edge.edge_type is not EdgeType.DEPENDS_ON or edge.to_id != old or edge.from_id in heirs:
                continue
            if graph.get(edge.from_id).status in FINISHED:
                continue
            graph.unlink(edge.id, actor)
            moved += [(edge.from_id, successor) for successor in new if successor != edge.from_id]
    for dependent, successor in dict.fromkeys(moved):
        graph.link(dependent, EdgeType.DEPENDS_ON, successor, actor=actor)
