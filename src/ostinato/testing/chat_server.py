"""A real HTTP server on the loopback that speaks the vendors' streaming protocols, each at its path, for tests.

    with ChatServer(in_turn(Answer(text="hello"), Answer(fault=Fault.CUT))) as server:
        ...                                    # OPENAI_BASE_URL=server.url, also for a subprocess

It runs in threads of its own. Each request is checked as strict servers check it (`testing.dialect`), and for
credentials: one that breaks a rule is answered with 400, and leaving the block then raises `RuleBroken`, so that no
test can overlook it. A test that means to break one takes the complaints with `taken_problems`. It generates nothing: a
handler says what to answer, and sees every request in the form of Chat Completions.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from ostinato.testing.answers import Answer as Answer
from ostinato.testing.answers import Call as Call
from ostinato.testing.answers import Event, Handler
from ostinato.testing.answers import Fault as Fault
from ostinato.testing.answers import in_turn as in_turn
from ostinato.testing.answers import usage as usage
from ostinato.testing.bills import Bills
from ostinato.testing.credentials import SHORTEST, credential_values
from ostinato.testing.dialect import Dialect, Ledger, dialect_of

_LONGEST_HOLD = 60.0


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came; header names are in lower case. `opens`: it is the first one of its connection."""

    path: str
    headers: dict[str, str]
    raw: bytes
    body: dict[str, Any]
    opens: bool = True

    def key(self) -> str:
        """Return the key that came with the request, empty without one."""
        return self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix("Bearer ")


class RuleBroken(AssertionError):
    """A client sent what the vendor refuses, or what must never be sent."""


