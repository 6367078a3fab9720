"""Makes a conversation smaller without a model: old tool results give way to a line that says so. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ostinato.agent.limits import CLEAR_AT
from ostinato.agent.sizes import size_of
from ostinato.chat.messages import Message, Request, ToolMessage

KEPT_RESULTS = 6
_STUB = "(this older result was cleared to save room; call the tool again if you need it)"


def fits(request: Request, window: int) -> bool:
    """Tell whether the request leaves enough of the context window of `window` tokens."""
    return size_of(request) <= CLEAR_AT * window


def cleared(messages: Sequence[Message], keep: int = KEPT_RESULTS) -> list[Message]:
    """Return the messages with all but the `keep` newest tool results replaced by a stub; ids and order stay."""
    places = [place for place, message in enumerate(messages) if isinstance(message, ToolMessage)]
    old = set(places[: max(0, len(places) - keep)])
    return [
        replace(message, text=_STUB) if place in old and isinstance(message, ToolMessage) else message
        for place, message in enumerate(messages)
    ]
