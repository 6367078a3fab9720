"""Who an agent is: role, prompt and tools. The built-in profiles; what a tool does is the business of `tools`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files

from ostinato.agent.fence import fenced
from ostinato.agent.limits import ConversationLimits


class Output(StrEnum):
    """What an agent leaves behind: it says how the harness knows that its work is done."""

    CHANGE = "change"  # files: the checks judge
    FINDINGS = "findings"  # observations and decisions in the graph, no file
    VERDICT = "verdict"  # its opinion of other agents' work, no file
    PLAN = "plan"  # a draft that passes the checks without a model
    CRITIQUE = "critique"  # what a plan misses


@dataclass(frozen=True, slots=True)
class ProfileLimits:
    """What one conversation may use: model calls, tokens, seconds. None says nothing."""

    steps: int | None = None
    tokens: int | None = None
    seconds: float | None = None


NO_LIMITS = ProfileLimits()


@dataclass(frozen=True, slots=True)
class Words:
    """A text that a file adds to a prompt. `own` is the person's; a project's is a stranger's, and fenced."""

    text: str
    own: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """A role, its prompt files, read as one text, and the tools it is given, in the order in which they are offered.

    `role` is the built-in profile whose job it does, `name` its own name ("" for the role's). `words` stand after the
    prompt. A path may be written only where every one of `scopes` covers it. `model` and `fallback` stand in the place
    of the role's; `limits` hold instead of the settings', and `caps` lower whatever holds.
    """

    role: str
    prompt_files: tuple[str, ...]
    tools: tuple[str, ...]
    read_only: bool
    name: str = ""
    description: str = ""
    output: Output = Output.CHANGE
    words: tuple[Words, ...] = ()
    scopes: tuple[tuple[str, ...], ...] = ()
    model: str | None = None
    fallback: str | None = None
    limits: ProfileLimits = NO_LIMITS
    caps: ProfileLimits = NO_LIMITS

    @property
    def called(self) -> str:
        """The name by which files, tasks and people know it."""
        return self.name or self.role

    @property
    def works_on_tasks(self) -> bool:
        """True for whoever can be given a task; planner and critic have no task."""
        return self.output not in {Output.PLAN, Output.CRITIQUE}


_READING = ("read_file", "list_files", "search_code", "read_agents_md", "get_node", "query_nodes", "search_nodes")

PLANNER = Profile(
    role="planner",
    prompt_files=("planner.md", "planner_alone.md"),
    tools=(*_READING, "log_decision", "record_observation", "propose_plan", "signal"),
    read_only=True,
    description="Turns a goal into a plan of small tasks; changes nothing.",
    output=Output.PLAN,
)

ASKING_PLANNER = replace(
    PLANNER,
    prompt_files=("planner.md", "planner_asks.md"),
    tools=(*_READING, "ask_user", *PLANNER.tools[len(_READING) :]),
)

CRITIC = Profile(
    role="critic",
    prompt_files=("critic.md",),
    tools=(*_READING, "critique"),
    read_only=True,
    description="Looks for what a plan misses; changes nothing.",
    output=Output.CRITIQUE,
)

CODER = Profile(
    role="coder",
    prompt_files=("coder.md",),
    tools=(
        *_READING,
        *("write_file", "edit_file", "run_command"),
        *("create_task", "log_decision", "choose_option", "record_outcome", "revisit", "record_observation"),
        "signal",
    ),
    read_only=False,
    description="Does one task of the plan: changes files until the checks pass.",
)

TESTER = Profile(
    role="tester",
    prompt_files=("tester.md",),
    tools=(
        *_READING,
        *("write_file", "edit_file", "run_command"),
        *("create_task", "log_decision", "record_observation", "signal"),
    ),
    read_only=False,
    description="Writes tests; production code is out of its reach.",
    scopes=(
        (
            *("**/tests/**", "**/test/**", "**/__tests__/**", "**/spec/**", "**/testdata/**"),
            *("**/test_*.*", "**/*_test.*", "**/*_spec.*", "**/*.test.*", "**/*.spec.*", "**/conftest.py"),
        ),
    ),
)

RESEARCHER = Profile(
    role="researcher",
    prompt_files=("researcher.md",),
    tools=(*_READING, "log_decision", "choose_option", "record_observation", "signal"),
    read_only=True,
    description="Finds something out and records it in the graph; changes nothing.",
    output=Output.FINDINGS,
)

REVIEWER = Profile(
    role="reviewer",
    prompt_files=("reviewer.md",),
    tools=(*_READING, "record_observation", "verdict", "signal"),
    read_only=True,
    description="Reads what other tasks made and says whether it is good; changes nothing.",
    output=Output.VERDICT,
)

BUILT_IN = {one.called: one for one in (ASKING_PLANNER, CODER, REVIEWER, TESTER, RESEARCHER, CRITIC)}
"""By name. The planner is the one that may ask; `alone` makes the other of it."""

_FROM_PROJECT = "What this project says about your role. Follow it where it does not contradict the rules above."


def alone(planner: Profile) -> Profile:
    """Return the planner as it works where nobody can be asked."""
    return replace(
        planner,
        prompt_files=PLANNER.prompt_files,
        tools=tuple(name for name in planner.tools if name != "ask_user"),
    )


def who_plans(planner: Profile, *, asks: bool) -> Profile:
    """Return the planner that works now; `asks` tells whether a person answers questions."""
    return planner if asks and "ask_user" in planner.tools else alone(planner)


def limits_for(profile: Profile, limits: ConversationLimits) -> ConversationLimits:
    """Return what a conversation of this profile may use, `limits` being what the settings say."""
    own, caps = profile.limits, profile.caps
    # To read for long is the work of who may not write.
    circles = replace(limits.circles, idle=0) if profile.read_only else limits.circles
    return ConversationLimits(
        steps=min(filter(None, (own.steps or limits.steps, caps.steps))),
        tokens=min(filter(None, (own.tokens or limits.tokens, caps.tokens))),
        seconds=min(filter(None, (own.seconds or limits.seconds, caps.seconds))),
        circles=circles,
        cost=limits.cost,
    )


@cache
def prompt_of(profile: Profile) -> str:
    """Return the profile's prompt: what is packaged, then what the files of person and project add to it."""
    prompts = files("ostinato.agent").joinpath("prompts")
    packaged = "\n".join(prompts.joinpath(name).read_text(encoding="utf-8").strip() for name in profile.prompt_files)
    added = (one.text.strip() if one.own else f"{_FROM_PROJECT}\n{fenced(one.text)}" for one in profile.words)
    return "\n\n".join((packaged, *added))
