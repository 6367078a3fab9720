"""The profiles as they hold for a project, with what they inherit from the settings, for faces to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ostinato.agent.limits import ConversationLimits
from ostinato.agent.profile_rules import Resolved, near
from ostinato.agent.profiles import Profile, limits_for, prompt_of
from ostinato.agent.sizes import tokens_of
from ostinato.app.crew import model_role, specs_for
from ostinato.base.errors import NotFoundError
from ostinato.config.load import Loaded, load_settings
from ostinato.config.profile_files import load_profiles

_DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class DescribedProfile:
    """A profile with the model, fallback (None: none) and limits that hold for it now.

    `places` says for each of its keys where the value comes from: `built in`, a file with its line, a variable, or
    `default` for a setting that nobody set; empty where there is no value.
    """

    profile: Profile
    prompt: str
    prompt_tokens: int
    model: str | None
    fallback: str | None
    limits: ConversationLimits
    places: Mapping[str, tuple[str, ...]]


def described_profiles(
    project: Path | None, user_file: Path, environ: Mapping[str, str], name: str | None = None
) -> list[DescribedProfile]:
    """Return all profiles, or the one of that name. Raises ConfigError, and NotFoundError that names near ones."""
    loaded = load_settings(project, user_file, environ)
    library = load_profiles(project, user_file, loaded.settings.models, environ)
    if name is not None and name not in library:
        raise NotFoundError(f"no profile {name}: {near(name, library)}")
    return [_described(one, loaded, environ) for key, one in library.items() if name in (None, key)]


def _described(one: Resolved, loaded: Loaded, environ: Mapping[str, str]) -> DescribedProfile:
    profile, said = one.profile, loaded.settings.limits
    specs = specs_for(loaded.settings.models, profile, environ)
    limits = limits_for(profile, ConversationLimits(said.steps, said.tokens, said.minutes * 60))
    prompt = prompt_of(profile)
    model, fallback = (*specs, None, None)[:2]
    places = dict(one.places)
    for key in ("steps", "tokens", "minutes"):
        places[key] = places[key] or (loaded.sources.get(f"limits.{key}", _DEFAULT),)
    named = environ.get("OSTINATO_MODEL")
    places["model"] = _model_places(profile, model, "" if named else profile.model, loaded, one.places["model"])
    own = None if named or environ.get("OSTINATO_FALLBACK") else profile.fallback
    places["fallback"] = _model_places(profile, fallback, own, loaded, one.places["fallback"], "fallback")
    return DescribedProfile(profile, prompt, tokens_of(prompt), model, fallback, limits, places)


def _model_places(
    profile: Profile, value: str | None, own: str | None, loaded: Loaded, places: tuple[str, ...], kind: str = "default"
) -> tuple[str, ...]:
    """Return where a model or its fallback comes from: the profile, the setting of the role, or that of all roles."""
    if value is None or (own and own == value):
        return places if value else ()
    role = model_role(profile)
    mine = f"models.{role}" if kind == "default" else f"models.{role}_{kind}"
    found = (loaded.sources[key] for key in (mine, "models.coder", f"models.{kind}") if key in loaded.sources)
    return tuple(found)[:1]
