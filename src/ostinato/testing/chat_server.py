"""A real HTTP server on the loopback that speaks the Chat Completions streaming protocol, for tests.

    with ChatServer(in_turn(Answer(text="hello"), Answer(fault=Fault.CUT))) as server:
        ...                                    # OPENAI_BASE_URL=server.url, also for a subprocess
        assert server.problems == []

It runs in threads of its own. Each request is checked as strict servers check it (`problems_of`): one that breaks the
protocol is answered with 400 and kept in `problems`. It generates nothing: a handler says what to answer.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from ostinato.testing.chat_rules import problems_of

_LONGEST_HOLD = 60.0


class Fault(Enum):
    """What goes wrong on the wire; what comes before it is sent as the answer says."""

    CUT = "the connection closes cleanly, in the middle of the stream"
    CUT_IN_EVENT = "the connection closes in the middle of a line"
    BROKEN = "the connection closes in the middle of a chunk of the transfer"
    RESET = "the connection is reset before a byte is answered"
    HANG = "nothing is answered, the connection stays open"
    HANG_IN_BODY = "headers are answered, then nothing"
    SILENCE = "nothing more comes after the first event, the connection stays open"
    GARBAGE = "the events hold no JSON"
    NO_DONE = "the stream ends without its end mark"
    NO_DONE_OPEN = "no end mark comes, the connection stays open"


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call to answer with; `arguments` as text are sent as they stand, malformed or not."""

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)
    id: str | None = None

    def text(self) -> str:
        """Return the arguments as they go over the wire."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `usage` None leaves it out; `finish` None derives it; other `status` than 200 sends `error`.

    `events` replaces the stream's chunks: dicts are sent as JSON, texts as they stand. `body` replaces everything.
    """

    text: str = ""
    tool_calls: tuple[Call, ...] = ()
    reasoning: str = ""
    finish: str | None = None
    usage: Mapping[str, Any] | None = field(default_factory=lambda: usage(100, 10))
    status: int = 200
    error: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None
    fault: Fault | None = None
    whole: bool = False  # answered as one JSON document, as servers do that cannot stream
    events: tuple[Mapping[str, Any] | str, ...] | None = None
    body: bytes | None = None
    line_end: str = "\n"


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came; header names are in lower case."""

    path: str
    headers: dict[str, str]
    raw: bytes
    body: dict[str, Any]


Handler = Callable[[dict[str, Any]], Answer]


def usage(prompt: int, completion: int, *, cached: int = 0, reasoning: int = 0) -> dict[str, Any]:
    """Return a usage object as OpenAI reports it."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }


def in_turn(*answers: Answer) -> Handler:
    """Return a handler that gives the answers one after the other, and the last one ever after."""
    left: Iterator[Answer] = iter(answers)
    last = answers[-1]
    return lambda body: next(left, last)


