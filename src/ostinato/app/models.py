"""Which models a role is given, and how they are opened: its own or the default, and the fallback behind it.

A model that the person names for one run is asked alone: neither their code nor their money goes anywhere else then,
unless they name a fallback too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ostinato.agent.ports import Model
from ostinato.base.clock import Clock
from ostinato.base.errors import UsageError
from ostinato.base.spending import Spending
from ostinato.config.settings import ModelSettings
from ostinato.graph.budgets import Quote
from ostinato.loop.limits import SessionLimits
from ostinato.loop.workbench import MOST_OUTPUT
from ostinato.models.factory import open_model
from ostinato.models.known import cost_at, has_price, window_of
from ostinato.models.limits import TransportLimits
from ostinato.models.own_price import OwnPrice, OwnPricedModel, own_price_of

ROLES = ("planner", "coder", "reviewer", "critic")


def specs_of(
    models: ModelSettings,
    role: str,
    *,
    model: str | None = None,
    fallback: str | None = None,
    own: tuple[str | None, str | None] = (None, None),
) -> tuple[str, ...]:
    """Return the role's model as `provider:model`, and its fallback where it has one; () where no model is chosen.

    `model` and `fallback` are what the person said for this run, `own` is what a profile says instead of its role.
    """
    # Whoever names no reviewer has the coder's model review.
    role = "coder" if role == "reviewer" and models.reviewer is None and models.reviewer_fallback is None else role
    first = model or own[0] or getattr(models, role) or models.default
    behind = getattr(models, f"{role}_fallback") if own[1] is None else own[1]
    configured = None if model else behind if behind is not None else models.fallback
    second = fallback or configured
    if not first:
        return ()
    return (first, second) if second and second != first else (first,)


def stronger_specs(models: ModelSettings, *, model: str | None = None) -> tuple[str, ...]:
    """Return the coder's stronger model as `specs_of` does, () where there is none; `model` is said for this run."""
    spec = models.coder_stronger if models.coder_stronger is not None else models.stronger
    present = specs_of(models, "coder", model=model)[:1]
    return () if model or not spec or (spec,) == present else (spec,)


def transport_limits(models: ModelSettings, spec: str, env: Mapping[str, str]) -> TransportLimits:
    """Return the limits for one model; the context window is what is set, else what is known of that model."""
    return TransportLimits(
        connect=models.connect_timeout,
        first_byte=models.first_byte_timeout,
        silence=models.silence_timeout,
        retries=models.retries,
        patience=models.patience,
        context_window=models.context_window or window_of(spec, env),
        max_output_tokens=models.max_output_tokens,
        reasoning_effort=models.reasoning_effort,
    )


def open_role(
    models: ModelSettings, specs: tuple[str, ...], limits: SessionLimits, *, env: Mapping[str, str], clock: Clock
) -> Model:
    """Return the model for `specs` (see `specs_of`); no connection is made yet.

    Raises UsageError where none is chosen, where one cannot be opened (the fallback too: better now than at night), and
    for a cost limit that an unknown price would defeat.
    """
    if not specs:
        raise UsageError(
            "no model is chosen: say --model anthropic:NAME (with ANTHROPIC_API_KEY), openai:NAME (OPENAI_API_KEY) or "
            "openai-chat:NAME (OPENAI_BASE_URL for your own server), set OSTINATO_MODEL, or write [models] default "
            "into .ostinato/config.toml"
        )

    def opened(spec: str) -> Model:
        model = open_model(spec, env=env, limits=transport_limits(models, spec, env), clock=clock)
        price = price_for(models, spec)
        return model if price is None else OwnPricedModel(model, price)

    # Opened before anything is asked about it: that is where a malformed address is found.
    model = opened(specs[0])
    if len(specs) > 1:
        from ostinato.models.fallback import FallbackModel

        model = FallbackModel(model, opened(specs[1]), clock)
    if limits.cost is not None:
        _require_prices(models, specs, env)
    return model


def quote_of(models: ModelSettings, specs: tuple[str, ...], env: Mapping[str, str]) -> Quote:
    """Return what tells the cost of a call before it is made: the dearest of `specs`, None where one is not known."""

    def quote(given: int, written: int) -> float | None:
        spending = Spending(input=given, output=written, calls=1)
        costs = [price_in_force(models, spec, spending, env) for spec in specs]
        known = [cost for cost in costs if cost is not None]
        return max(known, default=0.0) if len(known) == len(costs) else None

    return quote


def price_in_force(models: ModelSettings, spec: str, spending: Spending, env: Mapping[str, str]) -> float | None:
    """Return the cost in US dollars of spending at one model, by the person's price or the table; None: unknown."""
    price = price_for(models, spec)
    if price is not None and price.first:
        return price.of(spending).cost_usd
    spending = replace(spending, cost_usd=cost_at(spec, spending, env))
    return (price.of(spending) if price else spending).cost_usd


def price_for(models: ModelSettings, spec: str) -> OwnPrice | None:
    """Return the person's price of a model, None without one. Raises UsageError for prices that cannot be read."""
    own = own_price_of(spec, models.prices)
    if own is not None or (models.price_input is None and models.price_output is None):
        return own
    if models.price_input is None or models.price_output is None:
        raise UsageError("models.price_input and models.price_output belong together: set both")
    return OwnPrice(models.price_input, models.price_output)


def price_words(models: ModelSettings, spec: str, env: Mapping[str, str]) -> tuple[str, bool]:
    """Return the price in force for a model and where it comes from in words, and whether there is one."""
    million = 1_000_000
    own = price_for(models, spec)
    table = None if own is not None and own.first else cost_at(spec, Spending(input=million, calls=1), env)
    source = "the table"
    if own is not None and table is None:
        source = "models.prices" if own.first else "models.price_input and models.price_output"
    parts = {
        "in": Spending(input=million, calls=1),
        "cached in": Spending(input=million, cached_input=million, calls=1),
        "out": Spending(output=million, calls=1),
    }
    costs = {name: price_in_force(models, spec, one, env) for name, one in parts.items()}
    if None in costs.values():
        return f"{spec}: not known", False
    if not any(costs.values()):
        return f"{spec}: costs nothing, by {source if own is not None and own.first else 'where it runs'}", True
    told = ", ".join(f"${cost:g} {name}" for name, cost in costs.items())
    return f"{spec}: {told} per million tokens, by {source}", True


def most_output(models: ModelSettings) -> int:
    """Return how many tokens an answer is reckoned to have at most."""
    return models.max_output_tokens or MOST_OUTPUT


def _require_prices(models: ModelSettings, specs: tuple[str, ...], env: Mapping[str, str]) -> None:
    for spec in specs:
        if price_for(models, spec) is None and not has_price(spec, env):
            raise UsageError(
                f"the price of {spec} is not known, so a cost limit cannot hold: write it into models.prices as "
                f"'{spec} input=3 output=15' (US dollars per million tokens), or limit tokens instead"
            )
