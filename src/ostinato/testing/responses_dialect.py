"""Responses (OpenAI) as a strict server speaks it, nothing stored: what it demands of a request, how it answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ostinato.testing.answers import Answer, Event, call_id, parts, problems_of_turns, seal

path = "/responses"
end_mark: tuple[Event, ...] = ()
names_events = True

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_KEYS = {"model", "instructions", "input", "tools", "max_output_tokens", "reasoning"}
_KEYS |= {"store", "include", "prompt_cache_key", "stream"}
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
Item = dict[str, Any]


def normal_form(body: dict[str, Any]) -> dict[str, Any]:
    """Return the request in the form of Chat Completions, as handlers see it."""
    messages: list[dict[str, Any]] = []
    if body.get("instructions"):
        messages.append({"role": "system", "content": body["instructions"]})
    open_turn: dict[str, Any] | None = None
    for item in body["input"]:
        if item.get("type") == "function_call_output":
            messages.append({"role": "tool", "tool_call_id": item["call_id"], "content": item["output"]})
            open_turn = None
        elif item.get("role") == "user":
            messages.append({"role": "user", "content": _text_of(item)})
            open_turn = None
        else:
            if open_turn is None:
                open_turn = {"role": "assistant", "content": ""}
                messages.append(open_turn)
            _add(open_turn, item)
    normal = {"model": body["model"], "messages": messages, "stream": True}
    if "max_output_tokens" in body:
        normal["max_tokens"] = body["max_output_tokens"]
    tools = [{name: tool[name] for name in ("name", "description", "parameters")} for tool in body.get("tools", [])]
    return normal | ({"tools": [{"type": "function", "function": one} for one in tools]} if tools else {})


def _add(turn: dict[str, Any], item: Item) -> None:
    match item.get("type", "message"):
        case "function_call":
            function = {"name": item["name"], "arguments": item["arguments"]}
            turn.setdefault("tool_calls", []).append({"id": item["call_id"], "type": "function", "function": function})
        case "reasoning":
            turn["reasoning_content"] = "\n\n".join(part["text"] for part in item["summary"])
        case "message":
            turn["content"] += _text_of(item)


def _text_of(item: Item) -> str:
    content = item["content"]
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or part.get("refusal") or "" for part in content)


def unmarked(body: Mapping[str, Any]) -> list[Any]:
    """Return what the request says, item by item, as the conversation's next request must repeat it."""
    return list(body["input"])


def setting_of(body: Mapping[str, Any]) -> list[Any]:
    """Return what stays the same throughout a conversation: the rules, the tools, and the key of their cache."""
    return [body.get("instructions"), body.get("tools"), body.get("prompt_cache_key")]


def cache_problems(body: Mapping[str, Any], before: int) -> list[str]:
    """Return []: that the key is there and stays is checked elsewhere."""
    return []


def problems_of(body: Mapping[str, Any]) -> list[str]:
    """Return how a request breaks the protocol, as the vendor sees it; empty when it does not."""
    items = body.get("input")
    if not isinstance(items, list) or not items:
        return ["input must be a list that is not empty"]
    problems = [f"missing required parameter: {key}" for key in ("model", "stream") if not body.get(key)]
    problems += [f"unknown parameter: {key}" for key in sorted(set(body) - _KEYS)]
    if body.get("store") is not False or "reasoning.encrypted_content" not in body.get("include", []):
        problems.append("nothing may be stored, so encrypted reasoning must be asked for")
    if not 0 < len(body.get("prompt_cache_key", "")) <= 64:
        problems.append("prompt_cache_key is missing or too long")
    problems += [found for tool in body.get("tools", []) for found in _tool_problems(tool)]
    for number, item in enumerate(items):
        problems += [f"input[{number}]: {found}" for found in _item_problems(item)]
        if item.get("type") == "reasoning" and not _has_follower(items[number + 1 :]):
            problems.append(f"input[{number}]: reasoning was provided without its required following item")
    return problems or problems_of_turns(normal_form(dict(body))["messages"])


def _tool_problems(tool: Mapping[str, Any]) -> Iterator[str]:
    if tool.get("type") != "function" or not _NAME.fullmatch(str(tool.get("name"))):
        yield f"a tool without type or with a bad name: {tool}"
    if tool.get("parameters", {}).get("type") != "object" or "strict" not in tool:
        yield f"the parameters of {tool.get('name')} are no object, or strict is missing"


def _item_problems(item: Mapping[str, Any]) -> Iterator[str]:
    match item.get("type", "message"):
        case "message":
            if item.get("role") not in {"user", "assistant"} or not isinstance(item.get("content"), str | list):
                yield f"role or content is wrong: {item}"
        case "function_call":
            if not _NAME.fullmatch(str(item.get("call_id"))) or not _NAME.fullmatch(str(item.get("name"))):
                yield f"call_id and name must match {_NAME.pattern}"
            if not isinstance(item.get("arguments"), str):
                yield "arguments must be a string"
        case "function_call_output":
            if not isinstance(item.get("output"), str):
                yield "output must be a string"
        case "reasoning":
            words = "".join(part.get("text", "") for part in item.get("summary", []))
            if item.get("encrypted_content") != seal(words):
                yield "the encrypted content could not be verified"
        case kind:
            yield f"unknown type {kind!r}"


def _has_follower(rest: list[Item]) -> bool:
    """Tell whether the model said or called something after its reasoning."""
    for item in rest:
        if item.get("type") != "reasoning":
            return item.get("type") == "function_call" or item.get("role") == "assistant"
    return False


def reasoning_of(answer: Answer) -> Item | None:
    """Return the item that must come back with the calls of the answer."""
    return _reasoning(answer.reasoning) if answer.reasoning else None


