"""Attempts at tasks as values: the claim that allows one, how its conversation ended, what was recorded of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ostinato.base.ids import IterationId, NodeId, SessionId
from ostinato.base.spending import Spending


@dataclass(frozen=True, slots=True)
class Claim:
    """A task held by one process. Every later write for it carries `token`."""

    task_id: NodeId
    token: int
    agent: str
    lease_until: datetime | None


class Ending(StrEnum):
    """How a conversation ended. None of them says whether the work is good."""

    COMPLETE = "complete"  # the agent signalled complete
    BLOCKED = "blocked"  # the agent signalled blocked
    TEXT = "text"  # the agent stopped calling tools, nudges included
    EMPTY = "empty"  # the agent answered nothing, nudges included
    STEP_LIMIT = "step_limit"
    TOKEN_LIMIT = "token_limit"
    TIME_LIMIT = "time_limit"
    COST_LIMIT = "cost_limit"
    CIRCLING = "circling"  # the same was done again and again, hints included
    TASK_BUDGET = "task_budget"  # what the task may use in all is used up: it is parked
    SESSION_LIMIT = "session_limit"  # a limit of the whole session or goal; uses up no attempt
    INTERRUPTED = "interrupted"
    LEFT = "left"  # the person went away while a question of the planner waited
    PROVIDER = "provider"
    CRASHED = "crashed"
    CLAIM_LOST = "claim_lost"
    NONE = "none"  # no model was called (already satisfied)


@dataclass(frozen=True, slots=True)
class Iteration:
    """One attempt at one task as it was recorded. `attempt` counts from 1. `decision` is a word of `loop.decide`.

    `transcript_gone_at` and `evidence_gone_at` say when retention took the conversation, and the text of the change and
    of what checks printed: the diff is an outline then (`graph.retention`).
    """

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
    transcript_gone_at: datetime | None = None
    evidence_gone_at: datetime | None = None
