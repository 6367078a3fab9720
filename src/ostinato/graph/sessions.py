"""Sessions as values: their kinds, and why they stop. What is counted in them stands in `graph.iterations`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ostinato.base.ids import NodeId, ProjectId, SessionId
from ostinato.base.spending import Spending


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
