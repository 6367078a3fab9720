"""A Request as the JSON body of the Messages protocol (published by Anthropic). Pure.

Turns alternate strictly: all results of one turn, and what the harness says after them, are one user message. Texts
are never blank and arguments always an object, since the vendor refuses the whole conversation else. Keys are in a
fixed order, so that the same conversation gives the same bytes.
"""

from __future__ import annotations

import json
from typing import Any, assert_never

from ostinato.chat.messages import AssistantMessage, Message, Request, ToolCall, ToolMessage, ToolSpec, UserMessage
from ostinato.models.foreign_calls import safe_id, safe_name

_NOTHING = "(empty)"
_MARKER = {"type": "ephemeral"}
Block = dict[str, Any]


def request_body(
    model: str, request: Request, *, name: str, max_output_tokens: int, effort: str | None = None
) -> dict[str, Any]:
    """Return the body of one streaming call.

    `name` is `provider:model`, whose own native replies are sent as they came. Four cache markers are set: behind
    tools and system prompt, behind the briefing, where the request before this one ended, and at the end.
    """
    body: dict[str, Any] = {"model": model, "max_tokens": request.max_output_tokens or max_output_tokens}
    if effort:
        body["thinking"] = {"type": "adaptive"}
        body["output_config"] = {"effort": effort}
    if request.system.strip():
        body["system"] = [{"type": "text", "text": request.system, "cache_control": _MARKER}]
    if request.tools:
        body["tools"] = [_tool(spec) for spec in request.tools]
        if "system" not in body:
            body["tools"][-1]["cache_control"] = _MARKER
    body["messages"] = _turns(request.messages, name)
    asked = [turn for turn in body["messages"] if turn["role"] == "user"]
    # The briefing's is found again after old results were cleared; the former end's when more blocks came since than
    # the vendor looks back.
    for turn in asked[:1] + asked[-2:]:
        turn["content"][-1]["cache_control"] = _MARKER
    body["stream"] = True
    return body


def tool_use(call: ToolCall) -> Block:
    """Return a call as a block of an assistant message."""
    return {
        "type": "tool_use",
        "id": safe_id(call.id),
        "name": safe_name(call.name),
        "input": input_object(call.arguments),
    }


def text_block(words: str) -> Block:
    """Return a text as a block."""
    return {"type": "text", "text": words}


def plain_blocks(message: AssistantMessage) -> list[Block]:
    """Return an assistant message as blocks, without what only its own model understands."""
    said = [text_block(message.text)] if message.text.strip() else []
    return said + [tool_use(call) for call in message.tool_calls]


def input_object(arguments: str) -> dict[str, Any]:
    """Return the arguments as an object; what is none is sent back under the name that the vendor advises."""
    try:
        parsed = json.loads(arguments or "{}", parse_constant=_no_json)
    except (ValueError, RecursionError):
        parsed = None
    return parsed if isinstance(parsed, dict) else {"INVALID_JSON": arguments}


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _turns(messages: tuple[Message, ...], name: str) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = []
    for message in messages:
        role, blocks = _blocks(message, name)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": role, "content": blocks})
    for turn in turns:
        turn["content"] = turn["content"] or [text_block(_NOTHING)]
    return turns


def _blocks(message: Message, name: str) -> tuple[str, list[Block]]:
    match message:
        case UserMessage():
            return "user", [text_block(message.text)] if message.text.strip() else []
        case ToolMessage():
            return "user", [_result(message)]
        case AssistantMessage():
            own = message.native is not None and message.native.model == name
            kept = [dict(item) for item in message.native.items] if own and message.native else []
            return "assistant", kept or plain_blocks(message)
        case _:
            assert_never(message)


def _result(message: ToolMessage) -> Block:
    result: Block = {"type": "tool_result", "tool_use_id": safe_id(message.call_id)}
    result["content"] = message.text if message.text.strip() else _NOTHING
    return {**result, "is_error": True} if message.is_error else result


def _tool(spec: ToolSpec) -> dict[str, Any]:
    return {"name": spec.name, "description": spec.description, "input_schema": spec.parameters}
