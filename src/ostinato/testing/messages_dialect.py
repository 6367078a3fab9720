"""Messages (Anthropic) as a strict server speaks it: what it demands of a request, and how it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ostinato.testing.answers import Answer, Event, call_id, parts, problems_of_turns, seal

path = "/messages"
end_mark: tuple[Event, ...] = ({"type": "message_stop"},)
names_events = True

_MOST_MARKERS = 4
_LOOK_BACK = 20
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_KEYS = {"model", "max_tokens", "system", "tools", "messages", "stream", "thinking", "output_config"}
_REASONS = {
    "stop": "end_turn",
    "tool_calls": "tool_use",
    "length": "max_tokens",
    "content_filter": "refusal",
}
_TYPES = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error"}
_TYPES |= {404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}
Block = dict[str, Any]


def normal_form(body: dict[str, Any]) -> dict[str, Any]:
    """Return the request in the form of Chat Completions, as handlers see it."""
    messages: list[dict[str, Any]] = []
    if body.get("system"):
        messages.append({"role": "system", "content": "\n".join(block["text"] for block in body["system"])})
    for turn in body["messages"]:
        if turn["role"] == "assistant":
            messages.append(_assistant(turn["content"]))
        else:
            messages += [_said(block) for block in turn["content"]]
    tools = [
        {"name": tool["name"], "description": tool["description"], "parameters": tool["input_schema"]}
        for tool in body.get("tools", [])
    ]
    normal = {"model": body["model"], "max_tokens": body["max_tokens"], "messages": messages, "stream": True}
    return normal | ({"tools": [{"type": "function", "function": one} for one in tools]} if tools else {})


def _assistant(blocks: list[Block]) -> dict[str, Any]:
    said: dict[str, Any] = {"role": "assistant", "content": _joined(blocks, "text")}
    if thoughts := _joined(blocks, "thinking"):
        said["reasoning_content"] = thoughts
    calls = [block for block in blocks if block["type"] == "tool_use"]
    if calls:
        said["tool_calls"] = [
            {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": text}}
            for call in calls
            for text in (json.dumps(call["input"]),)
        ]
    return said


def _joined(blocks: list[Block], kind: str) -> str:
    return "\n\n".join(block[kind] for block in blocks if block["type"] == kind)


def _said(block: Block) -> dict[str, Any]:
    if block["type"] == "text":
        return {"role": "user", "content": block["text"]}
    return {"role": "tool", "tool_call_id": block["tool_use_id"], "content": block["content"]}


def unmarked(body: Mapping[str, Any]) -> list[Any]:
    """Return what the request says, block by block without cache markers, as the next request must repeat it."""
    return [
        {"role": turn["role"], **{name: value for name, value in block.items() if name != "cache_control"}}
        for turn in body["messages"]
        for block in turn["content"]
    ]


def setting_of(body: Mapping[str, Any]) -> list[Any]:
    """Return what stays the same throughout a conversation, without cache markers: the rules and the tools."""
    return [_unmarked(body.get("system")), _unmarked(body.get("tools"))]


def _unmarked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unmarked(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _unmarked(item) for name, item in value.items() if name != "cache_control"}


def cache_problems(body: Mapping[str, Any], before: int) -> list[str]:
    """Return which markers are missing where they save most: behind what is fixed, at the end, at the former end.

    `before` is how many blocks the conversation's last request had, 0 in its first. The vendor looks for what it knows
    at a marker and some blocks before it.
    """
    fixed = [*body.get("tools", []), *body.get("system", [])]
    marked = [bool(block.get("cache_control")) for turn in body["messages"] for block in turn["content"]]
    problems = ["no cache marker behind the tools and rules"] if fixed and not _markers(fixed[-1]) else []
    if not marked[-1]:
        problems.append("no cache marker at the end of the conversation")
    if 0 < before <= len(marked) and not any(marked[before - 1 : before - 1 + _LOOK_BACK]):
        problems.append(f"no cache marker within {_LOOK_BACK} blocks of where the last request ended")
    return problems


def problems_of(body: Mapping[str, Any]) -> list[str]:
    """Return how a request breaks the protocol, as the vendor sees it; empty when it does not."""
    turns = body.get("messages")
    if not isinstance(turns, list) or not turns:
        return ["messages: at least one message is required"]
    problems = [f"{key}: field required" for key in ("model", "stream", "max_tokens") if not body.get(key)]
    problems += [f"{key}: extra inputs are not permitted" for key in sorted(set(body) - _KEYS)]
    if len(_markers(body)) > _MOST_MARKERS:
        problems.append(f"a maximum of {_MOST_MARKERS} blocks with cache_control may be provided")
    problems += [found for tool in body.get("tools", []) for found in _tool_problems(tool)]
    problems += [found for block in body.get("system", []) for found in _block_problems("system", block)]
    for number, turn in enumerate(turns):
        problems += _turn_problems(number, turn)
    return problems or problems_of_turns(normal_form(dict(body))["messages"])


def _markers(value: Any) -> list[Any]:
    """Return every cache marker, wherever it stands."""
    if isinstance(value, list):
        return [marker for item in value for marker in _markers(item)]
    if not isinstance(value, dict):
        return []
    own = [value["cache_control"]] if "cache_control" in value else []
    return own + [marker for item in value.values() for marker in _markers(item)]


def _tool_problems(tool: Mapping[str, Any]) -> Iterator[str]:
    if not _NAME.fullmatch(str(tool.get("name"))):
        yield f"tools: the name {tool.get('name')!r} does not match {_NAME.pattern}"
    if tool.get("input_schema", {}).get("type") != "object":
        yield f"tools: the input_schema of {tool.get('name')} is no object"
    if extra := set(tool) - {"name", "description", "input_schema", "cache_control"}:
        yield f"tools: extra inputs are not permitted: {sorted(extra)}"


def _turn_problems(number: int, turn: Mapping[str, Any]) -> list[str]:
    wanted = "assistant" if number % 2 else "user"
    if turn.get("role") != wanted:
        return [f"messages.{number}: roles must alternate, so this must be {wanted}"]
    blocks = turn.get("content")
    if not isinstance(blocks, list) or not blocks:
        return [f"messages.{number}: content must be a list of blocks that is not empty"]
    problems = [found for block in blocks for found in _block_problems(f"messages.{number}", block)]
    kinds = [block.get("type") for block in blocks]
    allowed = {"text", "tool_result"} if wanted == "user" else {"text", "tool_use", "thinking", "redacted_thinking"}
    if set(kinds) - allowed:
        problems.append(f"messages.{number}: {sorted(set(kinds) - allowed)} are not allowed in a {wanted} message")
    if kinds[-1] in {"thinking", "redacted_thinking"}:
        problems.append(f"messages.{number}: the final block in an assistant message cannot be {kinds[-1]}")
    if "tool_result" in kinds and kinds != sorted(kinds, key=lambda kind: kind != "tool_result"):
        problems.append(f"messages.{number}: tool_result blocks must come before all others")
    return problems


def _block_problems(place: str, block: Mapping[str, Any]) -> Iterator[str]:
    match block.get("type"):
        case "text":
            if not str(block.get("text", "")).strip():
                yield f"{place}: text content blocks must contain non-whitespace text"
        case "tool_use":
            if not isinstance(block.get("input"), dict):
                yield f"{place}: tool_use.input must be a dictionary"
            if not _NAME.fullmatch(str(block.get("id"))) or not _NAME.fullmatch(str(block.get("name"))):
                yield f"{place}: tool_use.id and name must match {_NAME.pattern}"
        case "tool_result":
            if not isinstance(block.get("content"), str) or (block.get("is_error") and not block["content"]):
                yield f"{place}: tool_result.content must be text, and not empty for an error"
        case "thinking":
            if block.get("signature") != seal(str(block.get("thinking"))):
                yield f"{place}: invalid signature in thinking block"
            if "cache_control" in block:
                yield f"{place}: thinking blocks cannot have cache_control"


def reasoning_of(answer: Answer) -> Block | None:
    """Return the block that must come back with the calls of the answer."""
    if not answer.reasoning:
        return None
    return {"type": "thinking", "thinking": answer.reasoning, "signature": seal(answer.reasoning)}


def said_with(body: Mapping[str, Any], identifier: str) -> list[Any]:
    """Return the blocks of the assistant message that made the call with that id; [] where it is not there."""
    for turn in body["messages"]:
        if any(block.get("type") == "tool_use" and block["id"] == identifier for block in turn["content"]):
            return list(turn["content"])
    return []


def error(answer: Answer) -> dict[str, Any]:
    """Return the body of a refusal."""
    said = {"type": _TYPES.get(answer.status, "api_error"), "message": "", **(answer.error or {})}
    return {"type": "error", "error": said, "request_id": "req_1"}


def events(answer: Answer, body: Mapping[str, Any]) -> Iterable[Event]:
    """Yield the events of a stream; `body` is the request in its normal form."""
    used = _usage(answer)
    start = {"input_tokens": 0, "output_tokens": 0} | {name: count for name, count in used.items() if "input" in name}
    opening = {**_frame(body), "content": [], "stop_reason": None, "stop_sequence": None}
    yield {"type": "message_start", "message": opening | ({"usage": start} if used else {})}
    yield {"type": "ping"}
    for index, block in enumerate(_blocks(answer, body)):
        yield from _block_events(index, block)
    delta = {"stop_reason": _reason(answer), "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta} | ({"usage": used} if used else {})


def _block_events(index: int, block: tuple[Block, str, str]) -> Iterator[Event]:
    opening, kind, words = block
    sealed = "signature" in opening
    begun = opening | ({"signature": ""} if sealed else {})
    yield {"type": "content_block_start", "index": index, "content_block": begun}
    name = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}[kind]
    for part in parts(words):
        yield {"type": "content_block_delta", "index": index, "delta": {"type": kind, name: part}}
    if sealed:
        signed = {"type": "signature_delta", "signature": opening["signature"]}
        yield {"type": "content_block_delta", "index": index, "delta": signed}
    yield {"type": "content_block_stop", "index": index}


def document(answer: Answer, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole answer as one document."""
    content = []
    for opening, kind, words in _blocks(answer, body):
        if kind == "input_json_delta":
            content.append(opening | {"input": json.loads(words)})
        else:
            content.append(opening | {kind.removesuffix("_delta"): words})
    used = {"usage": _usage(answer)} if answer.usage is not None else {}
    return {**_frame(body), "content": content, "stop_reason": _reason(answer), "stop_sequence": None, **used}