class ChatServer:
    """The server; `handler` is called for one request at a time, in the order in which they come.

    Without `strict` any request will do. `requests` and `problems` grow as requests come, `connections` counts those
    opened, `arrived` is set by the first request. `loaded` is what Ollama would hold: name and tokens of context.
    `bills` is what the answers cost; `secrets` are the values that no request may hold, at first those of this process.
    """

    def __init__(self, handler: Handler, *, strict: bool = True) -> None:
        self.requests: list[Received] = []
        self.problems: list[str] = []
        self.connections = 0
        self.loaded: dict[str, int] = {}
        self.bills = Bills()
        self.secrets = set(credential_values(os.environ))
        self.arrived = threading.Event()
        self._handler = handler
        self._strict = strict
        self._ledger = Ledger()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The address for OPENAI_BASE_URL, and for ANTHROPIC_BASE_URL as well."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
        if not self.problems:
            return
        complaint = "the model server refused: " + "; ".join(self.problems)
        if error is None:
            raise RuleBroken(complaint)
        error.add_note(complaint)

    def taken_problems(self) -> list[str]:
        """Return the complaints so far and forget them, for a test that is about them."""
        taken, self.problems = self.problems, []
        return taken

    def close(self) -> None:
        """Stop, waking answers that hang. From then on connections are refused."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, received: Received, dialect: Dialect | None) -> tuple[Answer, dict[str, Any]]:
        """Keep the request; return what to answer, and the request in its normal form."""
        with self._lock:
            self.requests.append(received)
            self.arrived.set()
            if dialect is None:
                return Answer(status=404, error={"message": f"no such path: {received.path}"}), {}
            found = self._problems_of(received, dialect) if self._strict else []
            if found:
                self.problems += found
                return Answer(status=400, error={"message": "; ".join(found), "type": "invalid_request_error"}), {}
            normal = dialect.normal_form(received.body)
            answer = self._handler(normal)
            self._ledger.answered(dialect, normal, answer)
            return answer, normal

    def _problems_of(self, received: Received, dialect: Dialect) -> list[str]:
        found = dialect.problems_of(received.body)
        secrets = self.secrets | ({received.key()} if len(received.key()) >= SHORTEST else set())
        sent = received.raw + received.path.encode()
        if any(secret.encode() in sent for secret in secrets):
            found.append("a credential is in the body or the address")
        if dialect.path == "/messages" and not received.headers.get("anthropic-version"):
            found.append("anthropic-version: header is required")
        return found or self._ledger.problems_of(dialect, received.body, taken_up=received.opens)

    def bill(self, answer: Answer, request: Received, *, whole: bool) -> None:
        """Count an answer; `whole`: it was sent up to its usage."""
        if answer.events is None and (answer.usage is not None or not whole):
            with self._lock:
                self.bills.add(answer.usage, len(request.raw), whole=whole)

    @property
    def closing(self) -> bool:
        """Tell whether the server is going away."""
        return self._closing.is_set()

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
        self._asked = False
        self.server.owner.connections += 1

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log."""

    def do_GET(self) -> None:
        """Answer which models are loaded and with how much context, as Ollama does; nothing else can be got."""
        models = [{"model": name, "context_length": size} for name, size in self.server.owner.loaded.items()]
        body = json.dumps({"models": models}).encode()
        self.send_response(200 if self.path == "/api/ps" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        announced = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(announced)
        if self.server.owner.closing:
            # It came down a connection that was opened before: nobody is there any more.
            self._reset()
            return
        if len(raw) < announced:
            # The client died in the middle of its request: that breaks no rule of the protocol.
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            body = json.loads(raw)
        except ValueError:
            body = {}
        dialect = dialect_of(self.path)
        received = Received(self.path, headers, raw, body, not self._asked)
        self._asked = True
        answer, normal = self.server.owner.answer(received, dialect)
        if answer.fault is Fault.HANG:
            self.server.owner.hold()
            self.close_connection = True
        elif answer.fault is Fault.RESET:
            self._reset()
        elif answer.body is not None:
            self._send_whole(answer, answer.body, "application/octet-stream")
        elif dialect is None or answer.status != 200:
            error = {"error": dict(answer.error or {})} if dialect is None else dialect.error(answer)
            self._send_whole(answer, json.dumps(error).encode(), "application/json")
        elif answer.whole:
            self.server.owner.bill(answer, received, whole=True)
            self._send_whole(answer, json.dumps(dialect.document(answer, normal)).encode(), "application/json")
        else:
            self._send_stream(answer, dialect, normal, received)

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

    def _send_stream(self, answer: Answer, dialect: Dialect, normal: Mapping[str, Any], received: Received) -> None:
        self._send_head(answer, "text/event-stream", ("Transfer-Encoding", "chunked"))
        fault, bill = answer.fault, self.server.owner.bill
        if fault is Fault.HANG_IN_BODY:
            self._hold_and_close()
            return
        events = list(dialect.events(answer, normal) if answer.events is None else answer.events)
        breaks_at = _break_of(fault, len(events))
        for number, event in enumerate(events):
            data = _framed(event, dialect, answer)
            if number == breaks_at:
                bill(answer, received, whole=False)
                self._break(fault, data)
                return
            if number == len(events) - 1 and fault is not Fault.GARBAGE:
                # Counted before it is sent: whoever has read the end may ask for the sum at once.
                bill(answer, received, whole=True)
            self._piece(data)
        if fault is Fault.NO_DONE_OPEN:
            self._hold_and_close()
            return
        for event in () if fault is Fault.NO_DONE else dialect.end_mark:
            self._piece(_framed(event, dialect, answer))
        self._end_stream(close=fault is not None)

    def _break(self, fault: Fault | None, data: bytes) -> None:
        """Break the stream off at the event with these bytes, in the fault's way."""
        match fault:
            case Fault.SILENCE:
                self._hold_and_close()
            case Fault.BROKEN:
                self.wfile.write(b"400\r\ndata: {")
                self.close_connection = True
            case Fault.CUT_IN_EVENT:
                self._piece(data[: len(data) // 2])
                self._end_stream(close=True)
            case _:
                self._end_stream(close=True)

    def _end_stream(self, *, close: bool) -> None:
        self.wfile.write(b"0\r\n\r\n")
        self.close_connection = close

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


def _break_of(fault: Fault | None, events: int) -> int | None:
    """Return the event in whose place the stream breaks off, None where it does not."""
    if fault in {Fault.SILENCE, Fault.CUT_IN_EVENT, Fault.BROKEN}:
        return 1
    return max(1, events // 2) if fault is Fault.CUT else None


def _framed(event: Event, dialect: Dialect, answer: Answer) -> bytes:
    """Return an event as bytes of a stream."""
    data = event if isinstance(event, str) else json.dumps(event)
    if answer.fault is Fault.GARBAGE:
        data = "<<< not JSON >>>"
    name = "" if isinstance(event, str) else event.get("type")
    head = f"event: {name}{answer.line_end}" if dialect.names_events and name else ""
    return f"{head}data: {data}{answer.line_end * 2}".encode()
