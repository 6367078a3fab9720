"""The protocols that `testing.chat_server` speaks, and what a server remembers to catch a client that forgets.

A conversation's next request must repeat the last one, so that the vendor's cache holds; reasoning must come back with
the calls that followed it, unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ostinato.testing import chat_dialect, messages_dialect, responses_dialect
from ostinato.testing.answers import Answer, Event, call_id
from ostinato.testing.vendor_dialects import GroqDialect, MistralDialect

_CLEARED = "cleared to save room"


class Dialect(Protocol):
    """One protocol, seen from the server."""

    path: str
    end_mark: tuple[Event, ...]
    names_events: bool

    def problems_of(self, body: Mapping[str, Any]) -> list[str]: ...
    def normal_form(self, body: dict[str, Any]) -> dict[str, Any]: ...
    def unmarked(self, body: Mapping[str, Any]) -> list[Any]: ...
    def reasoning_of(self, answer: Answer) -> dict[str, Any] | None: ...
    def said_with(self, body: Mapping[str, Any], identifier: str) -> list[Any]: ...
    def error(self, answer: Answer) -> dict[str, Any]: ...
    def events(self, answer: Answer, body: Mapping[str, Any]) -> Iterable[Event]: ...
    def document(self, answer: Answer, body: Mapping[str, Any]) -> dict[str, Any]: ...


# The longer path goes first.
DIALECTS: tuple[Dialect, ...] = (
    GroqDialect(),
    MistralDialect(),
    chat_dialect,
    messages_dialect,
    responses_dialect,
)


def dialect_of(path: str) -> Dialect | None:
    """Return the protocol that is spoken at a request's path, None where there is none."""
    return next((one for one in DIALECTS if path.partition("?")[0].endswith(one.path)), None)


class Ledger:
    """What was asked and answered so far, by conversation."""

    def __init__(self) -> None:
        self._asked: dict[str, list[Any]] = {}
        self._reasoned: dict[tuple[str, str], dict[str, Any]] = {}

    def problems_of(self, dialect: Dialect, body: dict[str, Any]) -> list[str]:
        """Return what the request fails to repeat, and remember it."""
        said = dialect.unmarked(body)
        opening = _opening(dialect.normal_form(body))
        before = self._asked.get(opening, [])
        self._asked[opening] = said
        problems: list[str] = []
        if len(said) > len(before) and not all(map(_same, before, said)):
            problems.append("the conversation's last request is no prefix of this one")
        for (model, identifier), reasoning in self._reasoned.items():
            turn = dialect.said_with(body, identifier) if model == body.get("model") else []
            if turn and reasoning not in turn:
                problems.append(f"the reasoning before the call {identifier} did not come back")
        return problems

    def answered(self, dialect: Dialect, normal: Mapping[str, Any], answer: Answer) -> None:
        """Remember the reasoning of an answer that went out whole."""
        reasoning = dialect.reasoning_of(answer)
        if reasoning is not None and answer.fault is None and answer.tool_calls:
            key = (normal["model"], call_id(answer.tool_calls[0], 0, normal))
            self._reasoned[key] = reasoning


def _opening(normal: Mapping[str, Any]) -> str:
    messages = normal["messages"]
    first = next((place for place, message in enumerate(messages) if message["role"] == "user"), 0)
    return json.dumps([normal["model"], messages[: first + 1]])


def _same(before: Any, now: Any) -> bool:
    return before == now or _CLEARED in json.dumps(now)
