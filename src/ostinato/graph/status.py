"""Which statuses a type has, which may follow which, and what else becomes true with a change. Pure tables and rules.

Stored and spoken statuses differ for tasks alone: `ready` and the derived `blocked` are spoken of, never stored
(`graph.rules` derives them), so a stored `pending` is spoken of as pending, ready or blocked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.types import NodeType, Status

STATUSES: Mapping[NodeType, tuple[Status, ...]] = {
    NodeType.GOAL: (Status.PENDING, Status.ACTIVE, Status.COMPLETED, Status.CANCELLED),
    NodeType.TASK: (
        Status.PENDING,
        Status.READY,
        Status.CLAIMED,
        Status.IN_PROGRESS,
        Status.REVIEW,
        Status.COMPLETED,
        Status.BLOCKED,
        Status.FAILED,
        Status.CANCELLED,
    ),
    NodeType.DECISION: (Status.PENDING, Status.ACTIVE, Status.DECIDED, Status.SUPERSEDED),
    NodeType.OPTION: (Status.PENDING, Status.ACTIVE, Status.CHOSEN, Status.REJECTED, Status.ABANDONED),
    NodeType.OUTCOME: (Status.ACTIVE, Status.COMPLETED),
    NodeType.OBSERVATION: (Status.ACTIVE,),
    NodeType.REVISIT: (Status.ACTIVE, Status.COMPLETED),
}
"""The statuses of each type, in the order in which a node usually goes through them."""

FINISHED = frozenset({Status.COMPLETED, Status.CANCELLED})
"""Task and goal statuses that ask for no more work."""

SATISFIED = frozenset({Status.COMPLETED, Status.CANCELLED, Status.DECIDED, Status.SUPERSEDED})
"""Statuses of a prerequisite that hold nobody up."""

STOPPED = frozenset({Status.BLOCKED, Status.FAILED})
"""Task statuses with which nothing goes on until somebody acts: what waits for such a task is blocked."""

HINDERS = STOPPED | {Status.CANCELLED}
"""Statuses of a node that hold up all that lies in it."""

HELD = frozenset({Status.CLAIMED, Status.IN_PROGRESS})
"""Statuses of a task that somebody holds."""

_S = Status
_TASK: Mapping[Status, tuple[Status, ...]] = {
    _S.PENDING: (_S.READY, _S.BLOCKED, _S.COMPLETED, _S.CANCELLED),
    _S.READY: (_S.PENDING, _S.CLAIMED, _S.BLOCKED, _S.COMPLETED, _S.CANCELLED),
    _S.CLAIMED: (_S.IN_PROGRESS, _S.READY, _S.PENDING, _S.COMPLETED, _S.BLOCKED, _S.FAILED, _S.CANCELLED),
    _S.IN_PROGRESS: (_S.REVIEW, _S.READY, _S.PENDING, _S.COMPLETED, _S.BLOCKED, _S.FAILED, _S.CANCELLED),
    _S.REVIEW: (_S.COMPLETED, _S.READY, _S.FAILED, _S.CANCELLED),
    _S.COMPLETED: (_S.READY,),
    _S.BLOCKED: (_S.READY, _S.PENDING, _S.COMPLETED, _S.CANCELLED),
    _S.FAILED: (_S.READY, _S.COMPLETED, _S.CANCELLED),
    _S.CANCELLED: (),
}
_GOAL: Mapping[Status, tuple[Status, ...]] = {
    _S.PENDING: (_S.ACTIVE, _S.COMPLETED, _S.CANCELLED),
    _S.ACTIVE: (_S.COMPLETED, _S.CANCELLED),
    _S.COMPLETED: (_S.ACTIVE,),
    _S.CANCELLED: (_S.ACTIVE,),
}
_DECISION: Mapping[Status, tuple[Status, ...]] = {
    _S.PENDING: (_S.ACTIVE, _S.DECIDED, _S.SUPERSEDED),
    _S.ACTIVE: (_S.DECIDED, _S.SUPERSEDED),
    _S.DECIDED: (_S.ACTIVE, _S.SUPERSEDED),
    _S.SUPERSEDED: (),
}
_RULED = {NodeType.TASK: _TASK, NodeType.GOAL: _GOAL, NodeType.DECISION: _DECISION}

_NEW_TASK = (_S.PENDING, _S.READY, _S.BLOCKED, _S.COMPLETED, _S.FAILED, _S.CANCELLED)


def stored(status: Status) -> Status:
    """Return the word that the database keeps for a spoken status: `ready` is kept as `pending`."""
    return Status.PENDING if status is Status.READY else status


def default_status(node_type: NodeType) -> Status:
    """Return the status of a new node that asks for none."""
    return Status.PENDING if node_type in _RULED else Status.ACTIVE


def initial_status(node_type: NodeType, asked: Status | None) -> Status:
    """Return the stored status of a new node. Raises RuleError for one that its type lacks, or that needs a claim."""
    if asked is None:
        return default_status(node_type)
    allowed = _NEW_TASK if node_type is NodeType.TASK else STATUSES[node_type]
    if asked not in allowed:
        why = "; a task is claimed when it exists" if asked in STATUSES[node_type] else ""
        raise RuleError(f"a new {node_type} cannot be {asked}: allowed are {_listed(allowed)}{why}")
    return stored(asked)


def allowed_after(node_type: NodeType, present: Status) -> tuple[Status, ...]:
    """Return the spoken statuses that a node of this type and spoken status may be given, its own left out."""
    ruled = _RULED.get(node_type)
    if ruled is not None:
        return ruled.get(present, ())
    return tuple(status for status in STATUSES[node_type] if status is not present)


def require_transition(node_id: NodeId, node_type: NodeType, present: Status, new: Status) -> None:
    """Raise RuleError, naming the node, its spoken status and what is allowed, unless `new` may follow `present`."""
    if new is present:
        return
    if new not in STATUSES[node_type]:
        raise RuleError(f"{node_id} is a {node_type}, which is never {new}: allowed are {_listed(STATUSES[node_type])}")
    allowed = allowed_after(node_type, present)
    if new not in allowed:
        raise RuleError(f"{node_id} is {present} and cannot become {new}: allowed are {_listed(allowed)}")


def require_stored_transition(node_id: NodeId, node_type: NodeType, present: Status, new: Status) -> None:
    """The same for stored statuses: `pending` stands for ready too, on both sides."""
    if new is not present and new in STATUSES[node_type] and node_type is NodeType.TASK:
        before = {present, _S.READY} if present is _S.PENDING else {present}
        after = {new, _S.READY} if new is _S.PENDING else {new}
        if any(after.intersection(_TASK[status]) for status in before):
            return
    require_transition(node_id, node_type, present, new)


class Consequences(NamedTuple):
    """What a change of status writes beside the status: node columns (only those named), and whether a claim ends."""

    columns: Mapping[str, str | None]
    drops_claim: bool


def facts(new: Status, *, now: str, started_at: str | None, reason: str | None, agent: str | None) -> Consequences:
    """Return what becomes true with the stored status `new`; `now` and `started_at` are times in their stored form.

    `reason` counts for blocked and failed, `agent` for claimed.
    """
    columns: dict[str, str | None] = {"blocked_reason": None, "completed_at": None}
    if new is Status.PENDING:
        columns |= {"assigned_to": None, "started_at": None}
    elif new is Status.CLAIMED:
        columns["assigned_to"] = agent
    elif new in {Status.IN_PROGRESS, Status.ACTIVE}:
        columns["started_at"] = started_at or now
    elif new in {Status.COMPLETED, Status.DECIDED}:
        columns["completed_at"] = now
    elif new is Status.BLOCKED:
        columns |= {"assigned_to": None, "blocked_reason": reason}
    elif new is Status.FAILED:
        columns["blocked_reason"] = reason
    elif new is Status.SUPERSEDED:
        # When it was decided stays true of a superseded decision.
        del columns["completed_at"]
    return Consequences(columns, drops_claim=new not in {Status.CLAIMED, Status.IN_PROGRESS})


def _listed(statuses: tuple[Status, ...]) -> str:
    return ", ".join(statuses) or "none"
