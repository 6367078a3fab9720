"""The person's own price for a model whose price no table knows (a gateway, a contract). The table goes first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ostinato.agent.ports import Model, OnRetry, ProviderError
from ostinato.base.spending import Spending
from ostinato.chat.messages import Reply, Request

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """US dollars per million tokens. Cached input costs as much as other input: rather too much than too little."""

    input: float
    output: float

    def of(self, spending: Spending) -> Spending:
        """Return the spending with a cost, which stays as it is where it is known."""
        if spending.cost_usd is not None:
            return spending
        cost = (spending.input * self.input + spending.output * self.output) / _MILLION
        return replace(spending, cost_usd=cost)


class OwnPricedModel:
    """A model whose unknown costs are filled in, those of failed calls too."""

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
