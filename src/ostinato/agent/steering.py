"""What the loop may do to a conversation between two steps: hold it, tell it something, forbid the next call.

Values only: `agent.converse` asks, and whoever starts the conversation answers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ostinato.agent.limits import Gate
from ostinato.chat.messages import UserMessage

Inbox = Callable[[], Awaitable[tuple[UserMessage, ...]]]
"""Awaited before each model call, and before the gate: returns what is to be said first, each message once.

It may take its time (a paused goal); what it takes does not count against the conversation's limits.
"""


async def nothing_said() -> tuple[UserMessage, ...]:
    """Return no message: the inbox of a conversation that nobody speaks to."""
    return ()


@dataclass(frozen=True, slots=True)
class Steering:
    """The two questions that a conversation asks before each model call, in the order inbox, gate."""

    gate: Gate
    inbox: Inbox = nothing_said
