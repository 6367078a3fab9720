"""The Chat Completions protocol as a Model: one streaming call over HTTP, put together, priced, retried.

It reads no environment and no configuration: address, key and limits are arguments. httpx2 is imported in the first
call, so that naming a model costs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ostinato import __version__
from ostinato.agent.ports import Model, OnRetry, ProviderError
from ostinato.base.clock import Clock
from ostinato.base.spending import Spending
from ostinato.chat.messages import Reply, Request
from ostinato.models.chat_reply import ReplyBuilder
from ostinato.models.chat_request import request_body
from ostinato.models.endpoint import call_url, is_openai, shown
from ostinato.models.failures import Endpoint, ErrorReport, Transient, failure_in_stream, failure_of, read_report
from ostinato.models.limits import TransportLimits
from ostinato.models.prices import priced
from ostinato.models.retry import Retries, jitter
from ostinato.models.sse import EventReader

if TYPE_CHECKING:
    from ostinato.models.http_stream import HttpStream, Incoming

_LARGEST_ANSWER = 64 * 1024 * 1024
_LARGEST_ERROR = 64 * 1024
_DONE = "[DONE]"


class OpenAIChatModel:
    """A model behind any server that speaks Chat Completions. Serves one event loop; calls may run side by side."""

    def __init__(
        self,
        name: str,
        base_url: str,
        api_key: str | None,
        *,
        limits: TransportLimits,
        clock: Clock,
        provider: str = "openai-chat",
        random: Callable[[], float] = jitter,
    ) -> None:
        self.name = f"{provider}:{name}"
        self.context_window = limits.context_window
        self._provider = provider
        self._model = name
        self._address = base_url
        self._limits = limits
        self._clock = clock
        key = api_key or ""
        self._endpoint = Endpoint(self.name, shown(base_url), secret=key)
        self._headers = {
            "content-type": "application/json",
            "accept": "text/event-stream, application/json",
            "user-agent": f"ostinato/{__version__}",
        } | ({"authorization": f"Bearer {key}"} if key else {})
        self._retries = Retries(self.name, limits, clock, random)
        self._reasoning_field: str | None = None
        self._http: HttpStream | None = None

    async def reply(self, request: Request, on_retry: OnRetry | None = None) -> Reply:
        """Ask once; transient failures are retried inside. Raises ProviderError. Cancellation closes the connection.

        Spending includes failed attempts that made output. Without reported usage it is estimated at four bytes a
        token.
        """
        body = request_body(
            self._model,
            request,
            limit_field="max_completion_tokens" if is_openai(self._address) else "max_tokens",
            max_output_tokens=self._limits.max_output_tokens,
            reasoning_field=self._reasoning_field,
        )
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
        return await self._retries.run(lambda: self._ask(request, content), on_retry)

    async def close(self) -> None:
        """Release connections; a later call opens new ones."""
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def _ask(self, request: Request, content: bytes) -> Reply:
        builder = ReplyBuilder()
        try:
            async with self._connection().post(self._url, self._headers, content) as incoming:
                if incoming.status != 200:
                    raise await self._failure(incoming)
                await self._receive(incoming, builder)
        except (Transient, ProviderError) as failure:
            failure.spending = self._lost(builder, len(content))
            raise
        # Only this name is known to be wanted back by its vendors; others refuse what they do not know.
        if builder.reasoning_field == "reasoning_content":
            self._reasoning_field = builder.reasoning_field
        reply = builder.reply(request, len(content))
        return replace(reply, spending=self._priced(reply.spending))

    @property
    def _url(self) -> str:
        return call_url(self._address, "/chat/completions")

    def _connection(self) -> HttpStream:
        if self._http is None:
            from ostinato.models.http_stream import HttpStream  # imported late: httpx2 takes 0.15 s

            self._http = HttpStream(self._endpoint, self._limits)
        return self._http

    async def _receive(self, incoming: Incoming, builder: ReplyBuilder) -> None:
        kind = incoming.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            await self._receive_document(incoming, builder)
        elif kind in {"text/event-stream", ""}:
            await self._receive_stream(incoming, builder)
        else:
            address, variable = self._endpoint.address, self._endpoint.address_variable
            raise Transient(f"{address} answered with {self._endpoint.quote(kind)}, no event stream: check {variable}")

    async def _receive_document(self, incoming: Incoming, builder: ReplyBuilder) -> None:
        document = self._parsed(await self._whole(incoming, _LARGEST_ANSWER))
        self._take(document, builder)
        if not isinstance(document, dict) or not document.get("choices"):
            raise Transient(f"{self._endpoint.address} sent an answer without choices")

    async def _receive_stream(self, incoming: Incoming, builder: ReplyBuilder) -> None:
        try:
            done = await self._read_events(incoming, builder)
        except Transient:
            # After the reason for the end only the usage can be missing: the reply is whole.
            if builder.finish in {None, "error"}:
                raise
            return
        if done:
            await incoming.drain()
        elif builder.finish is None:
            raise Transient(f"{self._endpoint.address} cut the stream before its end")

    async def _read_events(self, incoming: Incoming, builder: ReplyBuilder) -> bool:
        """Feed the builder until the stream's own end mark (True) or the end of the answer (False)."""
        reader, size = EventReader(), 0
        async with aclosing(incoming.pieces()) as pieces:
            async for piece in pieces:
                size += len(piece)
                if size > _LARGEST_ANSWER:
                    raise Transient(f"{self._endpoint.address} sent an answer without end")
                for data in reader.feed(piece):
                    if self._is_end(data, builder):
                        return True
        return any(self._is_end(data, builder) for data in self._last(reader.finish()))

    def _last(self, events: list[str]) -> list[str]:
        """Return the events of the answer's very end; one that was cut in its middle is a cut stream, not garbage."""
        texts = [text for data in events for text in _documents(data)]
        if not all(text == _DONE or _is_json(text) for text in texts):
            raise Transient(f"{self._endpoint.address} cut the stream in the middle of an event")
        return events

    def _is_end(self, data: str, builder: ReplyBuilder) -> bool:
        for text in _documents(data):
            if text == _DONE:
                return True
            self._take(self._parsed(text), builder)
        return False

    def _take(self, document: Any, builder: ReplyBuilder) -> None:
        report = read_report(document)
        if report is not None:
            raise failure_in_stream(report, self._endpoint, self._clock.now())
        builder.feed(document)
        if builder.finish == "error":
            raise Transient(f"{self._endpoint.address} ended the answer with an error")

    def _parsed(self, text: str | bytes) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            words = text if isinstance(text, str) else text.decode(errors="replace")
            raise Transient(f"{self._endpoint.address} sent no JSON: {self._endpoint.quote(words[:80])}") from None

    async def _failure(self, incoming: Incoming) -> Transient | ProviderError:
        try:
            report = read_report(json.loads(await self._whole(incoming, _LARGEST_ERROR)))
        except (ValueError, Transient):
            report = None  # the status alone says enough
        now = self._clock.now()
        return failure_of(incoming.status, incoming.headers, report or ErrorReport(), self._endpoint, now)

    async def _whole(self, incoming: Incoming, limit: int) -> bytes:
        body = bytearray()
        async with aclosing(incoming.pieces()) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > limit:
                    break
        return bytes(body[:limit])

    def _lost(self, builder: ReplyBuilder, request_bytes: int) -> Spending:
        # The vendor bills what a cut stream had made already, reported or not.
        if not (builder.started or builder.reported):
            return Spending()
        return self._priced(builder.spending(request_bytes))

    def _priced(self, spending: Spending) -> Spending:
        return priced(spending, self._provider, self._model, self._address)


def _documents(data: str) -> list[str]:
    """Return the JSON texts of one event: one, or one a line where a server leaves out the blank lines between."""
    lines = [data] if "\n" not in data or _is_json(data) else data.split("\n")
    return [line.strip() for line in lines if line.strip()]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


if TYPE_CHECKING:

    def _fits(model: OpenAIChatModel) -> Model:
        return model
