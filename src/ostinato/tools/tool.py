"""What a tool is: a definition for the model and a function. Arguments are checked before the function sees them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ostinato.agent.ports import ToolResult
from ostinato.chat.messages import ToolSpec

Arguments = dict[str, Any]
Run = Callable[[Arguments], Awaitable[ToolResult]]


class ToolRefusal(Exception):
    """The tool will not or cannot do it; the text says why, and reaches the model as an error result."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `properties` maps argument names to JSON Schemas, `required` names those that must be there."""

    name: str
    description: str
    run: Run
    properties: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    required: tuple[str, ...] = ()

    @property
    def spec(self) -> ToolSpec:
        """The tool as the model is told of it."""
        schema: dict[str, Any] = {"type": "object", "properties": {k: dict(v) for k, v in self.properties.items()}}
        if self.required:
            schema["required"] = list(self.required)
        return ToolSpec(self.name, self.description, schema)


TEXT: Mapping[str, Any] = {"type": "string"}
NUMBER: Mapping[str, Any] = {"type": "integer"}
FLAG: Mapping[str, Any] = {"type": "boolean"}
TEXTS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}
OBJECTS: Mapping[str, Any] = {"type": "array", "items": {"type": "object"}}


def text(value: str) -> ToolResult:
    """Return a plain answer whose first line is its summary."""
    first = value.strip().partition("\n")[0]
    return ToolResult(value, summary=first)
