"""Looks at the models: which are named for which role, and what their providers lack here. Keys are never shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from ostinato.app.health.finding import Finding, Situation, State
from ostinato.base.errors import OstinatoError

_KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "OLLAMA_HOST")
_SLOW = "any"
"""Its library takes seconds to import: it is asked by --live only."""


def models(situation: Situation) -> Iterator[Finding]:
    """Return each model with its roles, or what it lacks: a key, a sound address, a known provider."""
    if situation.loaded is None:
        return
    named = named_models(situation)
    if not named:
        fix = "name one with --model, OSTINATO_MODEL or [models] default in the configuration"
        yield Finding("model", State.WARN, "no model is set", fix)
    for spec, roles in named.items():
        lacking = "" if spec.partition(":")[0] == _SLOW else _lacking(spec, situation)
        if lacking:
            yield Finding("model", State.FAIL, f"{spec} for {', '.join(roles)} cannot be asked", lacking)
        else:
            yield Finding("model", State.OK, f"{spec} for {', '.join(roles)}")
    # Their names only: the values are secrets.
    keys = [name for name in _KEYS if situation.environ.get(name)]
    yield Finding("keys", State.OK, f"set: {', '.join(keys)}" if keys else "none set (a local server needs none)")


def named_models(situation: Situation) -> dict[str, list[str]]:
    """Return the models that the settings name, each with the settings that name it."""
    if situation.loaded is None:
        return {}
    found: dict[str, list[str]] = {}
    for field in fields(situation.loaded.settings.models):
        spec = getattr(situation.loaded.settings.models, field.name)
        if isinstance(spec, str) and spec:
            found.setdefault(spec, []).append(field.name)
    return found


def _lacking(spec: str, situation: Situation) -> str:
    """Return what keeps the model from being opened; nothing is asked of it."""
    from ostinato.base.clock import SystemClock
    from ostinato.models.factory import open_model
    from ostinato.models.limits import TransportLimits

    try:
        open_model(spec, env=situation.environ, limits=TransportLimits(), clock=SystemClock())
    except OstinatoError as error:
        return error.message
    return ""
