"""What the pretended model answers, free of any protocol: the dialects of `testing.chat_server` put it on the wire."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


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

    `finish` and `usage` are in the words of Chat Completions, and translated where a protocol has its own; a `finish`
    that is none of those words is sent as it stands. `events` replaces the stream's events: dicts are sent as JSON,
    texts as they stand. `body` replaces everything.
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

    def reason(self) -> str:
        """Return the reason for the end, derived where the answer names none."""
        return self.finish or ("tool_calls" if self.tool_calls else "stop")


Handler = Callable[[dict[str, Any]], Answer]
Event = Mapping[str, Any] | str


def usage(prompt: int, completion: int, *, cached: int = 0, reasoning: int = 0, written: int = 0) -> dict[str, Any]:
    """Return a usage object as OpenAI reports it for Chat Completions."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached} | ({"cache_write_tokens": written} if written else {}),
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }


def in_turn(*answers: Answer) -> Handler:
    """Return a handler that gives the answers one after the other, and the last one ever after."""
    left: Iterator[Answer] = iter(answers)
    last = answers[-1]
    return lambda body: next(left, last)


def parts(text: str, size: int = 12) -> Iterable[str]:
    """Yield the text in the pieces in which it is streamed."""
    return (text[at : at + size] for at in range(0, len(text), size))


def call_id(call: Call, index: int, body: Mapping[str, Any]) -> str:
    """Return the call's id, or one that is new in the conversation of `body` (in its normal form)."""
    return call.id if call.id is not None else f"call_{len(body.get('messages', []))}_{index}"


def seal(words: str) -> str:
    """Return what the pretended vendor signs or encrypts its reasoning with: only the same words have the same seal."""
    return hashlib.sha256(words.encode()).hexdigest()


def problems_of_turns(messages: list[dict[str, Any]]) -> list[str]:
    """Return how a conversation in its normal form breaks what every vendor demands.

    Each call has an id of its own and is answered exactly once, right behind it; no turn of the model is empty.
    """
    problems: list[str] = []
    open_calls: set[str] = set()
    made: set[str] = set()
    for number, message in enumerate(messages):
        if message.get("role") == "tool":
            identifier = message.get("tool_call_id")
            if identifier not in open_calls:
                problems.append(f"message {number}: answers {identifier!r}, which was not asked or is answered already")
            open_calls.discard(str(identifier))
            continue
        if open_calls:
            problems.append(f"message {number}: {sorted(open_calls)} are not answered before it")
        calls = message.get("tool_calls", [])
        open_calls = {call.get("id") for call in calls}
        if len(open_calls) < len(calls) or "" in open_calls or None in open_calls:
            problems.append(f"message {number}: call ids are missing or doubled")
        if open_calls & made:
            problems.append(f"message {number}: {sorted(open_calls & made)} were used for earlier calls")
        made |= open_calls
        if message.get("role") == "assistant" and not calls and not message.get("content"):
            problems.append(f"message {number}: the assistant says and calls nothing")
    return problems + ([f"{sorted(open_calls)} are not answered"] if open_calls else [])
