"""An HTTP answer read into a builder, whole or as a stream of events, and everything told apart that is no answer.

It knows frames, sizes and errors; what an event means is the builder's.
"""

from __future__ import annotations

import json
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ostinato.agent.ports import ProviderError
from ostinato.base.clock import Clock
from ostinato.models.failures import Endpoint, ErrorReport, Transient, failure_in_stream, failure_of, read_report
from ostinato.models.sse import EventReader
from ostinato.models.wire import AnswerBuilder, Wire

if TYPE_CHECKING:
    from ostinato.models.http_stream import Incoming

_LARGEST_ANSWER = 64 * 1024 * 1024
_LARGEST_ERROR = 64 * 1024
_DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Reads the answers of one endpoint."""

    wire: Wire
    endpoint: Endpoint
    clock: Clock

    async def receive(self, incoming: Incoming, builder: AnswerBuilder) -> bool:
        """Feed `builder` an answer with status 200 until it is whole; return whether it was streamed.

        Raises Transient and ProviderError.
        """
        kind = incoming.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            await self._receive_document(incoming, builder)
            return False
        if kind in {"text/event-stream", ""}:
            await self._receive_stream(incoming, builder)
            return True
        address, variable = self.endpoint.address, self.endpoint.address_variable
        raise Transient(f"{address} answered with {self.endpoint.quote(kind)}, no event stream: check {variable}")

    async def failure(self, incoming: Incoming) -> Transient | ProviderError:
        """Return what an answer with another status than 200 means."""
        try:
            report = read_report(json.loads(await _whole(incoming, _LARGEST_ERROR))) or ErrorReport()
        except (ValueError, Transient):
            report = ErrorReport()  # the status alone says enough
        failure = failure_of(incoming.status, incoming.headers, report, self.endpoint, self.clock.now())
        if isinstance(failure, ProviderError) and self.wire.adapt(report):
            return Transient(f"{failure.message}; asking again without it", status=incoming.status)
        return failure

    async def _receive_document(self, incoming: Incoming, builder: AnswerBuilder) -> None:
        document = self._parsed(await _whole(incoming, _LARGEST_ANSWER))
        self._take(document, builder)
        if not isinstance(document, dict) or not self.wire.is_answer(document):
            raise Transient(f"{self.endpoint.address} sent JSON that holds no answer")

    async def _receive_stream(self, incoming: Incoming, builder: AnswerBuilder) -> None:
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
            raise Transient(f"{self.endpoint.address} cut the stream before its end")

    async def _read_events(self, incoming: Incoming, builder: AnswerBuilder) -> bool:
        """Feed the builder until the stream's own end mark (True) or the end of the answer (False)."""
        reader, size = EventReader(), 0
        async with aclosing(incoming.pieces()) as pieces:
            async for piece in pieces:
                size += len(piece)
                if size > _LARGEST_ANSWER:
                    raise Transient(f"{self.endpoint.address} sent an answer without end")
                for data in reader.feed(piece):
                    if self._is_end(data, builder):
                        return True
        return any(self._is_end(data, builder) for data in self._last(reader.finish()))

    def _last(self, events: list[str]) -> list[str]:
        """Return the events of the answer's very end; one that was cut in its middle is a cut stream, not garbage."""
        texts = [text for data in events for text in _documents(data)]
        if not all(text == _DONE or _is_json(text) for text in texts):
            raise Transient(f"{self.endpoint.address} cut the stream in the middle of an event")
        return events

    def _is_end(self, data: str, builder: AnswerBuilder) -> bool:
        for text in _documents(data):
            if text == _DONE:
                return True
            self._take(self._parsed(text), builder)
        return builder.ended

    def _take(self, document: Any, builder: AnswerBuilder) -> None:
        builder.feed(document)  # before the failure is looked at: an answer that fails may report its usage
        report = read_report(document)
        if report is not None:
            raise failure_in_stream(report, self.endpoint, self.clock.now())
        if builder.finish == "error":
            raise Transient(f"{self.endpoint.address} ended the answer with an error")

    def _parsed(self, text: str | bytes) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            words = text if isinstance(text, str) else text.decode(errors="replace")
            raise Transient(f"{self.endpoint.address} sent no JSON: {self.endpoint.quote(words[:80])}") from None


async def _whole(incoming: Incoming, limit: int) -> bytes:
    body = bytearray()
    async with aclosing(incoming.pieces()) as pieces:
        async for piece in pieces:
            body += piece
            if len(body) > limit:
                break
    return bytes(body[:limit])


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
