"""The person's own prices: for models that no table knows, and before any table where a contract says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from math import isfinite
from typing import TYPE_CHECKING

from ostinato.agent.ports import Model, OnRetry, ProviderError
from ostinato.base.errors import UsageError
from ostinato.base.spending import Spending
from ostinato.chat.messages import Reply, Request

_MILLION = 1_000_000
_KINDS = ("input", "output", "cached_input", "cache_write")
_FORM = "'PROVIDER:NAME input=3 output=15', with cached_input= and cache_write= where they differ"


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """US dollars per million tokens. What is read from or written to a cache costs as much as other input where it has
    no price of its own. With `first` it goes before the table, otherwise the table goes before it."""

    input: float
    output: float
    cached_input: float | None = None
    cache_write: float | None = None
    first: bool = False

    def of(self, spending: Spending) -> Spending:
        """Return the spending with a cost; one that is known stays as it is unless this price goes first."""
        if spending.cost_usd is not None and not self.first:
            return spending
        cached, written = spending.cached_input, spending.cache_write
        cost = (
            max(0, spending.input - cached - written) * self.input
            + cached * (self.input if self.cached_input is None else self.cached_input)
            + written * (self.input if self.cache_write is None else self.cache_write)
            + spending.output * self.output
        ) / _MILLION
        return replace(spending, cost_usd=cost, known_usd=0.0)


def own_price_of(spec: str, prices: Sequence[str]) -> OwnPrice | None:
    """Return the person's price of `provider:model`, the first line of `models.prices` that fits; None without one.

    Raises UsageError for a line that cannot be read, whichever model it is about.
    """
    found = [price for pattern, price in map(_read, prices) if fnmatchcase(spec.strip(), pattern)]
    return found[0] if found else None


def _read(line: str) -> tuple[str, OwnPrice]:
    pattern, *words = line.split() or [""]
    numbers: dict[str, float] = {}
    for word in words:
        kind, _, text = word.partition("=")
        try:
            numbers[kind] = float(text)
        except ValueError:
            raise UsageError(f"models.prices: {word!r} in {line!r} is no price: write {_FORM}") from None
    wrong = [kind for kind, usd in numbers.items() if kind not in _KINDS or not isfinite(usd) or usd < 0]
    if wrong or ":" not in pattern or not {"input", "output"} <= numbers.keys():
        raise UsageError(f"models.prices: {line!r} cannot be read: write {_FORM}")
    return pattern, OwnPrice(**numbers, first=True)


class OwnPricedModel:
    """A model whose costs are told by the person's price, those of failed calls too."""

    def __init__(self, model: Model, price: OwnPrice) -> None:
        self.name = model.name
        self._model = model
        self._price = price

    @property
    def context_window(self) -> int:
        """The model's own."""
        return self._model.context_window

    async def reply(self, request: Request, on_retry: OnRetry | None = None) -> Reply:
        """Ask the model."""
        try:
            reply = await self._model.reply(request, on_retry)
        except ProviderError as error:
            error.spending = self._price.of(error.spending)
            raise
        return replace(reply, spending=self._price.of(reply.spending))

    async def close(self) -> None:
        """Release connections."""
        await self._model.close()


if TYPE_CHECKING:

    def _fits(model: OwnPricedModel) -> Model:
        return model
