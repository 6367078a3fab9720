"""Edges of the double: what is refused, and what follows for decisions, parents and goals."""

from __future__ import annotations

from dataclasses import replace

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import EdgeId, NodeId, edge_id
from ostinato.graph import edge_rules
from ostinato.graph.actors import Actor
from ostinato.graph.edges import Edge, EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.texts import require_text
from ostinato.graph.types import Node, NodeType, Status
from ostinato.testing.memory.decisions import require_no_circle
from ostinato.testing.memory.state import Memory
from ostinato.testing.memory.transitions import change_status, complete_upwards, task_joined
from ostinato.testing.memory.waiting import require_free_to_contain, require_free_to_depend


def link(memory: Memory, from_id: NodeId, edge_type: EdgeType, to_id: NodeId, label: str | None, actor: Actor) -> Edge:
    """Join two nodes, or return the edge that is there. Raises NotFoundError and RuleError."""
    require_text("a label", label or "")
    present = memory.state.edges.get(edge_id(edge_type, from_id, to_id))
    if present is not None:
        return _relabel(memory, present, label, actor)
    source, target = memory.node(from_id), memory.node(to_id)
    edge_rules.require_ends(edge_type, from_id, source.node_type, to_id, target.node_type)
    if source.project_id != target.project_id:
        raise RuleError(f"{from_id} and {to_id} belong to different projects")
    _require_room(memory, edge_type, source, target)
    made = insert(memory, edge_type, source, to_id, label, actor)
    _follow(memory, edge_type, source, target, actor)
    return memory.state.edges[made.id]


def insert(memory: Memory, edge_type: EdgeType, source: Node, to_id: NodeId, label: str | None, actor: Actor) -> Edge:
    """Keep one new edge with its event. Checks nothing."""
    edge = Edge(edge_id(edge_type, source.id, to_id), edge_type, source.id, to_id, label, memory.now())
    memory.state.edges[edge.id] = edge
    _tell(memory, EventKind.EDGE_ADDED, edge, actor)
    return edge


def unlink(memory: Memory, wanted: EdgeId, actor: Actor) -> Edge:
    """Remove an edge and return it. Raises NotFoundError, and RuleError for a child that was made in its parent."""
    if wanted not in memory.state.edges:
        raise NotFoundError(f"no edge {wanted}: `ostinato node show` lists the edges of a node")
    edge = memory.state.edges[wanted]
    if edge.edge_type is EdgeType.CONTAINS and edge.to_id.startswith(f"{edge.from_id}."):
        raise RuleError(f"{edge.to_id} was made in {edge.from_id}, as its id says: cancel it instead")
    source, target = memory.node(edge.from_id), memory.node(edge.to_id)
    if edge.edge_type is EdgeType.CHOSEN and source.status is Status.DECIDED:
        change_status(memory, source.id, Status.ACTIVE, actor=actor)
        return edge
    _remove(memory, edge, actor)
    if edge.edge_type is EdgeType.REJECTED and target.status is Status.REJECTED:
        change_status(memory, target.id, Status.ACTIVE, actor=actor)
    if edge.edge_type is EdgeType.CONTAINS and target.parent_id == source.id:
        memory.put(target, parent_id=None)
        complete_upwards(memory, source.id, actor)
    return edge


def options_of(memory: Memory, decision_id: NodeId) -> list[Node]:
    """Return the options inside a decision, or led to by it."""
    led = {edge.to_id for edge in memory.edges_from(decision_id, EdgeType.LEADS_TO)}
    return [
        node
        for node in memory.state.nodes.values()
        if node.node_type is NodeType.OPTION and (node.parent_id == decision_id or node.id in led)
    ]


def _relabel(memory: Memory, edge: Edge, label: str | None, actor: Actor) -> Edge:
    if label is None or label == edge.label:
        return edge
    changed = replace(edge, label=label)
    memory.state.edges[edge.id] = changed
    _tell(memory, EventKind.EDGE_ADDED, changed, actor)
    return changed


def _require_room(memory: Memory, edge_type: EdgeType, source: Node, target: Node) -> None:
    if edge_type is EdgeType.DEPENDS_ON:
        require_free_to_depend(memory, source.id, target.id)
    elif edge_type is EdgeType.CONTAINS:
        require_free_to_contain(memory, source.id, target.id)
    elif edge_type in {EdgeType.CHOSEN, EdgeType.REJECTED}:
        _require_choice(memory, edge_type, source, target.id)
    elif edge_type is EdgeType.SUPERSEDES:
        require_no_circle(memory, source.id, target.id)


def _require_choice(memory: Memory, edge_type: EdgeType, decision: Node, option_id: NodeId) -> None:
    if option_id not in {option.id for option in options_of(memory, decision.id)}:
        raise RuleError(f"{option_id} is not an option of {decision.id}")
    if decision.status is Status.SUPERSEDED:
        raise RuleError(f"{decision.id} is superseded: choose in the decision that replaced it")
    chosen = [edge.to_id for edge in memory.edges_from(decision.id, EdgeType.CHOSEN)]
    if edge_type is EdgeType.CHOSEN and chosen:
        raise RuleError(f"{decision.id} has chosen {chosen[0]} already: revisit it before choosing another")
    if option_id in chosen:
        raise RuleError(f"{option_id} is what {decision.id} has chosen: revisit it before rejecting it")


def _follow(memory: Memory, edge_type: EdgeType, source: Node, target: Node, actor: Actor) -> None:
    if edge_type is EdgeType.CHOSEN:
        _decide(memory, source, target.id, actor)
    elif edge_type is EdgeType.REJECTED:
        change_status(memory, target.id, Status.REJECTED, actor=actor)
    elif edge_type is EdgeType.SUPERSEDES and target.node_type is NodeType.DECISION:
        change_status(memory, target.id, Status.SUPERSEDED, actor=actor)
    elif edge_type is EdgeType.CONTAINS and target.parent_id is None:
        memory.put(target, parent_id=source.id)
        if target.node_type is NodeType.TASK:
            task_joined(memory, target.status, source.id, actor)


def _decide(memory: Memory, decision: Node, chosen: NodeId, actor: Actor) -> None:
    rejected = {edge.to_id: edge for edge in memory.edges_from(decision.id, EdgeType.REJECTED)}
    if chosen in rejected:
        _remove(memory, rejected[chosen], actor)
    for option in options_of(memory, decision.id):
        if option.id != chosen and option.id not in rejected:
            insert(memory, EdgeType.REJECTED, decision, option.id, None, actor)
        became = Status.CHOSEN if option.id == chosen else Status.REJECTED
        change_status(memory, option.id, became, actor=actor)
    change_status(memory, decision.id, Status.DECIDED, actor=actor)


def _remove(memory: Memory, edge: Edge, actor: Actor) -> None:
    del memory.state.edges[edge.id]
    _tell(memory, EventKind.EDGE_REMOVED, edge, actor)


def _tell(memory: Memory, kind: EventKind, edge: Edge, actor: Actor) -> None:
    said = {"type": str(edge.edge_type), "from": edge.from_id, "to": edge.to_id, "label": edge.label}
    memory.tell(kind, memory.node(edge.from_id).project_id, edge.from_id, actor, said)
