"""Changes of stored status in the double, with what becomes true with them: facts, claims, parents, goals."""

from __future__ import annotations

from datetime import datetime

from ostinato.base.clock import format_time, parse_time
from ostinato.base.ids import NodeId
from ostinato.graph import status as rules
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.edges import EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.types import Node, NodeType, Status
from ostinato.testing.memory.decisions import note_who_decides
from ostinato.testing.memory.state import Memory


def change_status(
    memory: Memory,
    node_id: NodeId,
    new: Status,
    *,
    reason: str | None = None,
    agent: str | None = None,
    actor: Actor = PERSON,
) -> None:
    """Give a node a stored status and follow the consequences. Raises NotFoundError and RuleError."""
    node = memory.node(node_id)
    rules.require_stored_transition(node_id, node.node_type, node.status, new)
    if new is node.status:
        return
    if node.node_type is NodeType.DECISION:
        note_who_decides(memory, node_id, new, actor.by)
    write(memory, node, new, actor, reason=reason, agent=agent)
    if node.node_type is NodeType.TASK:
        if new in rules.FINISHED:
            complete_upwards(memory, node.parent_id, actor)
        elif node.status in rules.FINISHED:
            open_upwards(memory, node.parent_id, actor)
    elif node.node_type is NodeType.DECISION and (node.status, new) == (Status.DECIDED, Status.ACTIVE):
        _withdraw_choice(memory, node, actor)


def complete_upwards(memory: Memory, parent_id: NodeId | None, actor: Actor) -> None:
    """Complete what has nothing open any more, from `parent_id` up to the first that keeps those above it open."""
    while parent_id is not None:
        node = memory.node(parent_id)
        if node.node_type is NodeType.TASK and node.status not in rules.FINISHED:
            children = [child for child in memory.children(node.id) if child.node_type is NodeType.TASK]
            done = all(child.status in rules.FINISHED for child in children)
            some = any(child.status is Status.COMPLETED for child in children)
            if node.status is not Status.PENDING or node.task.checks or not (done and some):
                return
            write(memory, node, Status.COMPLETED, actor, reason="its child tasks are done")
        elif node.node_type is NodeType.GOAL:
            tasks = memory.tasks_below(node.id)
            if any(task.status not in rules.FINISHED for task in tasks):
                return
            if node.status is Status.ACTIVE and tasks:
                write(memory, node, Status.COMPLETED, actor, reason="all its tasks are done")
        parent_id = node.parent_id


def open_upwards(memory: Memory, parent_id: NodeId | None, actor: Actor) -> None:
    """Make pending and completed goals active and completed tasks pending, from `parent_id` up."""
    while parent_id is not None:
        node = memory.node(parent_id)
        if node.node_type is NodeType.TASK and node.status is Status.COMPLETED:
            write(memory, node, Status.PENDING, actor, reason="there is open work in it")
        elif node.node_type is NodeType.GOAL and node.status in {Status.PENDING, Status.COMPLETED}:
            write(memory, node, Status.ACTIVE, actor, reason="there is open work in it")
        parent_id = node.parent_id


def task_joined(memory: Memory, status: Status, parent_id: NodeId | None, actor: Actor) -> None:
    """Follow what a task of this stored status does to its new parents."""
    if status not in rules.FINISHED:
        open_upwards(memory, parent_id, actor)
        return
    above = parent_id
    while above is not None:
        node = memory.node(above)
        if node.node_type is NodeType.GOAL and node.status is Status.PENDING:
            write(memory, node, Status.ACTIVE, actor, reason="it has its first task")
        above = node.parent_id
    complete_upwards(memory, parent_id, actor)


def write(
    memory: Memory, node: Node, new: Status, actor: Actor, *, reason: str | None = None, agent: str | None = None
) -> None:
    """Keep a status with its facts and its event; a claim that cannot go on ends."""
    started = format_time(node.started_at) if node.started_at else None
    became = rules.facts(new, now=format_time(memory.now()), started_at=started, reason=reason, agent=agent)
    columns = dict(became.columns)
    fields: dict[str, object] = {"status": new}
    for name in ("assigned_to", "blocked_reason"):
        if name in columns:
            fields[name] = columns[name]
    for name in ("started_at", "completed_at"):
        if name in columns:
            fields[name] = _moment(columns[name])
    memory.put(node, **fields)
    if became.drops_claim and node.node_type is NodeType.TASK:
        memory.state.claims.pop(node.id, None)
    payload = {"from": str(node.status), "to": str(new), "reason": reason}
    memory.tell(EventKind.NODE_STATUS, node.project_id, node.id, actor, payload)


def _withdraw_choice(memory: Memory, decision: Node, actor: Actor) -> None:
    for edge in memory.edges_from(decision.id, EdgeType.CHOSEN):
        del memory.state.edges[edge.id]
        said = {"type": "chosen", "from": decision.id, "to": edge.to_id, "label": edge.label}
        memory.tell(EventKind.EDGE_REMOVED, decision.project_id, decision.id, actor, said)
        option = memory.node(edge.to_id)
        if option.status is Status.CHOSEN:
            write(memory, option, Status.ACTIVE, actor)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)