def _blocks(answer: Answer, body: Mapping[str, Any]) -> Iterator[tuple[Block, str, str]]:
    """Yield each block as it begins, the kind of its deltas, and the words that they bring."""
    if answer.reasoning:
        signed = {"type": "thinking", "thinking": "", "signature": seal(answer.reasoning)}
        yield signed, "thinking_delta", answer.reasoning
    if answer.text:
        yield {"type": "text", "text": ""}, "text_delta", answer.text
    for index, call in enumerate(answer.tool_calls):
        opening = {"type": "tool_use", "id": call_id(call, index, body), "name": call.name, "input": {}}
        yield opening, "input_json_delta", call.text()


def _frame(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": body.get("model", "")}


def _reason(answer: Answer) -> str:
    return _REASONS.get(answer.reason(), answer.reason())


def _usage(answer: Answer) -> dict[str, Any]:
    if answer.usage is None:
        return {}
    details = answer.usage["prompt_tokens_details"]
    cached, written = details["cached_tokens"], details.get("cache_write_tokens", 0)
    return {
        "input_tokens": answer.usage["prompt_tokens"] - cached - written,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": written,
        "output_tokens": answer.usage["completion_tokens"],
        "output_tokens_details": {"thinking_tokens": answer.usage["completion_tokens_details"]["reasoning_tokens"]},
    }
