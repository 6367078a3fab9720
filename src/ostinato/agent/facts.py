"""What a briefing is made from: values of the graph, brought together by the loop. No rule lives here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ostinato.agent.conventions import NearConventions
from ostinato.agent.profiles import ASKING_PLANNER, CODER, CRITIC, Profile
from ostinato.graph.evidence import CheckRun
from ostinato.graph.iterations import Iteration
from ostinato.graph.types import Check, Node

DEFAULT_BUDGET = 4_000
"""Tokens of a whole briefing, tool schemas left out."""


@dataclass(frozen=True, slots=True)
class BriefingRules:
    """How large a briefing may be, in tokens, and how completed work fades in it.

    It is told in full for `full_for`, with its outcome for `outcome_for`, both since it was done, then by its title.
    """

    tokens: int = DEFAULT_BUDGET
    full_for: timedelta = timedelta(days=7)
    outcome_for: timedelta = timedelta(days=30)


DEFAULT_RULES = BriefingRules()


@dataclass(frozen=True, slots=True)
class StandingDecision:
    """A decision that holds, with the title of the chosen option (None when open) and the reason.

    `forbids` says in words what it forbids now, "" where that is nothing.
    """

    decision: Node
    option: str | None = None
    reason: str = ""
    forbids: str = ""


@dataclass(frozen=True, slots=True)
class CompletedWork:
    """A completed task and, in one line, what came of it."""

    task: Node
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that is not done, with the ids of what it depends on, and one line for each attempt that failed."""

    task: Node
    depends_on: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """An earlier iteration on the same task, with the check runs that were its evidence."""

    iteration: Iteration
    runs: tuple[CheckRun, ...] = ()


@dataclass(frozen=True, slots=True)
class BriefingFacts:
    """All that a coder's briefing is made from.

    `observations` come most relevant first; `hints` (what the person said about this task) and `notes` (about the goal)
    newest first; `earlier` and `completed` in any order, the latter without the oldest `completed_unread`, which could
    not fit. `base_runs` are the task's checks as they ran before the work.
    `conventions` is the text of the top AGENTS.md, "" when there is none, `near` those nearer to the file scope.
    `handoff` are the notes of the last session.
    `direction` is what this attempt must do otherwise, since those before it went in circles, "" where they did not.
    `check_timeout` (seconds) holds for checks without one; `budget` is in tokens.
    """

    goal: Node
    task: Node
    now: datetime
    attempt: int = 1
    max_attempts: int = 3
    conventions: str = ""
    near: tuple[NearConventions, ...] = ()
    decisions: tuple[StandingDecision, ...] = ()
    observations: tuple[Node, ...] = ()
    hints: tuple[Node, ...] = ()
    completed: tuple[CompletedWork, ...] = ()
    completed_unread: int = 0
    dependencies: tuple[Node, ...] = ()
    project_checks: tuple[Check, ...] = ()
    base_runs: tuple[CheckRun, ...] = ()
    earlier: tuple[PastAttempt, ...] = ()
    handoff: str = ""
    notes: tuple[str, ...] = ()
    direction: str = ""
    check_timeout: float = 600.0
    budget: int = DEFAULT_BUDGET
    rules: BriefingRules = DEFAULT_RULES
    profile: Profile = CODER


@dataclass(frozen=True, slots=True)
class CriticFacts:
    """What a critic is told beside the goal: the plan as text, and what was said of it before, "" the first time."""

    goal: Node
    plan: str
    before: str = ""
    conventions: str = ""
    project_checks: tuple[Check, ...] = ()
    check_timeout: float = 600.0
    completed: tuple[CompletedWork, ...] = ()
    left: tuple[OpenTask, ...] = ()
    now: datetime | None = None
    budget: int = DEFAULT_BUDGET
    rules: BriefingRules = DEFAULT_RULES
    profile: Profile = CRITIC


@dataclass(frozen=True, slots=True)
class PlannerFacts:
    """All that a planner's briefing is made from; the fields mean what they mean in `BriefingFacts`.

    `asks` tells that a person answers questions; `others` are the profiles that files add, for tasks. `completed` and
    `left` are the work that the goal has already, and `wish` is what the person said when planning it anew.
    """

    goal: Node
    asks: bool = False
    now: datetime | None = None
    completed: tuple[CompletedWork, ...] = ()
    left: tuple[OpenTask, ...] = ()
    wish: str = ""
    conventions: str = ""
    decisions: tuple[StandingDecision, ...] = ()
    observations: tuple[Node, ...] = ()
    project_checks: tuple[Check, ...] = ()
    handoff: str = ""
    notes: tuple[str, ...] = ()
    check_timeout: float = 600.0
    budget: int = DEFAULT_BUDGET
    rules: BriefingRules = DEFAULT_RULES
    profile: Profile = ASKING_PLANNER
    others: tuple[Profile, ...] = ()
