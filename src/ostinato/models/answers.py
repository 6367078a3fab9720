"""What the builders of all protocols share: parts of JSON read without trust, call ids, estimated sizes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ostinato.chat.messages import AssistantMessage, Request, ToolCall

BYTES_PER_TOKEN = 4


def table(value: Any) -> dict[str, Any]:
    """Return `value` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def tables(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list, in order; none of anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """Return `value` when it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def count(source: Any, name: str) -> int:
    """Return the whole number above 0 that `source` has under `name`, else 0."""
    value = source.get(name) if isinstance(source, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def estimate(size: int) -> int:
    """Return the estimated tokens of `size` bytes."""
    return -(-size // BYTES_PER_TOKEN)


def bytes_of(texts: Iterable[str]) -> int:
    """Return the size of all texts in UTF-8."""
    return sum(len(words.encode(errors="replace")) for words in texts)


def with_own_ids(calls: Iterable[ToolCall], request: Request) -> tuple[ToolCall, ...]:
    """Return the calls; ids that are missing, doubled or used in `request` already are replaced by new ones."""
    taken = {
        call.id for message in request.messages if isinstance(message, AssistantMessage) for call in message.tool_calls
    }
    number = 0
    renamed: list[ToolCall] = []
    for call in calls:
        identifier = call.id
        while not identifier or identifier in taken:
            number += 1
            identifier = f"call{number:05d}"  # nine letters and digits: the only form that every server takes
        taken.add(identifier)
        renamed.append(ToolCall(identifier, call.name, call.arguments))
    return tuple(renamed)
