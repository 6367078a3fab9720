"""The file that `scripted:FILE` plays: its format, and reading it strictly. It plays nothing itself.

JSON, UTF-8. This docstring is the format's source; unknown keys are errors, so that a slip of the pen shows at once.

    {"version": 1,
     "context_window": 128000,                    optional, tokens
     "conversations": [CONVERSATION, …],          the first whose `when` matches is played
     "otherwise": [REPLY, …]}                     optional, for requests that no conversation matches

    CONVERSATION  {"when": WHEN, "replies": [REPLY, …]}
    WHEN          all given conditions must hold; none given matches everything. TEXTS is a text or a list of texts.
        "system_contains": TEXTS                  in the system prompt
        "user_contains": TEXTS                    in the first user message
        "task": "title"                           the first user message has the line `## Task: {id} title`
        "attempt": n                              the first user message has a line `Attempt: n of …`
        "tool": "name"                            a tool of this name is offered
    REPLY         one model call; its place in the list is the number of assistant messages in the request
        "text": "…", "reasoning": "…"             what the model says
        "tool_calls": [{"name": "…", "arguments": {…} or "raw text", "id": "…"}]     id optional
        "stop": "stop" | "tool_calls" | "length" | "refused"      optional
        "usage": {"input", "cached_input", "cache_write", "output", "reasoning": n, "cost_usd": x, "known_usd": x}
                                                  without it estimated at four bytes a token, costing nothing
        "delay": seconds                          waited before anything else
        "expect": {"last_contains", "tool_result_contains", "system_contains", "user_contains", "lacks": TEXTS}
                                                  the last message; the tool results since the last reply; the system
                                                  prompt; the first user message; nowhere in the request
        "error": {"status": n, "code"?, "type"?, "message"?, "headers"?: {…}}   as if the provider had answered so
                 {"kind": "connection" | "cut" | "garbage"}                     retried like the real thing
                 {"kind": "refused" | "context" | "down" | "unsteady"}          raised at once
                 "times": n                       only the first n tries fail, then the rest of the entry is the reply
        "find": {"name": "regular expression"}    its last match in the conversation (group 1 if there is one) stands
                                                  for `<<name>>` in text and arguments: ids made at run time

A file that `--record` wrote (`models.recording_file`) is played as a script too: its conversations are chosen by task
and attempt, and an `expect` that is written beside a recorded reply holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ostinato.base.errors import ConfigError
from ostinato.base.spending import Spending
from ostinato.models.recording_file import is_recording

T = TypeVar("T")
STOPS = ("stop", "tool_calls", "length", "refused")
RETRIED_KINDS = ("connection", "cut", "garbage")
FINAL_KINDS = ("refused", "context", "down", "unsteady")
_USAGE = ("input", "cached_input", "cache_write", "output", "reasoning")


@dataclass(frozen=True, slots=True)
class When:
    """The conditions of a conversation; empty and None mean no condition."""

    system_contains: tuple[str, ...] = ()
    user_contains: tuple[str, ...] = ()
    task: str | None = None
    attempt: int | None = None
    tool: str | None = None


@dataclass(frozen=True, slots=True)
class Expect:
    """What a request must hold when a reply is asked for."""

    last_contains: tuple[str, ...] = ()
    tool_result_contains: tuple[str, ...] = ()
    system_contains: tuple[str, ...] = ()
    user_contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScriptedError:
    """A failure to play: `status` or `kind`, one of them set; `times` None fails at every try."""

    status: int | None = None
    kind: str | None = None
    code: str = ""
    type: str = ""
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    times: int | None = None


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    """A tool call to play; an empty id is filled in."""

    name: str
    arguments: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class ScriptedReply:
    """One entry of a conversation."""

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ScriptedCall, ...] = ()
    stop: str | None = None
    usage: Spending | None = None
    delay: float = 0.0
    expect: Expect = field(default_factory=Expect)
    error: ScriptedError | None = None
    find: dict[str, re.Pattern[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conversation:
    """Replies in order, for the requests that `when` matches; `place` names it in messages."""

    place: str
    when: When
    replies: tuple[ScriptedReply, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A whole file; `otherwise` matches everything and comes last among the conversations."""

    path: Path
    context_window: int | None
    conversations: tuple[Conversation, ...]


