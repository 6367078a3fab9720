"""Looks at the files of profiles: can they be read, and which models do they name beside the roles' own."""

from __future__ import annotations

from collections.abc import Iterator

from ostinato.agent.profile_rules import BUILT_IN_PLACE, Library
from ostinato.app.health.finding import Finding, Situation, State
from ostinato.base.errors import ConfigError
from ostinato.config.paths import user_config_file
from ostinato.config.profile_files import load_profiles


def profiles(situation: Situation) -> Iterator[Finding]:
    """Return what is wrong with the profiles, or which of them files add or change."""
    if situation.loaded is None:
        return
    try:
        library = _library(situation)
    except ConfigError as error:
        yield Finding("profiles", State.FAIL, error.message, "correct that profile, or take the file away")
        return
    changed = [name for name, one in library.items() if {*sum(one.places.values(), ())} - {BUILT_IN_PLACE}]
    said = f"files say something about {', '.join(changed)}" if changed else "as they are built in"
    yield Finding("profiles", State.OK, f"{said}: `ostinato profiles list` shows them")


def own_models(situation: Situation) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the models, with their fallbacks, of the profiles that name their own; nothing where a file is wrong."""
    from ostinato.app.crew import specs_for

    if situation.loaded is None:
        return
    try:
        library = _library(situation)
    except ConfigError:
        return
    for name, one in library.items():
        if one.profile.model or one.profile.fallback:
            yield specs_for(situation.loaded.settings.models, one.profile, situation.environ), name


def _library(situation: Situation) -> Library:
    assert situation.loaded is not None, "whoever asks has looked"
    models, environ = situation.loaded.settings.models, situation.environ
    return load_profiles(situation.top, user_config_file(environ), models, environ)
