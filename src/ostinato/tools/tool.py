"""What a tool is: its definition as the model sees it, and the function that runs it. No tool lives here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ostinato.agent.ports import ToolResult
from ostinato.chat.messages import ToolSpec

Schema = dict[str, Any]
Arguments = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "array", "items": TEXT}

OUTPUT_CHARACTERS = 32_000
"""The longest answer of any tool: 8,000 tokens at four characters each."""


class ToolFailure(Exception):
    """A tool cannot do what was asked; the text goes to the model and says what to do instead."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A definition and its implementation. `run` gets checked arguments; optional ones may be absent.

    It may raise ToolFailure, OstinatoError and OSError, which become results.
    """

    spec: ToolSpec
    run: Callable[[Arguments], Awaitable[ToolResult]]


def tool(
    name: str,
    description: str,
    properties: dict[str, Schema],
    required: tuple[str, ...],
    run: Callable[[Arguments], Awaitable[ToolResult]],
) -> Tool:
    """Return a tool whose parameters are an object with these properties."""
    parameters: Schema = {"type": "object", "properties": properties}
    if required:
        parameters["required"] = list(required)
    return Tool(ToolSpec(name, description, parameters), run)


def words(*values: str) -> Schema:
    """Return the schema of a text that must be one of `values`."""
    return {"type": "string", "enum": list(values)}


def objects(properties: dict[str, Schema], *required: str) -> Schema:
    """Return the schema of a list of objects."""
    item: Schema = {"type": "object", "properties": properties}
    if required:
        item["required"] = list(required)
    return {"type": "array", "items": item}
