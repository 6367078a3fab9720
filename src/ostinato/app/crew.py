"""Gives each profile its model: what the person says for one run, else the profile's own, else its role's.

A model is opened when the first task asks for it, and is closed with the session.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ostinato.agent.ports import Model
from ostinato.agent.profile_rules import Library
from ostinato.agent.profiles import CODER, Profile
from ostinato.app.models import ROLES, open_role, quote_of, specs_of
from ostinato.base.clock import Clock
from ostinato.config.settings import ModelSettings
from ostinato.graph.budgets import Quote
from ostinato.loop.limits import SessionLimits

if TYPE_CHECKING:
    from ostinato.loop.crew import Crew


def model_role(profile: Profile) -> str:
    """Return the role whose model in `[models]` a profile asks: testers and researchers ask the coder's."""
    return profile.role if profile.role in ROLES else CODER.role


def specs_for(
    models: ModelSettings,
    profile: Profile,
    environ: Mapping[str, str],
    *,
    model: str | None = None,
    fallback: str | None = None,
) -> tuple[str, ...]:
    """Return the model that a profile asks and its fallback, as `specs_of` does.

    What is named for one run (`model`, `fallback`, OSTINATO_MODEL) goes before what the profile says.
    """
    named, behind = environ.get("OSTINATO_MODEL"), environ.get("OSTINATO_FALLBACK")
    own = (None if named else profile.model, None if named or behind else profile.fallback)
    return specs_of(models, model_role(profile), model=model, fallback=fallback, own=own)


class SessionCrew:
    """The profiles of a session; `model` and `fallback` are what the person said for this run."""

    def __init__(
        self,
        library: Library,
        models: ModelSettings,
        limits: SessionLimits,
        clock: Clock,
        environ: Mapping[str, str],
        said: tuple[str | None, str | None] = (None, None),
    ) -> None:
        self._library = library
        self._models = models
        self._limits = limits
        self._clock = clock
        self._environ = environ
        self._said = said
        self._opened: dict[tuple[str, ...], Model] = {}

    def names(self) -> Collection[str]:
        """Return the names of all profiles."""
        return self._library.keys()

    def profile(self, name: str) -> Profile:
        """Return the profile of that name. Raises KeyError."""
        return self._library[name].profile

    def specs(self, profile: Profile) -> tuple[str, ...]:
        """Return the profile's model and fallback; () where none is chosen."""
        model, fallback = self._said
        return specs_for(self._models, profile, self._environ, model=model, fallback=fallback)

    def open(self, name: str) -> Model:
        """Open the model of a profile for the whole session; a critic without one asks the planner's.

        Raises UsageError.
        """
        specs = self.specs(self.profile(name))
        if not specs and name == "critic":
            return self.open("planner")
        return self._open(specs)

    def model(self, profile: Profile) -> Model | None:
        """Return the profile's own model, None where it is the coder's. Raises UsageError where it cannot be opened."""
        specs = self.specs(profile)
        if specs == self.specs(self.profile(CODER.called)):
            return None
        if specs not in self._opened:
            self._opened[specs] = self._open(specs)
        return self._opened[specs]

    def quote(self, profile: Profile) -> Quote | None:
        """Return what tells the cost of a profile's calls before they are made, by its own model and fallback."""
        return quote_of(self._models, self.specs(profile), self._environ)

    def quote_of(self, name: str) -> Quote:
        """Return the same for the model that `open` opens."""
        specs = self.specs(self.profile(name)) or (self.specs(self.profile("planner")) if name == "critic" else ())
        return quote_of(self._models, specs, self._environ)

    def _open(self, specs: tuple[str, ...]) -> Model:
        return open_role(self._models, specs, self._limits, env=self._environ, clock=self._clock)

    async def close(self) -> None:
        """Close the models that tasks asked for; a second time does nothing."""
        for model in self._opened.values():
            await model.close()
        self._opened.clear()


if TYPE_CHECKING:

    def _fits(crew: SessionCrew) -> Crew:
        return crew
