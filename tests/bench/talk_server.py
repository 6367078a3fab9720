"""A server that speaks streaming Chat Completions for one scripted task, and writes down when each request came.

Any harness may talk to it: it calls whichever of the offered tools runs a command. It is small on purpose, so that what
is measured is the harness; whether requests are right is the business of `ostinato.testing.chat_server`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

_SHELLS = ("run_command", "bash")
_KEPT = 0.05


@dataclass(slots=True)
class Talk:
    """What was heard: when each request's headers were read and its answer's last byte was sent, and its bytes."""

    asked: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def gaps(self) -> list[float]:
        """Return the seconds from each answer's last byte to the next request."""
        return [after - before for before, after in zip(self.answered, self.asked[1:], strict=False)]


class TalkServer:
    """Asks for `commands` one by one, a tool call each, then for the end: our signal, or a text for others."""

    def __init__(self, commands: Sequence[str]) -> None:
        self.talk = Talk()
        self._commands = commands
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Connection)
        self._http.owner = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(_KEPT,), daemon=True)

    @property
    def url(self) -> str:
        """The address for OPENAI_BASE_URL."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()

    def message(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the assistant's next message: as many answers as the conversation has, so many commands are done."""
        done = sum(message["role"] == "assistant" for message in body["messages"])
        names = [tool["function"]["name"] for tool in body.get("tools", ())]
        if done < len(self._commands):
            name = next(shell for shell in _SHELLS if shell in names)
            return _call(done, name, {"command": self._commands[done]})
        if "signal" in names:
            return _call(done, "signal", {"outcome": "complete", "message": "done"})
        return {"role": "assistant", "content": "Done."}


def _call(number: int, name: str, arguments: dict[str, str]) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    call = {"id": f"call_{number}", "index": 0, "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        owner: TalkServer = self.server.owner  # type: ignore[attr-defined]
        owner.talk.asked.append(time.perf_counter())
        raw = self.rfile.read(int(self.headers["content-length"]))
        owner.talk.sizes.append(len(raw))
        body = json.loads(raw)
        message = owner.message(body)
        stop = "tool_calls" if message.get("tool_calls") else "stop"
        usage = {"prompt_tokens": len(raw) // 4, "completion_tokens": 20, "total_tokens": len(raw) // 4 + 20}
        head = {"id": "talk", "model": body.get("model", "m"), "created": 1}
        if body.get("stream"):
            told = {**head, "object": "chat.completion.chunk"}
            chunks = [
                {**told, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
                {**told, "choices": [{"index": 0, "delta": {}, "finish_reason": stop}]},
                {**told, "choices": [], "usage": usage},
            ]
            text = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
            self._send("text/event-stream", text.encode())
        else:
            choice = {"index": 0, "message": message, "finish_reason": stop}
            whole = {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
            self._send("application/json", json.dumps(whole).encode())
        owner.talk.answered.append(time.perf_counter())

    def do_GET(self) -> None:
        self._send("application/json", b'{"object": "list", "data": [{"id": "m", "object": "model"}]}')

    def _send(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        return
