"""Who an agent is: role, prompt and tools. The built-in profiles; what a tool does is the business of `tools`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Profile:
    """A role, its prompt files, read as one text, and the tools it is given, in the order in which they are offered."""

    role: str
    prompt_files: tuple[str, ...]
    tools: tuple[str, ...]
    read_only: bool


_READING = ("read_file", "list_files", "search_code", "read_agents_md", "get_node", "query_nodes", "search_nodes")

PLANNER = Profile(
    role="planner",
    prompt_files=("planner.md", "planner_alone.md"),
    tools=(*_READING, "log_decision", "record_observation", "propose_plan", "signal"),
    read_only=True,
)

ASKING_PLANNER = Profile(
    role="planner",
    prompt_files=("planner.md", "planner_asks.md"),
    tools=(*_READING, "ask_user", *PLANNER.tools[len(_READING) :]),
    read_only=True,
)

CRITIC = Profile(role="critic", prompt_files=("critic.md",), tools=(*_READING, "critique"), read_only=True)

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
)


@cache
def prompt_of(profile: Profile) -> str:
    """Return the profile's prompt as it is packaged, without blank lines around it."""
    prompts = files("ostinato.agent").joinpath("prompts")
    return "\n".join(prompts.joinpath(name).read_text(encoding="utf-8").strip() for name in profile.prompt_files)
