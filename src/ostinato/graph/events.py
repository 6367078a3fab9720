"""The stream of events as values: the kinds that there are, and one row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from ostinato.base.ids import IterationId, NodeId, ProjectId, SessionId


class EventKind(StrEnum):
    """The kinds of DESIGN §7."""

    NODE_CREATED = "node.created"
    NODE_UPDATED = "node.updated"
    NODE_STATUS = "node.status"
    EDGE_ADDED = "edge.added"
    EDGE_REMOVED = "edge.removed"
    SESSION_STARTED = "session.started"
    SESSION_ENDED = "session.ended"
    ITERATION_STARTED = "iteration.started"
    ITERATION_ENDED = "iteration.ended"
    STEP_STARTED = "step.started"
    STEP_ENDED = "step.ended"
    TOOL_STARTED = "tool.started"
    TOOL_ENDED = "tool.ended"
    CHECK_ENDED = "check.ended"
    VERDICT = "verdict"
    COMMIT = "commit"
    APPROVAL_ASKED = "approval.asked"
    APPROVAL_ANSWERED = "approval.answered"
    LIMIT_WARNED = "limit.warned"
    LIMIT_REACHED = "limit.reached"
    NOTE_ADDED = "note.added"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the stream; `seq` grows, `payload` is JSON with its version under `v`."""

    seq: int
    at: datetime
    kind: EventKind
    project_id: ProjectId | None
    session_id: SessionId | None
    iteration_id: IterationId | None
    node_id: NodeId | None
    payload: dict[str, Any]
