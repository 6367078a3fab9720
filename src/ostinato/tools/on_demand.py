"""Tools that a coder rarely needs: named in the definition of one tool, which tells their arguments and runs them.

Their schemas would be sent with each request otherwise. What is sent stays the same whatever is called, so that a
provider's cache holds; a call of such a tool by its own name is run as well.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ostinato.agent.ports import ToolResult
from ostinato.tools.tool import TEXT, Arguments, Tool

MORE = "more_tools"

ON_DEMAND = frozenset({"search_nodes", "create_task", "log_decision", "choose_option", "record_outcome", "revisit"})
"""What a working agent is given in this way. A planner and a critic, who live by them, have them at once."""


def more_tools(later: Sequence[Tool], run: Callable[[str, str], Awaitable[ToolResult]]) -> Tool:
    """Return the tool for `later`; `run` takes a tool's name and its arguments as JSON."""
    names = ", ".join(tool.name for tool in later)

    async def called(arguments: Arguments) -> ToolResult:
        name = arguments.get("name", "").strip()
        if not name:
            return ToolResult("\n".join(map(_told, later)), summary=f"told of {names}")
        result = await run(name, json.dumps(arguments.get("arguments", {})))
        return ToolResult(result.text, result.is_error, result.signal, f"{name}: {result.summary}")

    said = f"Run one of {names}. Without `name` it tells what they do and their arguments."
    return Tool(MORE, said, called, {"name": TEXT, "arguments": {"type": "object"}})


def _told(tool: Tool) -> str:
    arguments = (_argument(tool, name, schema) for name, schema in tool.properties.items())
    return f"{tool.name}({', '.join(arguments)}): {tool.description}"


def _argument(tool: Tool, name: str, schema: Any) -> str:
    kind = schema.get("type", "string")
    if kind == "array":
        kind = f"array of {schema.get('items', {}).get('type', 'object')}s"
    return f"{name}{'' if name in tool.required else '?'}: {kind}"
