"""Changes of stored status, with all that becomes true with them: facts, claim, event, parents, goals.

The one place that writes a status after a node was made. `graph.status` says what is legal; whether a task is ready is
the caller's question.
"""

from __future__ import annotations

from collections.abc import Mapping

from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph import status as rules
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.events import EventKind
from ostinato.graph.types import Node, NodeType, Status
from ostinato.store.database import Database, Row, queries
from ostinato.store.deciding import note_who_decides
from ostinato.store.events import EventStore
from ostinato.store.reading import slim_row
from ostinato.store.rows import decode_node

_CHILDREN_DONE = "its child tasks are done"
_TASKS_DONE = "all its tasks are done"
_WORK_ADDED = "there is open work in it"


def change_status(
    db: Database,
    events: EventStore,
    node_id: NodeId,
    new_stored_status: Status,
    *,
    reason: str | None = None,
    agent: str | None = None,
    actor: Actor = PERSON,
) -> None:
    """Give a node a stored status, keep its facts true and follow the consequences upwards, in one transaction.

    The status it has already: nothing changes and no event is written. `reason` is kept for blocked and failed, `agent`
    for claimed (the caller writes the claim's row afterwards). A finished task completes what it was the last part of,
    a reopened one reopens what it is part of. Raises NotFoundError, and RuleError for an illegal transition.
    """
    with db.transaction():
        row = slim_row(db, node_id)
        present, node_type = Status(row["status"]), NodeType(row["node_type"])
        rules.require_stored_transition(node_id, node_type, present, new_stored_status)
        if present is new_stored_status:
            return
        if node_type is NodeType.DECISION:
            note_who_decides(db, node_id, new_stored_status, actor)
        _write(db, events, row, new_stored_status, reason=reason, agent=agent, actor=actor)
        if node_type is NodeType.TASK:
            if new_stored_status in rules.FINISHED:
                complete_upwards(db, events, row["parent_id"], actor)
            elif present in rules.FINISHED:
                open_upwards(db, events, row["parent_id"], actor)
        elif node_type is NodeType.DECISION and present is Status.DECIDED and new_stored_status is Status.ACTIVE:
            _withdraw_choice(db, events, node_id, actor)


def claim_row(db: Database, events: EventStore, row: Row, agent: str, actor: Actor) -> Node:
    """Claim the ready task of a whole row of `spoken`, and return it as it is then: `change_status` for the one change
    that every iteration begins with, reading nothing twice. The caller writes the claim's row afterwards."""
    node_id = NodeId(row["id"])
    rules.require_stored_transition(node_id, NodeType(row["node_type"]), Status(row["status"]), Status.CLAIMED)
    became = _write(db, events, row, Status.CLAIMED, agent=agent, actor=actor)
    said = {"spoken_status": Status.CLAIMED, "spoken_reason": became["blocked_reason"]}
    return decode_node({**row, **became, **said})


def complete_upwards(db: Database, events: EventStore, parent_id: NodeId | None, actor: Actor) -> None:
    """Complete, from `parent_id` up, each pending task without checks whose child tasks are done, and each active goal
    whose tasks are all done. Stops at the first ancestor that keeps those above it open."""
    while parent_id is not None:
        row = slim_row(db, parent_id)
        node_type, status = NodeType(row["node_type"]), Status(row["status"])
        if node_type is NodeType.TASK and status not in rules.FINISHED:
            if not _children_complete(db, row):
                return
            _write(db, events, row, Status.COMPLETED, reason=_CHILDREN_DONE, actor=actor)
        elif node_type is NodeType.GOAL:
            if _has(db, "has_open_child_task", parent_id) or _has(db, "has_open_task_below", parent_id):
                return
            if status is Status.ACTIVE and _has(db, "has_task_below", parent_id):
                _write(db, events, row, Status.COMPLETED, reason=_TASKS_DONE, actor=actor)
        parent_id = row["parent_id"]


def open_upwards(db: Database, events: EventStore, parent_id: NodeId | None, actor: Actor) -> None:
    """There is open work below `parent_id`: from there up make pending and completed goals active, completed tasks
    pending."""
    while parent_id is not None:
        row = slim_row(db, parent_id)
        node_type, status = NodeType(row["node_type"]), Status(row["status"])
        if node_type is NodeType.TASK and status is Status.COMPLETED:
            _write(db, events, row, Status.PENDING, reason=_WORK_ADDED, actor=actor)
        elif node_type is NodeType.GOAL and status in {Status.PENDING, Status.COMPLETED}:
            _write(db, events, row, Status.ACTIVE, reason=_WORK_ADDED, actor=actor)
        parent_id = row["parent_id"]


def task_joined(db: Database, events: EventStore, status: Status, parent_id: NodeId | None, actor: Actor) -> None:
    """Follow what a task of this stored status does to its new parents: open work opens them, finished work may have
    been the last that was missing. Its first task makes a goal active either way."""
    if status not in rules.FINISHED:
        open_upwards(db, events, parent_id, actor)
        return
    goal_id = parent_id
    while goal_id is not None:
        row = slim_row(db, goal_id)
        if row["node_type"] == NodeType.GOAL and row["status"] == Status.PENDING:
            _write(db, events, row, Status.ACTIVE, reason="it has its first task", actor=actor)
        goal_id = row["parent_id"]
    complete_upwards(db, events, parent_id, actor)


def _write(
    db: Database,
    events: EventStore,
    row: Row,
    new: Status,
    *,
    reason: str | None = None,
    agent: str | None = None,
    actor: Actor,
) -> Mapping[str, str | None]:
    """Write a status with its facts and its event; `row` is the slim row of the node as it is now. Return the facts."""
    sql = queries("nodes")
    became = rules.facts(new, now=db.now(), started_at=row["started_at"], reason=reason, agent=agent)
    present = {name: row[name] for name in ("assigned_to", "started_at", "completed_at", "blocked_reason")}
    db.execute(sql["set_facts"], {**present, **became.columns, "id": row["id"], "status": str(new)})
    if became.drops_claim and row["node_type"] == NodeType.TASK:
        db.execute(sql["drop_claim"], {"id": row["id"]})
    events.add(
        EventKind.NODE_STATUS,
        project_id=ProjectId(row["project_id"]),
        node_id=NodeId(row["id"]),
        actor=actor,
        payload={"from": row["status"], "to": str(new), "reason": reason},
    )
    return became.columns


def _children_complete(db: Database, row: Row) -> bool:
    if row["status"] != Status.PENDING or row["has_checks"]:
        return False
    return not _has(db, "has_open_child_task", row["id"]) and _has(db, "has_completed_child_task", row["id"])


def _has(db: Database, query: str, node_id: NodeId) -> bool:
    return db.one(queries("nodes")[query], {"id": node_id}) is not None


def _withdraw_choice(db: Database, events: EventStore, decision_id: NodeId, actor: Actor) -> None:
    """A decision that is open again has no chosen option; what was rejected stays so until another is chosen."""
    for edge in db.execute(queries("edges")["from_node"], {"id": decision_id, "edge_type": "chosen"}):
        db.execute(queries("edges")["delete"], {"id": edge["id"]})
        option = slim_row(db, edge["to_id"])
        events.add(
            EventKind.EDGE_REMOVED,
            project_id=ProjectId(option["project_id"]),
            node_id=decision_id,
            actor=actor,
            payload={"type": "chosen", "from": decision_id, "to": edge["to_id"], "label": edge["label"]},
        )
        if option["status"] == Status.CHOSEN:
            _write(db, events, option, Status.ACTIVE, actor=actor)
