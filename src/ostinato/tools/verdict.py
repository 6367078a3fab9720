"""verdict: what a reviewer says of other agents' work. It ends the reviewer's conversation."""

from __future__ import annotations

from ostinato.agent.ports import Signal, ToolResult
from ostinato.base.text import clip, many, one_line, sendable
from ostinato.graph.opinion import Opinion
from ostinato.tools.tool import FLAG, TEXTS, Arguments, Tool, ToolRefusal

MOST = 10
_LONGEST = 1_000


class VerdictBook:
    """The verdict of one conversation, None until it was given."""

    def __init__(self) -> None:
        self._given: Opinion | None = None

    def opinion(self) -> Opinion | None:
        """Return what the reviewer said."""
        return self._given

    def tool(self) -> Tool:
        """Return the tool."""
        said = "Approve the work, or reject it with reasons (path and line, what happens, what should), and end."
        return Tool("verdict", said, self._take, {"approve": FLAG, "reasons": TEXTS}, ("approve",))

    async def _take(self, arguments: Arguments) -> ToolResult:
        approve = bool(arguments["approve"])
        given = (one if isinstance(one, str) else str(one) for one in arguments.get("reasons", ()))
        reasons = tuple(clip(sendable(one.strip()), _LONGEST) for one in given if one.strip())[:MOST]
        if not approve and not reasons:
            raise ToolRefusal("say in reasons what is wrong, or approve")
        self._given = Opinion(approve, reasons)
        said = "approved" if approve else f"rejected for {many(len(reasons), 'reason')}"
        told = f"{said}: {'; '.join(map(one_line, reasons))}" if reasons else said
        return ToolResult("the verdict is taken", signal=Signal("complete", told), summary=said)
