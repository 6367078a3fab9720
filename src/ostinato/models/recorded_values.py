"""Requests, replies and provider errors as the values of a recording, and back. Pure.

A request is compact: `system` and `tools` whole, of the messages those that the request before it in the same
conversation did not have: `keep` says how many of that one's messages stay, counted from the first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeGuard

from ostinato.agent.ports import (
    ContextTooLong,
    GivenUp,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderUnsteady,
)
from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage, Native, Reply, Request, ToolCall

ERRORS: Mapping[str, type[ProviderError]] = {
    "refused": ProviderRefused,
    "context": ContextTooLong,
    "down": ProviderDown,
    "unsteady": ProviderUnsteady,
    "given_up": GivenUp,
}
_USAGE = ("input", "cached_input", "cache_write", "output", "reasoning", "calls")


def message_value(message: Any) -> dict[str, Any]:
    """Return a message as a JSON object; what a vendor made of it is one text."""
    value = {name: held for name, held in asdict(message).items() if held not in ("", (), None, False)}
    if "native" in value:
        value["native"] = json.dumps(value["native"], ensure_ascii=False, sort_keys=True)
    return value


def request_value(request: Request) -> dict[str, Any]:
    """Return the whole request as a JSON object."""
    return {
        "system": request.system,
        "tools": [
            {"name": t.name, "description": t.description, "parameters": json.dumps(t.parameters, sort_keys=True)}
            for t in request.tools
        ],
        "max_output_tokens": request.max_output_tokens,
        "messages": [message_value(message) for message in request.messages],
    }


def canonical(value: Any) -> str:
    """Return a JSON value as the one text that its digest is made of."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def compacted(value: Mapping[str, Any], before: Sequence[Any]) -> dict[str, Any]:
    """Return a request without the messages that it shares with `before`, from the first on."""
    messages = value["messages"]
    keep = 0
    for mine, other in zip(messages, before, strict=False):
        if mine != other:
            break
        keep += 1
    return {**value, "messages": messages[keep:], "keep": keep}


def unfolded(value: Mapping[str, Any], before: Sequence[Any]) -> dict[str, Any]:
    """Return the whole request again. Raises ValueError where `before` is not what it was made with."""
    keep, messages, tools = value.get("keep"), value.get("messages"), value.get("tools")
    if not isinstance(keep, int) or not _objects(messages) or not 0 <= keep <= len(before):
        raise ValueError("the request does not follow from the one before it")
    if not _objects(tools) or not isinstance(value.get("system"), str):
        raise ValueError("the request lacks its tools or its system prompt")
    return {**{k: v for k, v in value.items() if k != "keep"}, "messages": [*before[:keep], *messages]}


def _objects(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def spending_value(spending: Spending) -> dict[str, Any]:
    """Return spending as a JSON object."""
    return asdict(spending)


def spending_of(value: Any) -> Spending:
    """Return spending from a recording. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError("usage must be an object")
    counts = {name: value.get(name, 0) for name in _USAGE}
    cost = value.get("cost_usd")
    if not all(isinstance(count, int) for count in counts.values()) or not isinstance(cost, int | float | None):
        raise ValueError("usage must hold numbers")
    return Spending(**counts, cost_usd=cost)


def reply_value(reply: Reply) -> dict[str, Any]:
    """Return a reply as scripts have it, with what only a recording knows."""
    message = reply.message
    native = message.native
    return {
        "text": message.text,
        "reasoning": message.reasoning,
        "tool_calls": [asdict(call) for call in message.tool_calls],
        "stop": reply.stop,
        "usage": spending_value(reply.spending),
        "model": reply.model,
        "streamed": reply.streamed,
        "reported": reply.reported,
        "native": native and json.dumps(asdict(native), ensure_ascii=False, sort_keys=True),
    }


def reply_of(value: Mapping[str, Any]) -> Reply:
    """Return the reply of a recording. Raises ValueError where it is none."""
    try:
        calls = tuple(ToolCall(call["id"], call["name"], call["arguments"]) for call in value["tool_calls"])
        native = json.loads(value["native"]) if value.get("native") else None
        message = AssistantMessage(
            value["text"],
            calls,
            value["reasoning"],
            None if native is None else Native(native["model"], tuple(native["items"])),
        )
        spent = spending_of(value["usage"])
        reply = Reply(message, spent, value["stop"], value["model"])
        return replace(reply, streamed=bool(value["streamed"]), reported=bool(value["reported"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"the reply lacks something, or it is of the wrong type: {error}") from error


def error_value(error: ProviderError) -> dict[str, Any]:
    """Return a provider's failure as a JSON object."""
    kind = next((name for name, one in ERRORS.items() if isinstance(error, one)), "down")
    spent = spending_value(error.spending)
    return {"kind": kind, "message": error.message, "status": error.status, "usage": spent}


def error_of(value: Mapping[str, Any]) -> ProviderError:
    """Return the failure of a recording. Raises ValueError where it is none."""
    made = ERRORS.get(str(value.get("kind")))
    if made is None:
        raise ValueError(f"kind must be one of {', '.join(ERRORS)}")
    return made(str(value.get("message")), status=value.get("status"), spending=spending_of(value.get("usage")))
