"""Every setting there is, with its default and what it means. Values only; `config.load` reads them from files.

The text beside a setting is what `ostinato config explain` prints: one line, its unit named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated


@dataclass(frozen=True, slots=True)
class SetupSettings:
    """`[setup]`: what makes a checkout usable, and the files that it depends on."""

    commands: Annotated[
        tuple[str, ...], "Shell commands that make a fresh checkout usable, in order; they alone have network."
    ] = ()
    inputs: Annotated[tuple[str, ...], "Files (globs) that setup depends on: a change of one runs it again."] = ()
    timeout: Annotated[float, "Seconds that each setup command may take."] = 1800.0


@dataclass(frozen=True, slots=True)
class VerifySettings:
    """`[verify]`: the project's checks and their time limits."""

    commands: Annotated[
        tuple[str, ...], "The project's checks: shell commands that must exit 0 before each commit, without network."
    ] = ()
    timeout: Annotated[float, "Seconds that a check may take when it says nothing itself."] = 600.0
    proof_cap: Annotated[
        float, "Seconds for running the checks of earlier tasks again before a commit; landing runs them all."
    ] = 300.0
    gates: Annotated[
        tuple[str, ...], "What no change may add, read before checks run; a project cannot open its own gates."
    ] = ("stubs", "errors", "tests", "clones")


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """`[sandbox]`: where commands run, and what they may see beside the checkout."""

    mode: Annotated[str, "Where commands run; a project cannot turn its own walls off."] = "bubblewrap"
    read_only: Annotated[tuple[str, ...], "Further paths of this machine that commands may read."] = ()
    env: Annotated[
        tuple[str, ...], "Variables for commands: a NAME is passed on as it is here, NAME=value is set."
    ] = ()


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """`[models]`: which model works for which role, which one stands in for it, and how patient calls are."""

    default: Annotated[str | None, "The model of every role that has none of its own, as PROVIDER:NAME."] = None
    fallback: Annotated[str | None, "What stands in while a role's model cannot answer; an empty text: none."] = None
    planner: Annotated[str | None, "The model that plans."] = None
    planner_fallback: Annotated[str | None, "What stands in for the planner's model, instead of fallback."] = None
    coder: Annotated[str | None, "The model that works on tasks."] = None
    coder_fallback: Annotated[str | None, "What stands in for the coder's model, instead of fallback."] = None
    reviewer: Annotated[str | None, "The model that reviews what tasks made; unset: the coder's."] = None
    reviewer_fallback: Annotated[str | None, "What stands in for the reviewer's model, instead of fallback."] = None
    critic: Annotated[str | None, "The model that looks for what a plan misses, with --critique."] = None
    critic_fallback: Annotated[str | None, "What stands in for the critic's model, instead of fallback."] = None
    stronger: Annotated[
        str | None, "The model of a task's last attempt, and of attempts that go in circles; an empty text: none."
    ] = None
    coder_stronger: Annotated[str | None, "The same for the coder, instead of stronger."] = None
    patience: Annotated[float, "Seconds that an outage of the provider is waited out."] = 600.0
    retries: Annotated[int, "How often a failed call is tried again within that patience."] = 6
    connect_timeout: Annotated[float, "Seconds until a connection must stand."] = 15.0
    first_byte_timeout: Annotated[float, "Seconds until an answer must begin."] = 300.0
    silence_timeout: Annotated[float, "Seconds that an answer may pause once it has begun."] = 120.0
    context_window: Annotated[int | None, "Tokens that a model can read; unset: what is known of each model."] = None
    max_output_tokens: Annotated[int | None, "Tokens that one answer may have; unset leaves it to the provider."] = None
    price_input: Annotated[float | None, "US dollars per million tokens read, where the price is not known."] = None
    price_output: Annotated[float | None, "US dollars per million tokens written, where the price is not known."] = None
    prices: Annotated[
        tuple[str, ...],
        "Your own prices, each as 'PROVIDER:NAME input=3 output=15', dollars per million tokens; no table wins.",
    ] = ()
    reasoning_effort: Annotated[str | None, "How much the model reasons; unset leaves it to the provider."] = None


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """`[limits]`: per iteration (`steps`, `tokens`, `minutes`, `cost`), per task (`attempts`, `task_…`), per goal
    (`goal_…`), per session (`session_…`). None: no limit. A budget of one goal or task (`ostinato budget`) goes before
    the one here; it covers everything beneath, in all sessions."""

    steps: Annotated[int, "Model calls in one iteration."] = 200
    tokens: Annotated[int, "Tokens in one iteration."] = 500_000
    minutes: Annotated[float, "Minutes that one iteration may take."] = 30.0
    cost: Annotated[float | None, "US dollars that one iteration may cost."] = None
    attempts: Annotated[int, "Failed attempts after which a task counts as failed."] = 3
    task_tokens: Annotated[int | None, "Tokens for one task, all its attempts; `ostinato budget` wins."] = None
    task_cost: Annotated[float | None, "US dollars for one task, all its attempts; `ostinato budget` wins."] = None
    task_minutes: Annotated[float | None, "Minutes for one task, all its attempts; `ostinato budget` wins."] = None
    goal_tokens: Annotated[int | None, "Tokens for one goal, planning included; `ostinato budget` wins."] = None
    goal_cost: Annotated[float | None, "US dollars for one goal, planning included; `ostinato budget` wins."] = None
    goal_minutes: Annotated[float | None, "Minutes for one goal, planning included; `ostinato budget` wins."] = None
    session_iterations: Annotated[int | None, "Iterations in one session; --max-iterations wins."] = None
    session_tokens: Annotated[int | None, "Tokens in one session; --max-tokens wins."] = None
    session_cost: Annotated[float | None, "US dollars in one session; --max-cost wins."] = None
    session_minutes: Annotated[float | None, "Minutes that one session may take; --max-time wins."] = None


