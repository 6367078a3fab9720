"""A Request as the JSON body of the Responses protocol (published by OpenAI). Pure.

Nothing is stored at the vendor: each request holds the whole conversation, and reasoning travels encrypted. Keys are
in a fixed order, so that the same conversation gives the same bytes.
"""

from __future__ import annotations

from typing import Any, assert_never

from ostinato.chat.messages import AssistantMessage, Message, Request, ToolCall, ToolMessage, ToolSpec, UserMessage
from ostinato.models.cache_key import FIELD, cache_key
from ostinato.models.foreign_calls import safe_id, safe_name

ENCRYPTED = "reasoning.encrypted_content"
Item = dict[str, Any]


def request_body(
    model: str,
    request: Request,
    *,
    name: str,
    max_output_tokens: int | None = None,
    effort: str | None = None,
    encrypted: bool = True,
    keyed: bool = True,
) -> dict[str, Any]:
    """Return the body of one streaming call.

    `name` is `provider:model`, whose own native replies are sent as they came. `encrypted`: ask for reasoning that can
    be sent back. `keyed`: send a cache key.
    """
    body: dict[str, Any] = {"model": model}
    if request.system:
        body["instructions"] = request.system
    body["input"] = [item for message in request.messages for item in _items(message, name)]
    if request.tools:
        body["tools"] = [_tool(spec) for spec in request.tools]
    limit = request.max_output_tokens or max_output_tokens
    if limit:
        body["max_output_tokens"] = limit
    if effort:
        body["reasoning"] = {"effort": effort}
    body["store"] = False
    if encrypted:
        body["include"] = [ENCRYPTED]
    if keyed:
        body[FIELD] = cache_key(model, request.system, body.get("tools"))
    body["stream"] = True
    return body


def function_call(call: ToolCall) -> Item:
    """Return a call as an item, its arguments as the model wrote them."""
    named = {"call_id": safe_id(call.id), "name": safe_name(call.name)}
    return {"type": "function_call", **named, "arguments": call.arguments}


def _items(message: Message, name: str) -> list[Item]:
    match message:
        case UserMessage():
            return [{"role": "user", "content": message.text}]
        case ToolMessage():
            return [
                {"type": "function_call_output", "call_id": safe_id(message.call_id), "output": message.text},
            ]
        case AssistantMessage():
            if message.native is not None and message.native.model == name:
                return list(message.native.items)
            calls = [function_call(call) for call in message.tool_calls]
            # OpenAI can do without the type; llama.cpp takes a message of the assistant for nothing else.
            said = {"type": "message", "role": "assistant", "content": message.text}
            return [said, *calls] if message.text or not calls else calls
        case _:
            assert_never(message)


def _tool(spec: ToolSpec) -> Item:
    named = {"type": "function", "name": spec.name, "description": spec.description}
    # Strict schemas know no optional arguments, and ours have some.
    return {**named, "parameters": spec.parameters, "strict": False}
