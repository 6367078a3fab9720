"""What a task's briefing says in other words for some profiles. Pure; the coder's words are the briefing's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ostinato.agent.fence import fenced
from ostinato.agent.profiles import Output, Profile
from ostinato.base.text import clip, one_line

_MOST = 20
_LONGEST = 160
_NO_CHECKS = {
    Output.FINDINGS: "Checks: none; it is done when what the acceptance criteria ask for is recorded in the graph.",
    Output.VERDICT: "Checks: none; it is done when you have given your verdict.",
}
_NOTHING_WRITTEN = {
    Output.FINDINGS: "You change no file.",
    Output.VERDICT: "You change no file.",
}


def without_checks(profile: Profile) -> str:
    """Return what is said where a task has no check."""
    return _NO_CHECKS.get(profile.output, "Checks: none; a person judges the result by the acceptance criteria.")


def scope_line(profile: Profile, scope: Iterable[str]) -> str:
    """Return what a task may change: its file scope, and what the profile leaves of it."""
    told = ", ".join(map(one_line, scope))
    if profile.output in _NOTHING_WRITTEN:
        where = f" The task is about {told}." if told else ""
        return f"{_NOTHING_WRITTEN[profile.output]}{where}"
    line = f"File scope: {told}" if told else "File scope: none given; change what the task needs."
    reach = "; and of these only ".join(", ".join(map(one_line, one)) for one in profile.scopes)
    return f"{line}\nAs a {profile.called} you write only {reach}" if reach else line


def others_told(profiles: Sequence[Profile]) -> str:
    """Return what a planner is told of the profiles that files add, "" where there are none."""
    lines = [f"- {one.called}: {clip(one_line(one.description), _LONGEST)}" for one in profiles[:_MOST]]
    return f"Further profiles that a task may name:\n{fenced(chr(10).join(lines))}" if lines else ""
