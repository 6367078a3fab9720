"""The tools of one conversation behind `agent.ports.Tools`: finds, checks arguments, bounds answers.

The one border in this room where an unexpected exception becomes a result: the conversation survives a failing tool.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ostinato.agent.ports import Suspended, ToolResult
from ostinato.base.errors import ClaimLostError, MachineError, OstinatoError
from ostinato.base.text import head_and_tail, sendable
from ostinato.chat.halves import whole_value
from ostinato.chat.messages import ToolCall, ToolSpec
from ostinato.tools.on_demand import MORE, more_tools
from ostinato.tools.tool import Tool, ToolRefusal

LARGEST = 32_000
"""Characters of an answer, about 8,000 tokens."""

_LOG = logging.getLogger(__name__)

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


class Toolbox:
    """Serves the given tools, in their order; those `on_demand` are offered through one tool, the last."""

    def __init__(self, tools: Iterable[Tool], on_demand: frozenset[str] = frozenset()) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._later = on_demand & self._tools.keys()
        if self._later:
            later = [tool for tool in self._tools.values() if tool.name in self._later]
            self._tools[MORE] = more_tools(later, lambda name, raw: self.run(ToolCall(MORE, name, raw)))

    def specs(self) -> tuple[ToolSpec, ...]:
        """Return the definitions; the same tools give the same bytes."""
        return tuple(tool.spec for tool in self._tools.values() if tool.name not in self._later)

    async def run(self, call: ToolCall) -> ToolResult:
        """Run one call; see `agent.ports.Tools`."""
        tool = self._tools.get(call.name)
        if tool is None:
            return _error(f"there is no tool {call.name!r}; there are {', '.join(self._tools)}")
        try:
            result = await tool.run(checked_arguments(tool, call.arguments))
        except (ClaimLostError, MachineError, Suspended, asyncio.CancelledError):
            raise
        except (ToolRefusal, OstinatoError) as refusal:
            return _error(str(refusal))
        except Exception as error:  # noqa: BLE001 - the named border of tool calls
            _LOG.warning("tool %s failed: %s: %s", call.name, type(error).__name__, error)
            return _error(f"the tool failed: {type(error).__name__}: {error}")
        bounded = head_and_tail(sendable(result.text), LARGEST)
        return ToolResult(bounded, result.is_error, result.signal, sendable(result.summary), result.wrote)


def checked_arguments(tool: Tool, raw: str) -> dict[str, Any]:
    """Return the arguments as the tool's schema wants them. Raises ToolRefusal that says what is wrong."""
    try:
        # Not strict: models write line breaks and tabs inside texts as they are.
        given = whole_value(json.loads(raw, strict=False)) if raw.strip() else {}
    except (ValueError, RecursionError) as error:
        raise ToolRefusal(
            f"the arguments of {tool.name} are not valid JSON ({error}); send them again, whole"
        ) from None
    if not isinstance(given, dict):
        raise ToolRefusal(f"the arguments of {tool.name} must be a JSON object")
    known = {name: value for name, value in given.items() if value is not None}
    problems = [f"unknown argument {name!r}" for name in known if name not in tool.properties]
    problems += [f"missing argument {name!r}" for name in tool.required if name not in known]
    fixed: dict[str, Any] = {}
    for name, value in known.items():
        if name in tool.properties:
            fixed[name], problem = _fitting(value, str(tool.properties[name].get("type", "")))
            if problem:
                problems.append(f"{name} must be {problem}, not {json.dumps(value)[:80]}")
    if problems:
        raise ToolRefusal(f"{tool.name}: {'; '.join(problems)}. Its arguments are {_signature(tool)}")
    return fixed


def _fitting(value: Any, wanted: str) -> tuple[Any, str]:
    """Return the value, with numbers and flags written as text read, and what it should be when it does not fit."""
    if wanted in {"integer", "number"} and isinstance(value, str):
        try:
            return (int(value) if wanted == "integer" else float(value)), ""
        except ValueError:
            return value, f"a {wanted}"
    if wanted == "integer" and isinstance(value, float) and value.is_integer():
        return int(value), ""
    if wanted == "boolean" and isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true", ""
    if wanted == "array" and not isinstance(value, list):
        return _listed(value), ""
    kind = _TYPES.get(wanted)
    if kind is not None and (not isinstance(value, kind) or (wanted != "boolean" and isinstance(value, bool))):
        return value, f"an {wanted}" if wanted[0] in "aio" else f"a {wanted}"
    return value, ""


def _listed(value: Any) -> list[Any]:
    """Return the list that was meant: some models send it as JSON inside a text, or leave it out around one item."""
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        try:
            value = json.loads(value, strict=False)
        except (ValueError, RecursionError):
            return [value]
    return value if isinstance(value, list) else [value]


def _signature(tool: Tool) -> str:
    return ", ".join(name if name in tool.required else f"{name}?" for name in tool.properties) or "none"


def _error(message: str) -> ToolResult:
    said = sendable(head_and_tail(message, LARGEST))
    return ToolResult(f"error: {said}", is_error=True, summary=said)


if TYPE_CHECKING:
    from ostinato.agent.ports import Tools

    def _fits(box: Toolbox) -> Tools:
        return box
