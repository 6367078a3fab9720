"""Reads the arguments of a tool call as a model wrote them: JSON, checked against the tool's own schema.

Tolerant where nothing can be misread (null means absent, a number as text, one item for a list of one), strict
elsewhere, and all problems are named at once. Only the outermost properties and lists of texts are checked here; tools
that take whole objects read those with `graph.plan_format`.
"""

from __future__ import annotations

import json
import math
from difflib import get_close_matches
from typing import Any

from ostinato.base.text import clip, one_line
from ostinato.tools.tool import Schema, ToolFailure

_KINDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


def read_arguments(raw: str, schema: Schema) -> dict[str, Any]:
    """Return the arguments as the schema wants them. Raises ToolFailure that names everything wrong."""
    given = _parsed(raw)
    properties: dict[str, Schema] = schema["properties"]
    problems = [_unknown(name, properties) for name in given if name not in properties]
    values: dict[str, Any] = {}
    for name, wanted in properties.items():
        value = given.get(name)
        if value is None:
            continue
        try:
            values[name] = _coerced(value, wanted)
        except ValueError as error:
            problems.append(f"{name} must be {error}")
    missing = [name for name in schema.get("required", []) if name not in values and given.get(name) is None]
    if missing:
        problems.append(f"missing: {', '.join(missing)}")
    if problems:
        raise ToolFailure(f"wrong arguments: {'; '.join(problems)}. The arguments are: {_known(schema)}")
    return values


def _parsed(raw: str) -> dict[str, Any]:
    if not raw.strip():
        return {}
    try:
        given = json.loads(raw, strict=False)
    except (ValueError, RecursionError) as error:
        raise ToolFailure(f"the arguments are not valid JSON ({error}); send one JSON object") from error
    if not isinstance(given, dict):
        raise ToolFailure("the arguments must be one JSON object")
    return given


def _unknown(name: str, properties: dict[str, Schema]) -> str:
    shown = clip(one_line(name), 60)
    meant = get_close_matches(name, properties, n=1)
    return f"no argument {shown!r}" + (f" (did you mean {meant[0]!r}?)" if meant else "")


def _known(schema: Schema) -> str:
    required = schema.get("required", [])
    names = [name if name in required else f"{name}?" for name in schema["properties"]]
    return ", ".join(names) or "none"


def _coerced(value: Any, wanted: Schema) -> Any:
    """Return the value in the wanted type. Raises ValueError with what it must be."""
    kind = wanted["type"]
    if kind == "string":
        return _text(value, wanted)
    if kind in {"integer", "number"}:
        return _number(value, kind)
    if kind == "boolean":
        return _flag(value)
    if isinstance(value, str) and value.lstrip()[:1] in {"[", "{"}:
        # Some models send a nested value as JSON inside a text.
        value = _nested(value)
    if kind == "array":
        items = value if isinstance(value, list) else [value]
        return [_text(item, wanted["items"]) for item in items] if wanted["items"].get("type") == "string" else items
    if not isinstance(value, dict):
        raise ValueError(_KINDS[kind])
    return value


def _nested(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return text


def _text(value: Any, wanted: Schema) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    choices = wanted.get("enum")
    if choices:
        said = value.strip().lower() if isinstance(value, str) else value
        if said not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return str(said)
    if not isinstance(value, str):
        raise ValueError(_KINDS["string"])
    return value


def _number(value: Any, kind: str) -> int | float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise ValueError(_KINDS[kind]) from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(_KINDS[kind])
    if kind == "number":
        return value
    if value != int(value):
        raise ValueError(_KINDS[kind])
    return int(value)


def _flag(value: Any) -> bool:
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    if not isinstance(value, bool):
        raise ValueError(_KINDS["boolean"])
    return value
