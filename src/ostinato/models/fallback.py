"""A model with a second one behind it: asked while the first is down, unsteady or out of quota. It speaks no protocol.

It changes sides only between whole calls, so that a conversation stays valid: the messages are the same for both, what
is in one vendor's own form is dropped by the other's adapter, and calls are made to fit (`models.foreign_calls`).
What no other model cures (a wrong key, an unknown name, a malformed request) stops, so that it is mended.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ostinato.agent.compaction import fits
from ostinato.agent.ports import (
    ContextTooLong,
    Model,
    OnRetry,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderUnsteady,
)
from ostinato.agent.sizes import size_of
from ostinato.base.clock import Clock
from ostinato.base.spending import Spending
from ostinato.chat.messages import Reply, Request
from ostinato.models.foreign_calls import USUAL, ids_in_native, with_portable_ids, without_reasoning_of

STAY = 900.0
"""Seconds for which the second is asked before the first is tried again."""
_NO_QUOTA = frozenset({402, 429})


def is_escapable(error: ProviderError) -> bool:
    """Tell whether another model may do what this one cannot: an outage, unsteadiness, a quota that is used up."""
    if isinstance(error, (ProviderDown, ProviderUnsteady)):
        return True
    return isinstance(error, ProviderRefused) and error.status in _NO_QUOTA


class FallbackModel:
    """The first of two models, or the second while the first cannot answer. Serves one conversation at a time."""

    def __init__(self, first: Model, second: Model, clock: Clock, stay: float = STAY) -> None:
        self.name = first.name
        self._first = first
        self._second = second
        self._clock = clock
        self._stay = stay
        self._away_until: float | None = None
        self._authors: dict[str, str] = {}

    @property
    def context_window(self) -> int:
        """The window of the model that is asked next; while the first is away, of both."""
        first, second = self._first.context_window, self._second.context_window
        return first if self._away_until is None else min(first, second)

    async def reply(self, request: Request, on_retry: OnRetry | None = None) -> Reply:
        """Ask whose turn it is, and the next one where that fails in a way that the next may escape.

        Raises what the last one asked raised, its message naming what was tried before and its spending holding all;
        ContextTooLong where the request has to be made smaller before the second can be asked.
        """
        lost = Spending()
        failures: list[ProviderError] = []
        for model, wait in self._turns(on_retry):
            if failures:
                self._go_on_with(model, failures[-1], on_retry)
                self._require_room(model, request, lost)
            try:
                reply = await model.reply(self._as_sent(model, request), wait)
            except ProviderError as error:
                lost = lost + error.spending
                if not is_escapable(error):
                    raise _told(error, failures, lost) from error
                failures.append(error)
            else:
                return self._kept(model, replace(reply, spending=lost + reply.spending))
        self._away_until = None
        raise _told(failures.pop(), failures, lost)

    async def close(self) -> None:
        """Release the connections of both."""
        await self._first.close()
        await self._second.close()

    def _turns(self, on_retry: OnRetry | None) -> tuple[tuple[Model, OnRetry | None], ...]:
        """Return who is asked, in order, and what is told of its waits. Each fails into the next."""
        first, second = (self._first, on_retry), (self._second, on_retry)
        if self._away_until is None:
            return first, second
        if self._clock.monotonic() < self._away_until:
            return second, first
        # The same model, so that what it has learned of its server holds; only it is not waited for.
        return (self._first, _no_patience), second, first

    def _go_on_with(self, model: Model, error: ProviderError, on_retry: OnRetry | None) -> None:
        second = model is self._second
        self._away_until = self._clock.monotonic() + self._stay if second else None
        if on_retry is not None:
            on_retry(f"asking {model.name} instead: {error.message}", 0.0)

    def _kept(self, model: Model, reply: Reply) -> Reply:
        """Return the reply with its author, whom its calls are remembered for."""
        if model is not self._second:
            self._away_until = None
        name = reply.model or model.name
        self._authors |= {call.id: model.name for call in reply.message.tool_calls}
        return replace(reply, model=name)

    def _as_sent(self, model: Model, request: Request) -> Request:
        own = {call_id for call_id, author in self._authors.items() if author == model.name}
        plain = without_reasoning_of(request, self._authors.keys() - own)
        return with_portable_ids(plain, own | ids_in_native(plain, model.name), USUAL)

    def _require_room(self, model: Model, request: Request, lost: Spending) -> None:
        """Refuse what was made to fit the first alone: some servers cut what is too long for them in silence."""
        window = model.context_window
        if window < self._first.context_window and not fits(size_of(request), window):
            raise ContextTooLong(f"the conversation is too long for {model.name}", spending=lost)


def _no_patience(why: str, _seconds: float) -> None:
    raise ProviderDown(f"still away: {why}")


def _told(error: ProviderError, before: list[ProviderError], spent: Spending) -> ProviderError:
    """Return the error with all that was spent, its message saying what was tried before."""
    said = "; before that: ".join([error.message, *(one.message for one in reversed(before))])
    return type(error)(said, status=error.status, spending=spent)


if TYPE_CHECKING:

    def _fits(model: FallbackModel) -> Model:
        return model
