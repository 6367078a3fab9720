"""A Request as the JSON body of the Chat Completions protocol (published by OpenAI, spoken by most servers). Pure.

Keys are in a fixed order, so that the same conversation gives the same bytes and the provider's prefix cache holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, assert_never

from ostinato.chat.messages import AssistantMessage, Message, Request, ToolMessage, ToolSpec, UserMessage
from ostinato.models.cache_key import FIELD, cache_key


def request_body(
    model: str,
    request: Request,
    *,
    limit_field: str = "max_tokens",
    max_output_tokens: int | None = None,
    made: Callable[[Sequence[Message]], list[dict[str, Any]]] | None = None,
    effort: str | None = None,
    keyed: bool = False,
) -> dict[str, Any]:
    """Return the body of one streaming call.

    `limit_field` is what this server calls the output limit, sent only when there is one. `made` makes the messages, as
    `message_body` does. `effort` is how much the model shall reason. `keyed`: send a cache key, which servers other
    than OpenAI's may refuse.
    """
    messages: list[dict[str, Any]] = []
    if request.system:
        messages.append(_system(request.system))
    messages += made(request.messages) if made else [message_body(message, None) for message in request.messages]
    body: dict[str, Any] = {"model": model, "messages": messages}
    if request.tools:
        body["tools"] = [_tool(spec) for spec in request.tools]
    limit = request.max_output_tokens or max_output_tokens
    if limit:
        body[limit_field] = limit
    if effort:
        body["reasoning_effort"] = effort
    if keyed:
        body[FIELD] = cache_key(model, request.system, body.get("tools"))
    body["stream"] = True
    body["stream_options"] = {"include_usage": True}
    return body


@lru_cache(8)
def _system(text: str) -> dict[str, Any]:
    """Return the same object for the same text: who remembers messages by identity remembers it too."""
    return {"role": "system", "content": text}


def message_body(message: Message, reasoning_field: str | None) -> dict[str, Any]:
    """Return one message as the protocol has it.

    `reasoning_field` is the name under which the server sent its reasoning and wants it back, None where it does not.
    """
    match message:
        case UserMessage():
            return {"role": "user", "content": message.text}
        case ToolMessage():
            return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
        case AssistantMessage():
            return _assistant(message, reasoning_field)
        case _:
            assert_never(message)


def _assistant(message: AssistantMessage, reasoning_field: str | None) -> dict[str, Any]:
    # Never null and never absent: several servers answer 500 to a turn of tool calls without a content text.
    said: dict[str, Any] = {"role": "assistant", "content": message.text}
    if not message.tool_calls:
        return said
    if reasoning_field and message.reasoning:
        said[reasoning_field] = message.reasoning
    said["tool_calls"] = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in message.tool_calls
    ]
    return said


def _tool(spec: ToolSpec) -> dict[str, Any]:
    function = {"name": spec.name, "description": spec.description, "parameters": spec.parameters}
    return {"type": "function", "function": function}
