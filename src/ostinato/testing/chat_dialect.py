"""Chat Completions as a strict server speaks it: what it demands of a request, and how it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ostinato.testing.answers import Answer, Event, call_id, parts, problems_of_turns

path = "/chat/completions"
end_mark: tuple[Event, ...] = ("[DONE]",)
names_events = False

_KEYS = {"model", "messages", "tools", "max_tokens", "max_completion_tokens", "reasoning_effort"}
_KEYS |= {"stream", "stream_options"}
_MESSAGE_KEYS = {
    "system": {"role", "content"},
    "user": {"role", "content"},
    "assistant": {"role", "content", "tool_calls", "reasoning_content"},
    "tool": {"role", "content", "tool_call_id"},
}


def normal_form(body: dict[str, Any]) -> dict[str, Any]:
    """Return the request as handlers see it: this protocol's own form."""
    return body


def unmarked(body: Mapping[str, Any]) -> list[Any]:
    """Return what is said beside the rules, message by message, as the conversation's next request must repeat it."""
    return [message for message in body.get("messages", []) if message.get("role") != "system"]


def problems_of(body: Mapping[str, Any]) -> list[str]:
    """Return how a request breaks the protocol, as strict servers see it; empty when it does not.

    They know no field beyond the few that are common to all: `prompt_cache_key`, say, is OpenAI's alone.
    """
    unknown = [f"unrecognized request argument supplied: {key}" for key in sorted(set(body) - _KEYS)]
    messages = body.get("messages")
    for number, message in enumerate(messages if isinstance(messages, list) else ()):
        extra = set(message) - _MESSAGE_KEYS.get(str(message.get("role")), set(message))
        unknown += [f"unknown parameter: messages[{number}].{key}" for key in sorted(extra)]
    return unknown + problems_beside_fields(body)


def problems_beside_fields(body: Mapping[str, Any]) -> list[str]:
    """Return the same for a server that takes fields of its own."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return ["messages must be a list that is not empty"]
    problems = [f"{key} is missing" for key in ("model", "stream") if not body.get(key)]
    if body.get("stream_options") != {"include_usage": True}:
        problems.append("usage is not asked for")
    return problems + _tool_problems(body) + _message_problems(messages) + problems_of_turns(messages)


def _tool_problems(body: Mapping[str, Any]) -> list[str]:
    problems = []
    for tool in body.get("tools", []):
        function = tool.get("function", {})
        if tool.get("type") != "function" or not function.get("name"):
            problems.append(f"a tool without type or name: {tool}")
        elif function.get("parameters", {}).get("type") != "object":
            problems.append(f"the parameters of {function['name']} are no object")
    return problems + (["tools must not be empty"] if body.get("tools") == [] else [])


def _message_problems(messages: list[dict[str, Any]]) -> list[str]:
    problems: list[str] = []
    for number, message in enumerate(messages):
        role = message.get("role")
        if role not in {"system", "user", "assistant", "tool"} or (role == "system" and number):
            problems.append(f"message {number}: the role {role!r} is not allowed there")
        if not isinstance(message.get("content"), str):
            problems.append(f"message {number}: content is no text")
        calls = message.get("tool_calls", [])
        if not all(isinstance(call.get("function", {}).get("arguments"), str) for call in calls):
            problems.append(f"message {number}: arguments are no text")
    return problems


def setting_of(body: Mapping[str, Any]) -> list[Any]:
    """Return what stays the same throughout a conversation: the rules and the tools."""
    rules = [message for message in body.get("messages", []) if message.get("role") == "system"]
    return [rules, body.get("tools")]


def cache_problems(body: Mapping[str, Any], before: int) -> list[str]:
    """Return []: here caches need no marks."""
    return []


def reasoning_of(answer: Answer) -> dict[str, Any] | None:
    """Return None: this protocol's servers do without."""
    return None


def said_with(body: Mapping[str, Any], identifier: str) -> list[Any]:
    """Return []: no reasoning is looked for."""
    return []


def error(answer: Answer) -> dict[str, Any]:
    """Return the body of a refusal."""
    kind = "invalid_request_error" if answer.status < 500 else "server_error"
    return {"error": {"message": "", "type": kind, "param": None, "code": None, **(answer.error or {})}}


def events(answer: Answer, body: Mapping[str, Any]) -> Iterable[Event]:
    """Yield the events of a stream; `body` is the request in its normal form."""
    for chunk in _chunks(answer, body):
        # Usage was asked for, so each chunk has the field.
        yield {"usage": None, **chunk}


def _chunks(answer: Answer, body: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    yield _chunk(body, {"role": "assistant", "content": ""})
    for name, words in (("reasoning_content", answer.reasoning), ("content", answer.text)):
        for part in parts(words):
            yield _chunk(body, {name: part})
    for index, call in enumerate(answer.tool_calls):
        opening = {"id": call_id(call, index, body), "type": "function"}
        function = {"name": call.name, "arguments": ""}
        yield _chunk(body, {"tool_calls": [{"index": index, **opening, "function": function}]})
        for part in parts(call.text()):
            yield _chunk(body, {"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    yield _chunk(body, {}, answer.reason())
    if answer.usage is not None:
        yield {**_frame(body), "choices": [], "usage": dict(answer.usage)}


def document(answer: Answer, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole answer as one document."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.tool_calls:
        message["tool_calls"] = [
            {"id": call_id(call, index, body), "type": "function", "function": {"name": call.name, "arguments": text}}
            for index, call in enumerate(answer.tool_calls)
            for text in (call.text(),)
        ]
    whole = {**_frame(body), "object": "chat.completion"}
    whole["choices"] = [{"index": 0, "message": message, "finish_reason": answer.reason()}]
    return whole if answer.usage is None else {**whole, "usage": dict(answer.usage)}


def _frame(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": body.get("model", "")}


def _chunk(body: Mapping[str, Any], delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {**_frame(body), "choices": [{"index": 0, "delta": dict(delta), "finish_reason": finish, "logprobs": None}]}
