"""What a call cost, from the maintained table of genai-prices, offline. Unknown is None, never a guess.

What runs on this machine (Ollama, a server on a loopback address) and scripts cost nothing. The table is imported at
the first priced call only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ostinato.base.spending import Spending
from ostinato.models.endpoint import is_loopback

if TYPE_CHECKING:
    from genai_prices import Usage

_FREE_PROVIDERS = frozenset({"ollama", "scripted"})
_NAMES = {"bedrock": "aws", "google-cloud": "google"}


def priced(spending: Spending, provider: str, model: str, address: str = "") -> Spending:
    """Return `spending` with its cost in US dollars; see `cost_of`."""
    return replace(spending, cost_usd=cost_of(spending, provider, model, address))


def cost_of(spending: Spending, provider: str, model: str, address: str = "") -> float | None:
    """Return the cost in US dollars, or None when the table does not know the model at that address.

    `provider` and `model` are the two halves of `provider:model`. Who is paid follows from `address`, since many
    vendors speak the same protocol. Cached input and cache writes have their own prices.
    """
    if provider in _FREE_PROVIDERS or is_loopback(urlsplit(address).hostname):
        return 0.0
    from genai_prices import calc_price  # imported late: 0.2 s

    try:
        return float(calc_price(_usage(spending), model, provider_api_url=address).total_price)
    except (LookupError, ValueError):
        return None


def cost_at_vendor(spending: Spending, vendor: str, model: str) -> float | None:
    """Return the cost in US dollars where the vendor is known by name (`mistral`, `bedrock` …), or None."""
    from genai_prices import calc_price

    try:
        return float(calc_price(_usage(spending), model, provider_id=table_name(vendor)).total_price)
    except (LookupError, ValueError):
        return None


def table_name(vendor: str) -> str:
    """Return what the table calls a vendor."""
    return _NAMES.get(vendor, vendor)


def _usage(spending: Spending) -> Usage:
    from genai_prices import Usage

    return Usage(
        input_tokens=spending.input,
        cache_read_tokens=spending.cached_input,
        cache_write_tokens=spending.cache_write,
        output_tokens=spending.output,
    )
