"""The protocols that `testing.chat_server` speaks, and what a server remembers to catch a client that forgets.

A conversation's next request must repeat the last one, with the same rules and tools, so that the vendor's cache holds,
and carry the vendor's cache markers where they save most; reasoning must come back with the calls that followed it,
unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ostinato.testing import chat_dialect, messages_dialect, responses_dialect
from ostinato.testing.answers import Answer, Event, call_id
from ostinato.testing.vendor_dialects import GroqDialect, MistralDialect

_MADE_SMALLER = ("to save room", "characters left out")
"""What compaction says in the place of what it took out (`agent.compaction`)."""
_SHOWN = 200


class Dialect(Protocol):
    """One protocol, seen from the server."""

    path: str
    end_mark: tuple[Event, ...]
    names_events: bool

    def problems_of(self, body: Mapping[str, Any]) -> list[str]: ...
    def normal_form(self, body: dict[str, Any]) -> dict[str, Any]: ...
    def unmarked(self, body: Mapping[str, Any]) -> list[Any]: ...
    def setting_of(self, body: Mapping[str, Any]) -> Any: ...
    def cache_problems(self, body: Mapping[str, Any], before: int) -> list[str]: ...
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """A conversation's last request: what it said, and the rules and tools it said it with."""

    said: list[Any]
    setting: Any


class Ledger:
    """What was asked and answered so far, by conversation: by the model and the first words to it."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asked] = {}
        self._reasoned: dict[tuple[str, str], dict[str, Any]] = {}

    def problems_of(self, dialect: Dialect, body: dict[str, Any], *, taken_up: bool) -> list[str]:
        """Return what the request fails to repeat or to mark for the cache, and remember it.

        `taken_up`: a process may have come to the conversation anew, in which others may be there to be asked.
        """
        messages = dialect.normal_form(body)["messages"]
        opening = json.dumps([body.get("model"), next((one for one in messages if one["role"] == "user"), None)])
        asked = _Asked(dialect.unmarked(body), json.dumps(dialect.setting_of(body)))
        before = self._asked.get(opening)
        self._asked[opening] = asked
        problems: list[str] = []
        if before is None or all(message["role"] != "assistant" for message in messages):
            problems += dialect.cache_problems(body, 0)
        elif changed := _changed(before.said, asked.said):
            problems.append(f"the conversation's last request is no prefix of this one: {changed}")
        else:
            problems += dialect.cache_problems(body, len(before.said))
            if before.setting != asked.setting and not taken_up:
                problems.append("the rules, the tools or the cache key changed within the conversation")
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


def _changed(before: list[Any], now: list[Any]) -> str:
    """Return where the shorter is not the beginning of the longer, "" where it is.

    What was made smaller and says so is no change: a tool result that was cleared stands in its old place, and behind
    a user message that sums up what came before, nothing need be as it was.
    """
    for place, (old, new) in enumerate(zip(before, now, strict=False)):
        if old == new:
            continue
        if not any(mark in json.dumps(new) for mark in _MADE_SMALLER):
            return f"part {place} was {_short(old)} and is {_short(new)}"
        if new.get("role") == "user" and new.get("type") != "tool_result":
            return ""
    return ""


def _short(part: Any) -> str:
    said = json.dumps(part)
    return said if len(said) <= _SHOWN else f"{said[:_SHOWN]}…"