@dataclass(frozen=True, slots=True)
class BriefingSettings:
    """`[briefing]`: how much an agent is told before it begins."""

    tokens: Annotated[int, "Tokens of a whole briefing; role, task and checks are never cut."] = 4_000
    full_days: Annotated[float, "Days for which completed work is told in full."] = 7.0
    outcome_days: Annotated[float, "Days for which it is told with its outcome; later by title and status."] = 30.0


@dataclass(frozen=True, slots=True)
class CircleSettings:
    """`[circles]`: when work counts as going in circles; 0 turns each of them off."""

    repeats: Annotated[int, "Rounds of the same, within a conversation, after which the agent is told; 0: never."] = 3
    end: Annotated[int, "Rounds after which its conversation ends, and the checks judge; 0: never."] = 6
    idle: Annotated[int, "Tool calls in a row that only read after which the agent is told; 0: never."] = 40
    attempts: Annotated[
        int, "Attempts with the same failure after which you are asked about a task; 0: when all are used up."
    ] = 5


@dataclass(frozen=True, slots=True)
class LandSettings:
    """`[land]`: `how` the goal's commits reach the person's branch: `ff`, `rebase`, `merge` or `squash`."""

    how: Annotated[str, "How a goal's commits reach your branch where `land` is told nothing else."] = "ff"


@dataclass(frozen=True, slots=True)
class DecisionSettings:
    """`[decisions]`: where their records go."""

    output: Annotated[str, "The directory, inside the project, of the records that `decisions export` keeps."] = (
        "docs/adr"
    )


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """`[notify]`: how and when a person is told; only from their own configuration, since it runs on the host.

    `command` is an argument list, or a text for the shell; `webhook` an address that gets JSON; `on` are `needed` (a
    person must do something) and `ended` (a run is over).
    """

    command: Annotated[
        str | tuple[str, ...] | None,
        "A program (a list) or a line for the shell; it gets the event as JSON on stdin.",
    ] = None
    desktop: Annotated[bool, "Show a notification of the desktop."] = False
    webhook: Annotated[str | None, "An address that gets what happened as JSON."] = None
    on: Annotated[tuple[str, ...], "When: a person is needed, a run has ended."] = ("needed", "ended")

    @property
    def anyone(self) -> bool:
        """True when there is a way to tell somebody."""
        return bool(self.command or self.desktop or self.webhook)


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """`[retention]`: how long, and how much, of the text of past work is kept; 0 keeps it for ever.

    One database serves all of a person's projects, so only they may set it. Facts (the graph, verdicts, costs, commits,
    notes) are always kept.
    """

    transcripts_days: Annotated[float, "Days that conversations are kept; 0 keeps them for ever."] = 180.0
    transcripts_mb: Annotated[float, "Megabytes of conversations, beyond which the oldest go; 0: no limit."] = 2000.0
    evidence_days: Annotated[
        float, "Days that the text of changes and the output of checks of finished tasks are kept; 0: for ever."
    ] = 365.0
    evidence_mb: Annotated[float, "Megabytes of those, beyond which the oldest go; 0: no limit."] = 1000.0
    events_days: Annotated[
        float, "Days that events of single steps, tools and checks are kept; 0: for ever. Other events always are."
    ] = 90.0
    events_mb: Annotated[float, "Megabytes of those events, beyond which the oldest go; 0: no limit."] = 200.0


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """`[graph]`: the files of the work graph in the project's checkout."""

    auto_export: Annotated[
        bool, "Keep the files in .ostinato/graph up to date: after each command that writes, and after each iteration."
    ] = False


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one project as they hold now."""

    setup: SetupSettings = field(default_factory=SetupSettings)
    verify: VerifySettings = field(default_factory=VerifySettings)
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    models: ModelSettings = field(default_factory=ModelSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    briefing: BriefingSettings = field(default_factory=BriefingSettings)
    circles: CircleSettings = field(default_factory=CircleSettings)
    land: LandSettings = field(default_factory=LandSettings)
    decisions: DecisionSettings = field(default_factory=DecisionSettings)
    notify: NotifySettings = field(default_factory=NotifySettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    graph: GraphSettings = field(default_factory=GraphSettings)
    autonomy: Annotated[
        str, "Whether planning waits for your word (supervised) or not (full); what no check proves waits in both."
    ] = "supervised"
    protected: Annotated[
        tuple[str, ...], "Files (globs) that no task may change, beside tests' configuration, CI and agents' files."
    ] = ()