def read_script(path: Path) -> Script:
    """Read and check the whole file. Raises ConfigError that names the file and the place in it."""
    try:
        text = path.read_text(encoding="utf-8")
        if is_recording(text):
            # Late: models.recording is heavier than a script.
            from ostinato.models.recording import script_of

            document = script_of(text, path)
        else:
            document = json.loads(text)
    except OSError as error:
        raise ConfigError(f"cannot read the script {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"the script {path} is not JSON: {error}") from error
    top = _Place(str(path), document, len(f"{path}: "))
    top.only("version", "context_window", "conversations", "otherwise")
    if top.take("version", _whole) != 1:
        raise top.wrong("version must be 1")
    conversations = [_conversation(place) for place in top.items("conversations")]
    if top.has("otherwise"):
        replies = tuple(_reply(place) for place in top.items("otherwise"))
        conversations.append(Conversation("otherwise", When(), replies))
    return Script(path, top.take("context_window", _whole, None), tuple(conversations))


def _conversation(place: _Place) -> Conversation:
    place.only("when", "replies")
    when = place.child("when")
    when.only("system_contains", "user_contains", "task", "attempt", "tool")
    conditions = When(
        system_contains=when.take("system_contains", _texts, ()),
        user_contains=when.take("user_contains", _texts, ()),
        task=when.take("task", _text, None),
        attempt=when.take("attempt", _whole, None),
        tool=when.take("tool", _text, None),
    )
    return Conversation(place.name[place.root :], conditions, tuple(_reply(item) for item in place.items("replies")))


def _reply(place: _Place) -> ScriptedReply:
    place.only("text", "reasoning", "tool_calls", "stop", "usage", "delay", "expect", "error", "find")
    stop = place.take("stop", _text, None)
    if stop not in (None, *STOPS):
        raise place.wrong(f"stop must be one of {', '.join(STOPS)}")
    expect = place.child("expect")
    names = ("last_contains", "tool_result_contains", "system_contains", "user_contains", "lacks")
    expect.only(*names)
    return ScriptedReply(
        text=place.take("text", _text, ""),
        reasoning=place.take("reasoning", _text, ""),
        tool_calls=tuple(_call(item) for item in place.items("tool_calls")),
        stop=stop,
        usage=_usage(place.child("usage")) if place.has("usage") else None,
        delay=place.take("delay", _number, 0.0),
        expect=Expect(**{name: expect.take(name, _texts, ()) for name in names}),
        error=_error(place.child("error")) if place.has("error") else None,
        find=place.take("find", _patterns, {}),
    )


def _call(place: _Place) -> ScriptedCall:
    place.only("name", "arguments", "id")
    return ScriptedCall(
        place.take("name", _text), place.take("arguments", _arguments, "{}"), place.take("id", _text, "")
    )


def _usage(place: _Place) -> Spending:
    place.only(*_USAGE, "cost_usd", "known_usd")
    counts = {name: place.take(name, _whole, 0) for name in _USAGE}
    cost, known = place.take("cost_usd", _number, 0.0), place.take("known_usd", _number, 0.0)
    return Spending(**counts, calls=1, cost_usd=cost, known_usd=known)


def _error(place: _Place) -> ScriptedError:
    place.only("status", "kind", "code", "type", "message", "headers", "times")
    status, kind = place.take("status", _whole, None), place.take("kind", _text, None)
    if (status is None) == (kind is None):
        raise place.wrong("needs either status or kind")
    if kind not in (None, *RETRIED_KINDS, *FINAL_KINDS):
        raise place.wrong(f"kind must be one of {', '.join((*RETRIED_KINDS, *FINAL_KINDS))}")
    if status is not None and not 300 <= status < 600:
        raise place.wrong("status must be from 300 to 599")
    return ScriptedError(
        status=status,
        kind=kind,
        code=place.take("code", _text, ""),
        type=place.take("type", _text, ""),
        message=place.take("message", _text, ""),
        headers={name.lower(): value for name, value in place.take("headers", _headers, {}).items()},
        times=place.take("times", _whole, None),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """A JSON object and where it stands, so that complaints can name it; `root` is how long the file's part is."""

    name: str
    value: Any
    root: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.value, dict):
            raise self.wrong("must be an object")

    def wrong(self, what: str) -> ConfigError:
        return ConfigError(f"script: {self.name}: {what}")

    def has(self, key: str) -> bool:
        return key in self.value

    def only(self, *names: str) -> None:
        unknown = sorted(set(self.value) - set(names))
        if unknown:
            raise self.wrong(f"unknown key {unknown[0]!r} (known: {', '.join(names)})")

    def take(self, key: str, read: Callable[[Any], T], *default: Any) -> T:
        if key not in self.value:
            if not default:
                raise self.wrong(f"{key} is missing")
            missing: T = default[0]
            return missing
        try:
            return read(self.value[key])
        except ValueError as error:
            raise self.wrong(f"{key} {error}") from error

    def child(self, key: str) -> _Place:
        return _Place(f"{self.name}: {key}", self.value.get(key, {}), self.root)

    def items(self, key: str) -> list[_Place]:
        values = self.take(key, _list, [])
        return [_Place(f"{self.name}: {key}[{number}]", value, self.root) for number, value in enumerate(values)]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in values):
        raise ValueError("must be a text or a list of texts")
    return tuple(values)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("must be a whole number, 0 or more")
    return value


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        raise ValueError("must be a number, 0 or more")
    return float(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("must be a list")
    return value


def _arguments(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        raise ValueError("must be an object, or a text that is sent as it stands")
    return json.dumps(value, ensure_ascii=False)


def _headers(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ValueError("must be an object of texts")
    return value


def _patterns(value: Any) -> dict[str, re.Pattern[str]]:
    try:
        return {name: re.compile(pattern) for name, pattern in _headers(value).items()}
    except re.error as error:
        raise ValueError(f"holds no regular expression: {error}") from error
