"""What is known of a model before it is asked: how large its window is, and whether its price can be told.

Both come from the maintained table of genai-prices, offline; it is imported when the first question is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from ostinato.base.spending import Spending
from ostinato.models.endpoint import is_loopback
from ostinato.models.factory import address_of
from ostinato.models.prices import cost_at_vendor, cost_of, table_name

USUAL_WINDOW = 128_000


def window_of(spec: str, env: Mapping[str, str]) -> int:
    """Return the context window of `provider:model` in tokens, or the usual one of a model that nobody knows."""
    provider, _, name = spec.strip().partition(":")
    found: int | None = None
    match provider:
        case "any":
            vendor, _, name = name.partition(":")
            found = _window(name, vendor=table_name(vendor))
        case "anthropic" | "openai":
            found = _window(name, vendor=provider)
        case "openai-chat":
            address = address_of(spec, env)
            # A server on this machine has whatever window it was started with.
            found = None if is_loopback(_host(address)) else _window(name, address=address)
    return found or USUAL_WINDOW


def has_price(spec: str, env: Mapping[str, str]) -> bool:
    """Tell whether the cost of a call to `provider:model` will be known; what runs here costs nothing."""
    return cost_at(spec, Spending(input=1000, output=1000, calls=1), env) is not None


def cost_at(spec: str, spending: Spending, env: Mapping[str, str]) -> float | None:
    """Return what spending at `provider:model` costs in US dollars by the table, None where it does not know."""
    provider, _, name = spec.strip().partition(":")
    if provider == "any":
        vendor, _, name = name.partition(":")
        return cost_at_vendor(spending, vendor, name)
    return cost_of(spending, provider, name, address_of(spec, env))


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None  # whoever opens the model says what is wrong with it


def _window(name: str, *, vendor: str | None = None, address: str | None = None) -> int | None:
    from genai_prices.data_snapshot import get_snapshot  # imported late: 0.15 s

    try:
        return get_snapshot().find_provider_model(name, None, vendor, address)[1].context_window
    except LookupError:
        return None
