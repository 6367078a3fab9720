"""What is said to and by a model, free of any vendor's format. Pure values; adapters translate them.

A conversation is a system prompt and a list of messages. Each tool call of an assistant message is answered by exactly
one tool message with the same call id, before the next user or assistant message.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ostinato.base.spending import Spending


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants run. `arguments` is the raw JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class UserMessage:
    """Text from the harness or the person."""

    text: str
    role: Literal["user"] = "user"


@dataclass(frozen=True, slots=True)
class Native:
    """A reply in its vendor's own form: signed or encrypted reasoning, and the order of its parts.

    It goes back unchanged, and only to the model that made it (`provider:model`); any other is sent the plain text and
    calls of the message. `items` are JSON objects of that model's protocol.
    """

    model: str
    items: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    """What the model said. `reasoning` is kept for the reader, and sent back where a vendor demands it as text."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""
    native: Native | None = None
    role: Literal["assistant"] = "assistant"


def never_silent(message: AssistantMessage) -> AssistantMessage:
    """Return a reply as it may be sent back: servers refuse one that says and calls nothing."""
    if message.text.strip() or message.tool_calls:
        return message
    return replace(message, text="(empty answer)", native=None)


@dataclass(frozen=True, slots=True)
class ToolMessage:
    """The answer to one tool call, as the model sees it."""

    call_id: str
    name: str
    text: str
    is_error: bool = False
    role: Literal["tool"] = "tool"


Message = UserMessage | AssistantMessage | ToolMessage


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model is told of it; `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """One model call."""

    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The model's whole answer. `stop` is why it ended: `stop`, `tool_calls`, `length` or `refused`.

    `model` is who answered, as `provider:model`: with a fallback, not always the one that was asked first. `streamed`
    tells whether it came in pieces, `reported` whether the provider said what it took (else it is estimated).
    """

    message: AssistantMessage
    spending: Spending = field(default_factory=Spending)
    stop: str = "stop"
    model: str = ""
    streamed: bool = True
    reported: bool = True
