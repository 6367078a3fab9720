"""Nodes of the work graph as values, tasks above all. Edges and the details of reasoning have modules of their own:
short commands need none. No rule and no I/O lives here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from ostinato.base.ids import NodeId, ProjectId

if TYPE_CHECKING:
    from ostinato.graph.details import DecisionDetails, OptionDetails, OutcomeDetails, RevisitDetails


class NodeType(StrEnum):
    """The seven node types."""

    GOAL = "goal"
    TASK = "task"
    DECISION = "decision"
    OPTION = "option"
    OUTCOME = "outcome"
    OBSERVATION = "observation"
    REVISIT = "revisit"


class Status(StrEnum):
    """Every status of every type; `graph.status` says which belong to which."""

    PENDING = "pending"
    READY = "ready"
    CLAIMED = "claimed"
    IN_PROGRESS = "in_progress"
    REVIEW = "review"
    COMPLETED = "completed"
    BLOCKED = "blocked"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ACTIVE = "active"
    DECIDED = "decided"
    SUPERSEDED = "superseded"
    CHOSEN = "chosen"
    REJECTED = "rejected"
    ABANDONED = "abandoned"


class Priority(StrEnum):
    """How urgent; none (absent) comes last."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Complexity(StrEnum):
    """How large; none (absent) comes last."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


MOST = 1_000_000_000
"""More seconds or attempts than this are a slip: the same for every way in, so that what is kept can be written to a
file and read again."""


@dataclass(frozen=True, slots=True)
class Check:
    """A command that must exit 0. `timeout` in seconds, None for the configured default; `working_dir` relative to
    the checkout. A `guard` may be green before the work: it protects what is there and proves nothing by itself."""

    command: str
    timeout: float | None = None
    working_dir: str | None = None
    guard: bool = False

    @property
    def as_run(self) -> tuple[str, float | None, str | None]:
        """What decides how it ends on a tree: two checks that are equal in this run only once."""
        return self.command, self.timeout, self.working_dir


@dataclass(frozen=True, slots=True)
class TaskDetails:
    """What a task asks for. `attempts` counts the attempts used up; `max_attempts` None means the configured one.

    `judge` says that a person must judge the result, its checks or not: so having no check is meant.
    """

    acceptance_criteria: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    file_scope: tuple[str, ...] = ()
    complexity: Complexity | None = None
    profile: str | None = None
    attempts: int = 0
    max_attempts: int | None = None
    judge: bool = False


Details: TypeAlias = "TaskDetails | DecisionDetails | OptionDetails | OutcomeDetails | RevisitDetails | None"


@dataclass(frozen=True, slots=True)
class Node:
    """A node as a reader sees it: `status` and `blocked_reason` are the derived ones (DESIGN §3, Ready)."""

    id: NodeId
    project_id: ProjectId
    node_type: NodeType
    title: str
    status: Status
    created_at: datetime
    description: str = ""
    priority: Priority | None = None
    assigned_to: str | None = None
    created_by: str | None = None
    labels: tuple[str, ...] = ()
    started_at: datetime | None = None
    completed_at: datetime | None = None
    blocked_reason: str | None = None
    details: Details = None
    metadata: dict[str, str] = field(default_factory=dict)
    parent_id: NodeId | None = None

    @property
    def task(self) -> TaskDetails:
        """The details of a task; raises TypeError for any other node."""
        if not isinstance(self.details, TaskDetails):
            raise TypeError(f"{self.id} is a {self.node_type}, not a task")
        return self.details
