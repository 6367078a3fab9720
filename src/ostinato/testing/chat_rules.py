"""What a strict Chat Completions server demands of a request. It checks the form, not what is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def problems_of(body: Mapping[str, Any]) -> list[str]:
    """Return how a request breaks the protocol, as strict servers see it; empty when it does not."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return ["messages must be a list that is not empty"]
    problems = [f"{key} is missing" for key in ("model", "stream") if not body.get(key)]
    if body.get("stream_options") != {"include_usage": True}:
        problems.append("usage is not asked for")
    return problems + _tool_problems(body) + _message_problems(messages)


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
    open_calls: set[str] = set()
    for number, message in enumerate(messages):
        role = message.get("role")
        if role not in {"system", "user", "assistant", "tool"} or (role == "system" and number):
            problems.append(f"message {number}: the role {role!r} is not allowed there")
        if not isinstance(message.get("content"), str):
            problems.append(f"message {number}: content is no text")
        if role == "tool":
            identifier = message.get("tool_call_id")
            if identifier not in open_calls:
                problems.append(f"message {number}: answers {identifier!r}, which was not asked or is answered already")
            open_calls.discard(str(identifier))
            continue
        if open_calls:
            problems.append(f"message {number}: {sorted(open_calls)} are not answered before it")
        calls = message.get("tool_calls", [])
        open_calls = {call.get("id") for call in calls}
        if len(open_calls) < len(calls) or "" in open_calls or None in open_calls:
            problems.append(f"message {number}: call ids are missing or doubled")
        if not all(isinstance(call.get("function", {}).get("arguments"), str) for call in calls):
            problems.append(f"message {number}: arguments are no text")
    if open_calls:
        problems.append(f"{sorted(open_calls)} are not answered")
    return problems
