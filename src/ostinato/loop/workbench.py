"""What a session works with (adapters, policy) and what it has done so far. No rule and no step lives here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from ostinato.agent.circles import CircleLimits
from ostinato.agent.conventions import NearConventions
from ostinato.agent.facts import DEFAULT_RULES, BriefingRules
from ostinato.agent.ports import Model, Tools
from ostinato.agent.profiles import Profile
from ostinato.base.clock import Clock
from ostinato.base.ids import IterationId, NodeId
from ostinato.base.process import ProcessIdentity
from ostinato.base.spending import Spending
from ostinato.chat.messages import Message
from ostinato.graph.actors import Actor
from ostinato.graph.budgets import Budget, Quote, no_price
from ostinato.graph.evidence import CheckRun
from ostinato.graph.iterations import Claim
from ostinato.graph.opinion import Opinion
from ostinato.graph.plan import Critique, Finding, PlanDraft
from ostinato.graph.projects import Project
from ostinato.graph.sessions import Session
from ostinato.graph.types import Check, Node
from ostinato.loop.crew import BuiltInCrew, Crew
from ostinato.loop.interruption import Interruption
from ostinato.loop.limits import SessionLimits, Used
from ostinato.loop.ports import Bridge, Checkouts, GoalBranch, Progress
from ostinato.verify.gates import GATES
from ostinato.verify.types import CommandRunner, Files

MOST_OUTPUT = 32_000
"""Tokens that an answer may have where nothing else is said: what most models stop at."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers and checks that one session goes by. Times in seconds, `cost` (of one iteration) in US dollars.

    `park_after` is the number of attempts with the same failure after which a person is asked, `asks` whether they are.
    The budgets are those of goals and tasks that have no number of their own; `most_output` is the longest answer that
    is reckoned with.
    """

    steps: int = 200
    tokens: int = 500_000
    seconds: float = 1800.0
    attempts: int = 3
    check_timeout: float = 600.0
    proof_cap: float = 300.0
    lease: float = 120.0
    project_checks: tuple[Check, ...] = ()
    protected: tuple[str, ...] = ()
    gates: tuple[str, ...] = GATES
    limits: SessionLimits = field(default_factory=SessionLimits)
    briefing: BriefingRules = DEFAULT_RULES
    circles: CircleLimits = field(default_factory=CircleLimits)
    park_after: int = 5
    asks: bool = True
    cost: float | None = None
    goal_budget: Budget = field(default_factory=Budget)
    task_budget: Budget = field(default_factory=Budget)
    most_output: int = MOST_OUTPUT


@dataclass(frozen=True, slots=True)
class CoderTools:
    """The tools of one iteration, the paths that they wrote, and how many child tasks they made.

    `recorded` counts the observations and decisions that they put into the graph; `opinion` is a reviewer's verdict.
    `close` removes what the tools kept on the disk for the agent alone.
    """

    tools: Tools
    written: Callable[[], frozenset[str]]
    children: Callable[[], int]
    recorded: Callable[[], int] = lambda: 0
    opinion: Callable[[], Opinion | None] = lambda: None
    close: Callable[[], None] = lambda: None


DraftCheck = Callable[[PlanDraft], Awaitable[list[Finding]]]
AskPerson = Callable[[str, tuple[str, ...]], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class PlannerTools:
    """The tools of one planning conversation, and the clean draft that came out of it, if any.

    `adopt` takes a draft as the one that stands; `replay` takes up what the calls of a kept conversation logged.
    """

    tools: Tools
    draft: Callable[[], PlanDraft | None]
    adopt: Callable[[PlanDraft], None]
    replay: Callable[[Sequence[Message]], None]


@dataclass(frozen=True, slots=True)
class Critic:
    """A second agent that looks at plans: its own model, and what makes its tools and hands out what it said."""

    model: Model
    tools: Callable[[Session], tuple[Tools, Callable[[], Critique | None]]]
    quote: Quote = no_price


@dataclass(frozen=True, slots=True)
class Workbench:
    """All that plan and ralph reach outside themselves, for one session."""

    project: Project
    agent: str
    store: Bridge
    model: Model
    places: Checkouts
    branch: GoalBranch
    files: Files
    runner: CommandRunner
    coder_tools: Callable[[Claim, Profile, IterationId, Session], CoderTools]
    planner_tools: Callable[[DraftCheck, AskPerson | None, Session], PlannerTools]
    conventions: Callable[[], str]
    process: ProcessIdentity
    clock: Clock
    policy: Policy
    interruption: Interruption
    progress: Progress
    commit_message: Callable[[Node, str, NodeId, IterationId], str]
    share: Callable[[], Awaitable[None]]
    critic: Critic | None = None
    conventions_near: Callable[[tuple[str, ...]], tuple[NearConventions, ...]] = lambda _scope: ()
    crew: Crew = field(default_factory=BuiltInCrew)
    stronger: Model | None = None
    quote: Quote = no_price


@dataclass(slots=True)
class Run:
    """A ralph session under way: the only state that changes, and only the loop changes it.

    `waited` are the seconds in which it waited for a person: a paused goal, a question that they think about.
    """

    bench: Workbench
    goal: Node
    session: Session
    started: float
    iterations: int = 0
    completed: int = 0
    spending: Spending = field(default_factory=Spending)
    baseline: dict[str, CheckRun] = field(default_factory=dict)
    no_work: int = 0
    since_completed: int = 0
    provider_failures: dict[NodeId, int] = field(default_factory=dict)
    answered: bool = False
    warned: set[str] = field(default_factory=set)
    base_checked: bool = False
    limit: str | None = None
    waited: float = 0.0

    def used(self, running: Spending | None = None) -> Used:
        """Return what the session has used, `running` being the present conversation."""
        spending = self.spending + running if running else self.spending
        return Used(self.iterations, spending, self.bench.clock.monotonic() - self.started - self.waited)

    def actor(self, iteration: IterationId | None = None) -> Actor:
        """Return who writes for this session."""
        return Actor("loop", self.session.id, iteration)
