"""signal: ends the conversation. What it says is no verdict."""

from __future__ import annotations

from ostinato.agent.ports import Signal, ToolResult
from ostinato.base.text import sendable
from ostinato.tools.tool import TEXT, Arguments, Tool, ToolRefusal

_OUTCOMES = ("complete", "blocked")


def signal_tool() -> Tool:
    """Return the tool."""
    return Tool(
        "signal",
        "End the conversation: `complete`, or `blocked` with what is missing.",
        _signal,
        {"outcome": {"type": "string", "enum": list(_OUTCOMES)}, "message": TEXT},
        ("outcome", "message"),
    )


async def _signal(arguments: Arguments) -> ToolResult:
    outcome, message = arguments["outcome"], sendable(arguments["message"])
    if outcome not in _OUTCOMES:
        raise ToolRefusal(f"outcome must be complete or blocked, not {outcome!r}")
    return ToolResult("the conversation ends", signal=Signal(outcome, message), summary=f"{outcome}: {message}")
