"""Who can be given work: profiles by name, and the model of each. Where they come from is the business of `app`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from ostinato.agent.ports import Model
from ostinato.agent.profiles import BUILT_IN, CODER, Profile
from ostinato.base.errors import OstinatoError
from ostinato.base.text import clip, one_line
from ostinato.graph.budgets import Quote
from ostinato.graph.types import Node


class Crew(Protocol):
    """The profiles of one session."""

    def names(self) -> Collection[str]:
        """Return the names of all profiles."""
        ...

    def profile(self, name: str) -> Profile:
        """Return the profile of that name. Raises KeyError."""
        ...

    def model(self, profile: Profile) -> Model | None:
        """Return the profile's own model, None where it is the session's. Raises UsageError for one that cannot be."""
        ...

    def quote(self, profile: Profile) -> Quote | None:
        """Return what tells the cost of the profile's calls beforehand, None where it is the session's."""
        ...


class BuiltInCrew:
    """The built-in profiles, which all ask the session's model."""

    def names(self) -> Collection[str]:
        """Return their names."""
        return BUILT_IN

    def profile(self, name: str) -> Profile:
        """Return one."""
        return BUILT_IN[name]

    def model(self, profile: Profile) -> Model | None:
        """Return None: nobody has a model of their own."""
        return None

    def quote(self, profile: Profile) -> Quote | None:
        """Return None: nobody has a price of their own."""
        return None


@dataclass(frozen=True, slots=True)
class Hand:
    """Who works on a task: profile and model (None: the session's). `why_not` says why nobody can, "" else."""

    profile: Profile = CODER
    model: Model | None = None
    why_not: str = ""


def added(crew: Crew) -> tuple[Profile, ...]:
    """Return the profiles for tasks that files add to the built-in ones."""
    profiles = (crew.profile(name) for name in crew.names() if name not in BUILT_IN)
    return tuple(one for one in profiles if one.works_on_tasks)


def hand_for(crew: Crew, task: Node) -> Hand:
    """Return who works on `task`: the profile that it names, a coder where it names none."""
    name = task.task.profile or CODER.called
    again = f"then let it go on with `ostinato tasks retry {task.id}`"
    other = f"`ostinato node set {task.id} --profile NAME`"
    try:
        profile = crew.profile(name)
    except KeyError:
        shown = clip(one_line(name), 80)
        return Hand(why_not=f"there is no profile {shown!r}: write it as a file, or name another with {other}; {again}")
    if not profile.works_on_tasks:
        return Hand(why_not=f"a {name} does not work on tasks: name another profile with {other}; {again}")
    try:
        return Hand(profile, crew.model(profile))
    except OstinatoError as error:
        return Hand(why_not=f"the model of profile {name} cannot be used: {error.message}; {again}")
