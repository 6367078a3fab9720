"""Keeps the tools that write inside a profile's scopes. What commands write is the business of the verdict."""

from __future__ import annotations

from dataclasses import replace

from ostinato.agent.ports import ToolResult
from ostinato.base.globs import matches
from ostinato.tools.paths import relative
from ostinato.tools.tool import Arguments, Tool, ToolRefusal

WRITING = frozenset({"write_file", "edit_file"})


def within(tool: Tool, scopes: tuple[tuple[str, ...], ...], called: str) -> Tool:
    """Return the tool as an agent called so may use it: a path must be covered by every one of the scopes."""
    if tool.name not in WRITING or not scopes:
        return tool

    async def run(arguments: Arguments) -> ToolResult:
        path = str(relative(arguments["path"]))
        for scope in scopes:
            if not matches(path, scope):
                raise ToolRefusal(f"{path} is out of reach of a {called}, which writes only {', '.join(scope)}")
        return await tool.run(arguments)

    return replace(tool, run=run)
