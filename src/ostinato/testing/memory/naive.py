"""The rules of DESIGN §3 again, as slowly and plainly as they read: the oracle that everything faster is held to."""

from __future__ import annotations

from collections.abc import Mapping

from ostinato.base.ids import NodeId, natural_key
from ostinato.graph.rules import Derived, Facts
from ostinato.graph.types import NodeType, Status

DONE = {Status.COMPLETED, Status.CANCELLED}
SATISFIED = {Status.COMPLETED, Status.CANCELLED, Status.DECIDED, Status.SUPERSEDED}

Nodes = Mapping[NodeId, Facts]
Edges = set[tuple[NodeId, NodeId]]


def naive(nodes: Nodes, depends_on: Edges) -> dict[NodeId, Derived]:
    """Return the spoken status of each pending task, each worked out by itself; edges are (dependent, target)."""
    pending = [n for n in nodes.values() if n.node_type is NodeType.TASK and n.status is Status.PENDING]
    return {n.id: naive_status(n, nodes, depends_on) for n in pending}


def naive_status(task: Facts, nodes: Nodes, edges: Edges) -> Derived:
    """Return the spoken status of one stored pending task."""
    blocker = _nearest(task, nodes, edges)
    if blocker is not None:
        return Status.BLOCKED, f"{blocker.id} {blocker.status}"
    above = _ancestors(task, nodes)
    free = (
        not any(_open_targets(n, nodes, edges) for n in (task, *above))
        and not any(n.status in {Status.BLOCKED, Status.FAILED, Status.CANCELLED} for n in above)
        and not _open_children(task, nodes)
    )
    return (Status.READY if free else Status.PENDING), None


def _ancestors(node: Facts, nodes: Nodes) -> list[Facts]:
    found = []
    while node.parent_id is not None:
        node = nodes[node.parent_id]
        found.append(node)
    return found


def _open_targets(node: Facts, nodes: Nodes, edges: Edges) -> list[Facts]:
    return [nodes[to] for source, to in edges if source == node.id and nodes[to].status not in SATISFIED]


def _open_children(node: Facts, nodes: Nodes) -> list[Facts]:
    if node.node_type is NodeType.DECISION:
        return []
    kinds = {NodeType.TASK} if node.node_type is NodeType.TASK else {NodeType.TASK, NodeType.GOAL}
    return [n for n in nodes.values() if n.parent_id == node.id and n.node_type in kinds and n.status not in DONE]


def _waits_for(node: Facts, nodes: Nodes, edges: Edges) -> list[Facts]:
    if node.node_type is NodeType.TASK and node.status is not Status.PENDING:
        return []
    if node.status in SATISFIED:
        return []
    found = _open_targets(node, nodes, edges) + _open_children(node, nodes)
    if node.node_type is not NodeType.DECISION:
        for above in _ancestors(node, nodes):
            found += _open_targets(above, nodes, edges)
            if above.status in {Status.FAILED, Status.BLOCKED}:
                found.append(above)
    return found


def _nearest(task: Facts, nodes: Nodes, edges: Edges) -> Facts | None:
    seen, level = {task.id}, [task]
    while level:
        following = {n.id: n for node in level for n in _waits_for(node, nodes, edges) if n.id not in seen}
        stopped = [n for n in following.values() if n.status in {Status.FAILED, Status.BLOCKED}]
        if stopped:
            return min(stopped, key=lambda n: natural_key(n.id))
        seen |= set(following)
        level = list(following.values())
    return None
