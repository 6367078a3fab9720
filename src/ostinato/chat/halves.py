"""Halves of surrogate pairs in what a model said: JSON can say them, but no database and no vendor takes them. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ostinato.base.text import sendable, whole
from ostinato.chat.messages import AssistantMessage, Native, ToolCall


def kept_whole(message: AssistantMessage) -> AssistantMessage:
    """Return the message as it can be kept and sent back; the id of a call stays the same in all its places."""
    return replace(
        message,
        text=sendable(message.text),
        reasoning=sendable(message.reasoning),
        tool_calls=tuple(
            ToolCall(whole(call.id), whole(call.name), whole(call.arguments)) for call in message.tool_calls
        ),
        native=message.native and Native(message.native.model, tuple(map(whole_value, message.native.items))),
    )


def whole_value(value: Any) -> Any:
    """Return a JSON value with each text in it whole."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {whole(name): whole_value(held) for name, held in value.items()}
    return [whole_value(held) for held in value] if isinstance(value, list) else value
