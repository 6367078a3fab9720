"""Looks at the models: which work for which role, and what their providers lack here. Keys are never shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ostinato.app.health.finding import Finding, Situation, State
from ostinato.base.errors import OstinatoError

if TYPE_CHECKING:
    from ostinato.models.probe import ProbeResult

_KEYS = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OLLAMA_HOST",
    "GOOGLE_API_KEY",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
)
_SLOW = "any"
"""Its library takes seconds to import: it is asked by --live only."""
_BEHIND = " (fallback)"
_BESIDE = ("reviewer",)


def models(situation: Situation) -> Iterator[Finding]:
    """Return each model with its roles, or what it lacks: a key, a sound address, a known provider. None is asked."""
    if situation.loaded is None:
        return
    named = named_models(situation)
    yield from _none_named(named)
    for spec, roles in named.items():
        lacking = "" if spec.partition(":")[0] == _SLOW else _lacking(spec, situation)
        if lacking:
            yield Finding("model", _badly(roles), f"{spec} for {', '.join(roles)} cannot be asked", lacking)
        else:
            yield Finding("model", State.OK, f"{spec} for {', '.join(roles)}; not asked without --live")
        yield _price(spec, situation)
    # Their names only: the values are secrets.
    keys = [name for name in _KEYS if situation.environ.get(name)]
    yield Finding("keys", State.OK, f"set: {', '.join(keys)}" if keys else "none set (a local server needs none)")


def live(situation: Situation) -> Iterator[Finding]:
    """Ask each model one tiny question, all at the same time, and return what that showed."""
    if situation.loaded is None:
        return
    import asyncio

    from ostinato.app.models import transport_limits
    from ostinato.base.clock import SystemClock
    from ostinato.models.probe import probe

    named, settings = named_models(situation), situation.loaded.settings.models
    yield from _none_named(named)

    async def ask() -> list[ProbeResult]:
        env, clock = situation.environ, SystemClock()
        asked = (probe(spec, env, transport_limits(settings, spec, env), clock) for spec in named)
        return await asyncio.gather(*asked)

    for result in asyncio.run(ask()) if named else ():
        yield _shown(result, named[result.spec])


def named_models(situation: Situation) -> dict[str, list[str]]:
    """Return the models that the settings name, each with its roles."""
    if situation.loaded is None:
        return {}
    from ostinato.app.health.profiles import own_models
    from ostinato.app.models import ROLES, specs_of, stronger_specs

    found: dict[str, list[str]] = {}
    asked = [(specs_of(situation.loaded.settings.models, role), role) for role in ROLES if role not in _BESIDE]
    # A reviewer asks the coder's model unless it has one of its own.
    own = [(specs_of(situation.loaded.settings.models, role), role) for role in _BESIDE]
    asked += [(specs, role) for specs, role in own if specs not in [known for known, _ in asked]]
    asked += [(specs, f"profile {name}") for specs, name in own_models(situation)]
    asked.append((stronger_specs(situation.loaded.settings.models), "last attempts"))
    for specs, who in asked:
        for spec, word in zip(specs, ("", _BEHIND), strict=False):
            found.setdefault(spec, []).append(f"{who}{word}")
    return found


def _none_named(named: dict[str, list[str]]) -> Iterator[Finding]:
    if not named:
        fix = "name one with --model, OSTINATO_MODEL or [models] default in the configuration"
        yield Finding("model", State.WARN, "no model is set", fix)


def _price(spec: str, situation: Situation) -> Finding:
    """Return the price in force for a model; one that is not known hinders nobody who sets no cost limit."""
    from ostinato.app.models import price_words

    assert situation.loaded is not None, "a model is named in the settings"
    try:
        said, known = price_words(situation.loaded.settings.models, spec, situation.environ)
    except OstinatoError as error:
        return Finding("price", State.FAIL, f"the price of {spec} cannot be read", error.message)
    fix = "" if known else f"no cost limit can hold: write '{spec} input=3 output=15' (US dollars) into models.prices"
    return Finding("price", State.OK, said, fix)


def _badly(roles: list[str]) -> State:
    """A model that only stands behind others, criticises on request or works on some tasks is not needed everywhere."""
    needed = [role for role in roles if not role.endswith(_BEHIND) and role in {"planner", "coder"}]
    return State.FAIL if needed else State.WARN


def _shown(result: ProbeResult, roles: list[str]) -> Finding:
    who = f"{result.spec} for {', '.join(roles)}"
    if not result.works:
        return Finding("model", _badly(roles), f"{who} does not work", result.message)
    cost = result.spending.cost_usd
    paid = "" if cost is None else f", for ${cost:.6f}".rstrip("0").rstrip(".")
    tools = "uses tools" if result.called else "takes tools"
    said = f"{who} answers in {result.milliseconds} ms and {tools}{paid}"
    lacking = [
        *(["its answers come whole, so that a long one looks like silence"] if result.streams is False else ()),
        *(["it does not say how many tokens a call took: they are estimated"] if result.usage is False else ()),
        *([result.message] if result.message else ()),
    ]
    return Finding("model", State.WARN if lacking else State.OK, said, "; ".join(lacking))


def _lacking(spec: str, situation: Situation) -> str:
    """Return what keeps the model from being opened."""
    from ostinato.base.clock import SystemClock
    from ostinato.models.factory import open_model
    from ostinato.models.limits import TransportLimits

    try:
        open_model(spec, env=situation.environ, limits=TransportLimits(), clock=SystemClock())
    except OstinatoError as error:
        return error.message
    return ""
