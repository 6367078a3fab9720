"""Ids and names of calls that one vendor's model made, brought into a form that every other takes. Pure.

Vendors differ in what they take as the id of a tool call: Anthropic and Bedrock letters, digits, `_` and `-`, 64 at
most; OpenAI 40 characters; Mistral exactly nine letters and digits. Nine letters and digits pass everywhere.

There are two ways. `with_portable_ids` numbers the ids of a whole conversation, so that they fit the narrowest form and
none is there twice. `safe_id` looks at one id alone, as whoever keeps a reply in its vendor's own form must.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import replace
from hashlib import sha256

from ostinato.chat.messages import AssistantMessage, Message, Request, ToolCall, ToolMessage

NINE = re.compile(r"[A-Za-z0-9]{9}")
"""What passes everywhere."""
USUAL = re.compile(r"[A-Za-z0-9_-]{1,40}")
"""What passes everywhere but at Mistral."""

_LONGEST = 64
_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")


def safe_id(identifier: str) -> str:
    """Return the id, or one of letters, digits, `_` and `-` that only this id is turned into."""
    return identifier if _is_safe(identifier) else _replaced(identifier, 40)


def safe_name(name: str) -> str:
    """Return a tool's name as every vendor takes it; models call tools that there are not."""
    return name if _is_safe(name) else _replaced(name, _LONGEST - 9)


def ids_in_native(request: Request, model: str) -> set[str]:
    """Return the ids of the calls that go back to `model` in its own form, which is not ours to change."""
    messages = (message for message in request.messages if isinstance(message, AssistantMessage))
    own = (message for message in messages if message.native is not None and message.native.model == model)
    return {call.id for message in own for call in message.tool_calls}


def without_reasoning_of(request: Request, calls: Set[str]) -> Request:
    """Return the request without the reasoning that led to these calls: a vendor is sent its own alone."""
    return replace(request, messages=tuple(_unreasoned(message, calls) for message in request.messages))


def with_portable_ids(request: Request, own: Set[str], form: re.Pattern[str]) -> Request:
    """Return the request with new ids for calls that neither have the `form` nor are the asked model's `own`.

    A call and its answer keep the same id. The same conversation, grown by further messages, gives the same ids, so
    that the provider's prefix cache holds.
    """
    taken = {call.id for message in request.messages for call in _calls(message)}
    new: dict[str, str] = {}
    number = 0
    for message in request.messages:
        for call in _calls(message):
            if call.id in own or form.fullmatch(call.id) or call.id in new:
                continue
            number += 1
            while f"call{number:05d}" in taken:
                number += 1
            new[call.id] = f"call{number:05d}"
    if not new:
        return request
    return replace(request, messages=tuple(_renamed(message, new) for message in request.messages))


def _is_safe(word: str) -> bool:
    return 0 < len(word) <= _LONGEST and not _FOREIGN.search(word)


def _replaced(word: str, longest: int) -> str:
    digest = sha256(word.encode(errors="replace")).hexdigest()[:8]
    return f"{_FOREIGN.sub('_', word)[:longest]}-{digest}"


def _calls(message: Message) -> tuple[ToolCall, ...]:
    return message.tool_calls if isinstance(message, AssistantMessage) else ()


def _unreasoned(message: Message, calls: Set[str]) -> Message:
    if isinstance(message, AssistantMessage) and any(call.id in calls for call in message.tool_calls):
        return replace(message, reasoning="")
    return message


def _renamed(message: Message, new: dict[str, str]) -> Message:
    if isinstance(message, ToolMessage):
        return replace(message, call_id=new.get(message.call_id, message.call_id))
    if isinstance(message, AssistantMessage) and any(call.id in new for call in message.tool_calls):
        calls = tuple(replace(call, id=new.get(call.id, call.id)) for call in message.tool_calls)
        return replace(message, tool_calls=calls)
    return message