class ChatServer:
    """The server; `handler` is called for one request at a time, in the order in which they come.

    `requests` and `problems` grow as requests come, `connections` counts those opened, `arrived` is set by the first
    request.
    """

    def __init__(self, handler: Handler) -> None:
        self.requests: list[Received] = []
        self.problems: list[str] = []
        self.connections = 0
        self.arrived = threading.Event()
        self._handler = handler
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The address for OPENAI_BASE_URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop, waking answers that hang. From then on connections are refused."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, received: Received) -> Answer:
        """Keep the request and return what to answer."""
        with self._lock:
            self.requests.append(received)
            self.arrived.set()
            found = problems_of(received.body)
            if not received.path.partition("?")[0].endswith("/chat/completions"):
                return Answer(status=404, error={"message": f"no such path: {received.path}"})
            if found:
                self.problems += found
                return Answer(status=400, error={"message": "; ".join(found), "type": "invalid_request_error"})
            return self._handler(received.body)

    def hold(self) -> None:
        """Keep a connection open without a byte until the server is closed."""
        self._closing.wait(_LONGEST_HOLD)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: ChatServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet: a client that goes away in the middle is what many tests are about."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.owner.connections += 1

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            body = json.loads(raw)
        except ValueError:
            body = {}
        answer = self.server.owner.answer(Received(self.path, headers, raw, body))
        if answer.fault is Fault.HANG:
            self.server.owner.hold()
            self.close_connection = True
        elif answer.fault is Fault.RESET:
            self._reset()
        elif answer.body is not None:
            self._send_whole(answer, answer.body, "application/octet-stream")
        elif answer.status != 200:
            self._send_whole(answer, json.dumps({"error": dict(answer.error or {})}).encode(), "application/json")
        elif answer.whole:
            self._send_whole(answer, json.dumps(_document(answer, body)).encode(), "application/json")
        else:
            self._send_stream(answer, body)

    def _send_head(self, answer: Answer, content_type: str, *more: tuple[str, str]) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type or content_type)
        if answer.fault is not None:
            # Else a client that is quick sends its next request down the connection that is about to close.
            more += (("Connection", "close"),)
        for name, value in (*answer.headers.items(), *more):
            self.send_header(name, value)
        self.end_headers()

    def _send_whole(self, answer: Answer, body: bytes, content_type: str) -> None:
        self._send_head(answer, content_type, ("Content-Length", str(len(body))))
        self.wfile.write(body)

    def _send_stream(self, answer: Answer, body: Mapping[str, Any]) -> None:
        self._send_head(answer, "text/event-stream", ("Transfer-Encoding", "chunked"))
        fault = answer.fault
        if fault is Fault.HANG_IN_BODY:
            self._hold_and_close()
            return
        for number, event in enumerate(_chunks(answer, body)):
            data = event if isinstance(event, str) else json.dumps(event)
            if fault is Fault.GARBAGE:
                data = "<<< not JSON >>>"
            if number and fault is Fault.SILENCE:
                self._hold_and_close()
                return
            if number and fault is Fault.CUT_IN_EVENT:
                self._piece(f"data: {data}"[: len(data) // 2].encode())
                break
            if number and fault is Fault.BROKEN:
                self.wfile.write(b"400\r\ndata: {")
                self.close_connection = True
                return
            if number > 1 and fault is Fault.CUT:
                break
            self._piece(f"data: {data}{answer.line_end * 2}".encode())
        else:
            if fault is Fault.NO_DONE_OPEN:
                self._hold_and_close()
                return
            if fault is not Fault.NO_DONE:
                self._piece(f"data: [DONE]{answer.line_end * 2}".encode())
        self.wfile.write(b"0\r\n\r\n")
        self.close_connection = fault is not None

    def _piece(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _hold_and_close(self) -> None:
        self.server.owner.hold()
        self.close_connection = True

    def _reset(self) -> None:
        # Lingering for zero seconds makes close send a reset.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


def _chunks(answer: Answer, body: Mapping[str, Any]) -> Iterable[Mapping[str, Any] | str]:
    if answer.events is not None:
        yield from answer.events
        return
    yield _chunk(body, {"role": "assistant", "content": ""})
    for name, words in (("reasoning_content", answer.reasoning), ("content", answer.text)):
        for part in _parts(words):
            yield _chunk(body, {name: part})
    for index, call in enumerate(answer.tool_calls):
        opening = {"id": _call_id(call, index, body), "type": "function"}
        function = {"name": call.name, "arguments": ""}
        yield _chunk(body, {"tool_calls": [{"index": index, **opening, "function": function}]})
        for part in _parts(call.text()):
            yield _chunk(body, {"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    yield _chunk(body, {}, _finish(answer))
    if answer.usage is not None:
        yield {**_frame(body), "choices": [], "usage": dict(answer.usage)}


def _document(answer: Answer, body: Mapping[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.tool_calls:
        message["tool_calls"] = [
            {"id": _call_id(call, index, body), "type": "function", "function": {"name": call.name, "arguments": text}}
            for index, call in enumerate(answer.tool_calls)
            for text in (call.text(),)
        ]
    document = {**_frame(body), "object": "chat.completion"}
    document["choices"] = [{"index": 0, "message": message, "finish_reason": _finish(answer)}]
    return document if answer.usage is None else {**document, "usage": dict(answer.usage)}


def _frame(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": body.get("model", "")}


def _chunk(body: Mapping[str, Any], delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {**_frame(body), "choices": [{"index": 0, "delta": dict(delta), "finish_reason": finish}]}


def _parts(text: str, size: int = 12) -> Iterable[str]:
    return (text[at : at + size] for at in range(0, len(text), size))


def _finish(answer: Answer) -> str:
    return answer.finish or ("tool_calls" if answer.tool_calls else "stop")


def _call_id(call: Call, index: int, body: Mapping[str, Any]) -> str:
    return call.id if call.id is not None else f"call_{len(body.get('messages', []))}_{index}"