def said_with(body: Mapping[str, Any], identifier: str) -> list[Any]:
    """Return the items of the assistant's turn that made the call with that id; [] where it is not there."""
    turn: list[Any] = []
    for item in [*body["input"], {"role": "user"}]:
        if item.get("role") == "user" or item.get("type") == "function_call_output":
            if any(one.get("call_id") == identifier for one in turn):
                return turn
            turn = []
        else:
            turn.append(item)
    return []


def error(answer: Answer) -> dict[str, Any]:
    """Return the body of a refusal."""
    empty = {"message": "", "type": "invalid_request_error", "param": None, "code": None}
    return {"error": empty | dict(answer.error or {})}


def events(answer: Answer, body: Mapping[str, Any]) -> Iterable[Event]:
    """Yield the events of a stream; `body` is the request in its normal form."""
    for number, event in enumerate(_unnumbered(answer, body)):
        yield {**event, "sequence_number": number}


def _unnumbered(answer: Answer, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    opening = _response(body, "in_progress", [])
    yield {"type": "response.created", "response": opening}
    yield {"type": "response.in_progress", "response": opening}
    for index, item in enumerate(_items(answer, body)):
        yield from _item_events(index, item)
    whole = document(answer, body)
    yield {"type": f"response.{whole['status']}", "response": whole}


def _item_events(index: int, item: Item) -> Iterator[dict[str, Any]]:
    place = {"item_id": item["id"], "output_index": index}
    match item["type"]:
        case "reasoning":
            begun = item | {"summary": [], "encrypted_content": "begun"}
            yield {"type": "response.output_item.added", "output_index": index, "item": begun}
            (part,) = item["summary"]
            place |= {"summary_index": 0}
            yield {"type": "response.reasoning_summary_part.added", **place, "part": part | {"text": ""}}
            for words in parts(part["text"]):
                yield {"type": "response.reasoning_summary_text.delta", **place, "delta": words}
            yield {"type": "response.reasoning_summary_text.done", **place, "text": part["text"]}
            yield {"type": "response.reasoning_summary_part.done", **place, "part": part}
        case "message":
            begun = item | {"content": [], "status": "in_progress"}
            yield {"type": "response.output_item.added", "output_index": index, "item": begun}
            (part,) = item["content"]
            kind = "refusal" if part["type"] == "refusal" else "output_text"
            logprobs: dict[str, Any] = {} if kind == "refusal" else {"logprobs": []}
            empty = {name: "" if name in {"text", "refusal"} else value for name, value in part.items()}
            yield {"type": "response.content_part.added", **place, "content_index": 0, "part": empty}
            for words in parts(part.get("text") or part.get("refusal")):
                yield {"type": f"response.{kind}.delta", **place, "content_index": 0, "delta": words, **logprobs}
            said = {"refusal": part["refusal"]} if kind == "refusal" else {"text": part["text"], **logprobs}
            yield {"type": f"response.{kind}.done", **place, "content_index": 0, **said}
            yield {"type": "response.content_part.done", **place, "content_index": 0, "part": part}
        case "function_call":
            begun = item | {"arguments": "", "status": "in_progress"}
            yield {"type": "response.output_item.added", "output_index": index, "item": begun}
            for words in parts(item["arguments"]):
                yield {"type": "response.function_call_arguments.delta", **place, "delta": words}
            done = {"name": item["name"], "arguments": item["arguments"]}
            yield {"type": "response.function_call_arguments.done", **place, **done}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def document(answer: Answer, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole answer as one document."""
    reason = _INCOMPLETE.get(answer.reason())
    whole = _response(body, "incomplete" if reason else "completed", list(_items(answer, body)))
    if reason:
        whole["incomplete_details"] = {"reason": reason}
    return whole if answer.usage is None else whole | {"usage": _usage(answer.usage)}


def _items(answer: Answer, body: Mapping[str, Any]) -> Iterator[Item]:
    turn = len(body.get("messages", []))
    if answer.reasoning:
        yield _reasoning(answer.reasoning)
    if answer.text:
        part = {"type": "output_text", "text": answer.text, "annotations": []}
        if answer.reason() == "refusal":
            part = {"type": "refusal", "refusal": answer.text}
        message = {"id": f"msg_{turn}", "type": "message", "role": "assistant", "status": "completed"}
        yield message | {"content": [part]}
    for index, call in enumerate(answer.tool_calls):
        made = {"id": f"fc_{turn}_{index}", "type": "function_call", "status": "completed"}
        yield made | {"call_id": call_id(call, index, body), "name": call.name, "arguments": call.text()}


def _reasoning(words: str) -> Item:
    summary = [{"type": "summary_text", "text": words}]
    return {"id": f"rs_{seal(words)[:8]}", "type": "reasoning", "summary": summary, "encrypted_content": seal(words)}


def _response(body: Mapping[str, Any], status: str, output: list[Item]) -> dict[str, Any]:
    fixed = {"id": "resp_1", "object": "response", "created_at": 0, "error": None, "incomplete_details": None}
    asked = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
    return {**fixed, **asked, "model": body.get("model", ""), "status": status, "output": output, "usage": None}


def _usage(used: Mapping[str, Any]) -> dict[str, Any]:
    details = used["prompt_tokens_details"]
    cache = {"cached_tokens": details["cached_tokens"], "cache_write_tokens": details.get("cache_write_tokens", 0)}
    return {
        "input_tokens": used["prompt_tokens"],
        "input_tokens_details": cache,
        "output_tokens": used["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": used["completion_tokens_details"]["reasoning_tokens"]},
        "total_tokens": used["total_tokens"],
    }
