"""What the profiles of a plan's tasks ask for, checked without a model: they exist, and their work can be judged."""

from __future__ import annotations

from collections.abc import Iterator

from ostinato.agent.profile_rules import near
from ostinato.agent.profiles import Profile
from ostinato.base.text import clip, one_line
from ostinato.graph.plan import Finding, PlanDraft
from ostinato.loop.crew import Crew


def without_change(crew: Crew) -> frozenset[str]:
    """Return the profiles whose work leaves no change, so that no check can go from red to green by it."""
    return frozenset(name for name, one in _for_tasks(crew).items() if one.read_only)


def check_profiles(draft: PlanDraft, crew: Crew) -> Iterator[Finding]:
    """Yield what is wrong with the profiles that the draft names, in the order of its tasks."""
    known = _for_tasks(crew)
    for task in draft.tasks:
        if task.profile is None:
            continue
        profile = known.get(task.profile)
        if profile is None:
            said = f"there is no profile {clip(one_line(task.profile), 80)!r} for tasks: {near(task.profile, known)}"
            yield Finding("profile", f"{said}, or leave it out", task.key)
        elif profile.read_only and not all(check.guard for check in task.checks):
            yield Finding(
                "profile",
                f"a {task.profile} changes no file, so a check that fails now would never pass: mark it as guard if it "
                "is green now, else leave it out, or give the task to a profile that writes",
                task.key,
            )


def _for_tasks(crew: Crew) -> dict[str, Profile]:
    profiles = {name: crew.profile(name) for name in crew.names()}
    return {name: one for name, one in profiles.items() if one.works_on_tasks}
