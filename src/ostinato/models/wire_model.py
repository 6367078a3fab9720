"""A Model over any of the providers' protocols: one streaming call over HTTP, put together, priced, retried.

What is special to a protocol stands in its `models.wire.Wire`. This module reads no environment and no configuration.
httpx2 is imported in the first call, so that naming a model costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ostinato import __version__
from ostinato.agent.ports import Model, OnRetry, ProviderError
from ostinato.base.clock import Clock
from ostinato.base.compact_json import compact
from ostinato.base.remembered import Remembered
from ostinato.base.spending import Spending
from ostinato.chat.messages import Reply, Request
from ostinato.models.endpoint import call_url
from ostinato.models.failures import Endpoint, Transient
from ostinato.models.limits import TransportLimits
from ostinato.models.prices import priced
from ostinato.models.receiving import Receiver
from ostinato.models.retry import Retries, jitter
from ostinato.models.wire import AnswerBuilder, Wire

if TYPE_CHECKING:
    from ostinato.models.http_stream import HttpStream

_HEADERS = {
    "content-type": "application/json",
    "accept": "text/event-stream, application/json",
    "user-agent": f"ostinato/{__version__}",
}
_CONVERSATIONS = frozenset({"messages", "input"})
"""What the protocols call the list that grows."""


class WireModel:
    """A model behind a server that speaks `wire`. Serves one event loop; calls may run side by side.

    `endpoint` says whom messages name, `address` where calls go (with its credentials and query, if any).
    """

    def __init__(
        self,
        wire: Wire,
        endpoint: Endpoint,
        address: str,
        *,
        limits: TransportLimits,
        clock: Clock,
        random: Callable[[], float] = jitter,
    ) -> None:
        self.name = endpoint.model
        self.context_window = limits.context_window
        self._wire = wire
        self._endpoint = endpoint
        self._address = address
        self._limits = limits
        self._headers = _HEADERS | wire.headers
        self._receiver = Receiver(wire, endpoint, clock)
        self._retries = Retries(self.name, limits, clock, random)
        self._http: HttpStream | None = None
        self._texts: Remembered[Any, str] = Remembered(compact)

    async def reply(self, request: Request, on_retry: OnRetry | None = None) -> Reply:
        """Ask once; transient failures are retried inside. Raises ProviderError. Cancellation closes the connection.

        Spending includes failed attempts that made output. Without reported usage it is estimated at four bytes a
        token.
        """
        return await self._retries.run(lambda: self._ask(request), on_retry)

    async def close(self) -> None:
        """Release connections; a later call opens new ones."""
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def _ask(self, request: Request) -> Reply:
        body = self._wire.body(request)
        content = self._encoded(body)
        builder = self._wire.builder()
        url = call_url(self._address, self._wire.path)
        try:
            async with self._connection().post(url, self._headers, content) as incoming:
                if incoming.status != 200:
                    raise await self._receiver.failure(incoming)
                streamed = await self._receiver.receive(incoming, builder)
        except (Transient, ProviderError) as failure:
            failure.spending = self._lost(builder, len(content))
            raise
        self._wire.learn(builder)
        reply = builder.reply(request, len(content))
        spent = self._priced(reply.spending)
        return replace(reply, spending=spent, model=self.name, streamed=streamed, reported=builder.reported)

    def _encoded(self, body: Mapping[str, Any]) -> bytes:
        """Return the body as JSON; messages that the wire remembers from the request before are not encoded anew."""
        parts = []
        for name, value in body.items():
            if name in _CONVERSATIONS and isinstance(value, list):
                parts.append(f'"{name}":[{",".join(self._texts.all(value))}]')
            else:
                parts.append(f'"{name}":{compact(value)}')
        return f"{{{','.join(parts)}}}".encode(errors="replace")

    def _connection(self) -> HttpStream:
        if self._http is None:
            from ostinato.models.http_stream import HttpStream  # imported late: httpx2 takes 0.15 s

            self._http = HttpStream(self._endpoint, self._limits)
        return self._http

    def _lost(self, builder: AnswerBuilder, request_bytes: int) -> Spending:
        # The vendor bills what a cut stream had made already, reported or not.
        if not (builder.started or builder.reported):
            return Spending()
        return self._priced(builder.spending(request_bytes))

    def _priced(self, spending: Spending) -> Spending:
        provider, _, model = self.name.partition(":")
        return priced(spending, provider, model, self._address)


if TYPE_CHECKING:

    def _fits(model: WireModel) -> Model:
        return model
