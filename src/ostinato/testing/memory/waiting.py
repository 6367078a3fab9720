"""Cycles in plain words: everything that a node waits for is listed, and a search looks for the way back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.cycles import State, show_path
from ostinato.graph.edges import EdgeType
from ostinato.graph.types import NodeType
from ostinato.testing.memory.state import Memory

_GATED = {NodeType.TASK, NodeType.GOAL}


def require_free_to_depend(memory: Memory, dependent: NodeId, prerequisite: NodeId) -> None:
    """Raise RuleError, naming the way round, if the edge would make a node wait for itself."""
    way = _way(memory, State(prerequisite), {State(dependent), State(dependent, gate=True)})
    if not way:
        return
    shown = show_path([dependent, *way])
    if prerequisite in {node.id for node in memory.ancestors(dependent)}:
        raise RuleError(f"{dependent} lies inside {prerequisite}, which waits for it: {shown}")
    if dependent in {node.id for node in memory.ancestors(prerequisite)}:
        raise RuleError(f"{prerequisite} lies inside {dependent} and waits for what that waits for: {shown}")
    raise RuleError(f"{dependent} depends_on {prerequisite} would close a cycle: {shown}")


def require_free_to_contain(memory: Memory, parent: NodeId, child: NodeId) -> None:
    """Raise RuleError, naming the way round, if `child` contains `parent`, or would wait for itself inside it."""
    if parent in memory.contained(child):
        raise RuleError(f"{parent} contains {child} would close a cycle: {show_path(_down(memory, parent, child))}")
    if memory.node(child).parent_id is not None:
        return
    kind, above = memory.node(child).node_type, memory.node(parent).node_type
    way: list[NodeId] = []
    head = parent
    if _keeps_open(kind, above):
        way = _way(memory, State(child), {State(parent)})
    if not way:
        head = child
        ends = {State(child, gate=True)} | ({State(child)} if kind in _GATED else set())
        way = _way(memory, State(parent, gate=True), ends)
    if way:
        said = show_path([head, *way])
        raise RuleError(f"{child} inside {parent} would wait for itself and never become ready: {said}")


def _waits_for(memory: Memory, state: State) -> Iterator[State]:
    node = memory.node(state.node_id)
    for edge in memory.edges_from(node.id, EdgeType.DEPENDS_ON):
        yield State(edge.to_id)
    if node.parent_id is not None and (state.gate or node.node_type in _GATED):
        yield State(node.parent_id, gate=True)
    if not state.gate and node.node_type in _GATED:
        for child in memory.children(node.id):
            if _keeps_open(child.node_type, node.node_type):
                yield State(child.id)


def _keeps_open(child: NodeType, parent: NodeType) -> bool:
    """Tell whether an open child of this type keeps its parent from being done."""
    return (child, parent) in {(NodeType.TASK, NodeType.TASK), (NodeType.TASK, NodeType.GOAL)} or (
        child is parent is NodeType.GOAL
    )


def _way(memory: Memory, start: State, ends: Iterable[State]) -> list[NodeId]:
    """Return the ids along a shortest way from `start` to one of `ends`, [] when there is none."""
    trails = {start: [start.node_id]}
    waiting = [start]
    while waiting:
        here = waiting.pop(0)
        if here in ends:
            return trails[here]
        for following in _waits_for(memory, here):
            if following not in trails:
                trails[following] = [*trails[here], following.node_id]
                waiting.append(following)
    return []


def _down(memory: Memory, parent: NodeId, child: NodeId) -> list[NodeId]:
    """Return the way from `parent` over the wanted edge to `child`, and down to `parent` again."""
    trails = {child: [parent, child]}
    waiting = [child]
    while parent not in trails:
        here = waiting.pop(0)
        for edge in memory.edges_from(here, EdgeType.CONTAINS):
            if edge.to_id not in trails:
                trails[edge.to_id] = [*trails[here], edge.to_id]
                waiting.append(edge.to_id)
    return trails[parent]
