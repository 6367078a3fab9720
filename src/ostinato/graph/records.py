"""What is kept beside the graph: projects, sessions, iterations, check runs, approvals, events. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from ostinato.base.ids import ApprovalId, IterationId, NodeId, ProjectId, SessionId
from ostinato.base.spending import Spending


@dataclass(frozen=True, slots=True)
class Project:
    """A git repository registered with Ostinato; `path` is the top of its checkout."""

    id: ProjectId
    name: str
    path: str
    created_at: datetime


class SessionKind(StrEnum):
    """Which mode a session ran."""

    PLAN = "plan"
    RALPH = "ralph"


class StopReason(StrEnum):
    """Why a ralph session ended, in the words that other programs read (DESIGN §6)."""

    GOAL_COMPLETED = "goal_completed"
    NOTHING_READY = "nothing_ready"
    LIMIT_REACHED = "limit_reached"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    STUCK = "stuck"
    PROVIDER_FAILED = "provider_failed"
    ENVIRONMENT = "environment"
    INTERRUPTED = "interrupted"


EXIT_CODES: dict[StopReason, int] = {
    StopReason.GOAL_COMPLETED: 0,
    StopReason.NOTHING_READY: 3,
    StopReason.LIMIT_REACHED: 4,
    StopReason.WAITING_FOR_APPROVAL: 5,
    StopReason.STUCK: 6,
    StopReason.PROVIDER_FAILED: 7,
    StopReason.ENVIRONMENT: 8,
    StopReason.INTERRUPTED: 130,
}


@dataclass(frozen=True, slots=True)
class Session:
    """One work period on a goal. `stop_reason` is a StopReason, or `accepted`, `rejected`, `crashed` …"""

    id: SessionId
    project_id: ProjectId
    goal_id: NodeId
    kind: SessionKind
    started_at: datetime
    ended_at: datetime | None = None
    handoff_notes: str | None = None
    agent_ids: tuple[str, ...] = ()
    summary: str | None = None
    stop_reason: str | None = None
    spending: Spending = field(default_factory=Spending)


@dataclass(frozen=True, slots=True)
class Claim:
    """A task held by one process. Every later write for it carries `token`."""

    task_id: NodeId
    token: int
    agent: str
    lease_until: datetime | None


class CheckStatus(StrEnum):
    """How a check ended: exit 0; another exit code; exit 126 or 127, a signal or a time-out."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


class CheckPhase(StrEnum):
    """When a check ran: while planning, on the base before the agent, on the attempt, or later to prove again."""

    PLAN = "plan"
    BASE = "base"
    ATTEMPT = "attempt"
    PROOF = "proof"


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One run of one check. `owner` is the task whose check it is, None for the project's. `exit_code` is None for a
    time-out; negative for a signal. `output` is stdout and stderr as they came, head and tail. Times in seconds."""

    command: str
    status: CheckStatus
    exit_code: int | None
    seconds: float
    output: str
    phase: CheckPhase
    owner: NodeId | None = None
    flaky: bool = False
    failing_tests: tuple[str, ...] = ()


class Ending(StrEnum):
    """How a conversation ended. None of them says whether the work is good."""

    COMPLETE = "complete"  # the agent signalled complete
    BLOCKED = "blocked"  # the agent signalled blocked
    TEXT = "text"  # the agent stopped calling tools, nudges included
    EMPTY = "empty"  # the agent answered nothing, nudges included
    STEP_LIMIT = "step_limit"
    TOKEN_LIMIT = "token_limit"
    TIME_LIMIT = "time_limit"
    SESSION_LIMIT = "session_limit"  # a limit of the whole session; uses up no attempt
    INTERRUPTED = "interrupted"
    PROVIDER = "provider"
    CRASHED = "crashed"
    CLAIM_LOST = "claim_lost"
    NONE = "none"  # no model was called (already satisfied)


@dataclass(frozen=True, slots=True)
class Iteration:
    """One attempt at one task as it was recorded. `attempt` counts from 1. `decision` is a word of `loop.decide`."""

    id: IterationId
    session_id: SessionId
    task_id: NodeId
    attempt: int
    token: int
    base_commit: str
    started_at: datetime
    ended_at: datetime | None = None
    ending: Ending | None = None
    ending_message: str = ""
    verdict: str | None = None
    decision: str | None = None
    reasons: tuple[str, ...] = ()
    commit: str | None = None
    diff: str = ""
    fingerprint: str | None = None
    steps: int = 0
    spending: Spending = field(default_factory=Spending)


@dataclass(frozen=True, slots=True)
class Approval:
    """A question that the harness put, and its answer. `kind` is `plan` or `review`; `answer` approved or rejected."""

    id: ApprovalId
    project_id: ProjectId
    node_id: NodeId
    kind: str
    question: str
    payload: dict[str, Any]
    asked_at: datetime
    answered_at: datetime | None = None
    answer: str | None = None
    reason: str | None = None


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


@dataclass(frozen=True, slots=True)
class Actor:
    """Who writes: `person`, `loop` or `agent:<name>`, and for which session and iteration. Goes into events."""

    by: str = "person"
    session_id: SessionId | None = None
    iteration_id: IterationId | None = None


PERSON = Actor()
