"""The words that schemas are said in: JSON Schema (draft 2020-12) as plain values. They know no document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
TIME: Schema = {"type": "string", "format": "date-time", "description": "RFC 3339 in UTC, with microseconds."}
NULL: Schema = {"type": "null"}
ANYTHING: Schema = {"type": "object", "additionalProperties": True}


def said(schema: Schema, description: str) -> Schema:
    """Return the schema with what it means."""
    return {**schema, "description": description}


def maybe(schema: Schema) -> Schema:
    """Return the schema or null."""
    kind = schema.get("type")
    if isinstance(kind, str) and "enum" not in schema:
        return {**schema, "type": [kind, "null"]}
    return {"anyOf": [schema, NULL]}


def one_of(words: Iterable[str]) -> Schema:
    """Return a text that is one of the words."""
    return {"type": "string", "enum": [str(word) for word in words]}


def many(schema: Schema) -> Schema:
    """Return a list."""
    return {"type": "array", "items": schema}


def by_name(schema: Schema) -> Schema:
    """Return an object whose keys are free and whose values are all like this."""
    return {"type": "object", "additionalProperties": schema}


def either(*schemas: Schema) -> Schema:
    """Return what one of them describes."""
    return {"anyOf": list(schemas)}


def ref(name: str) -> Schema:
    """Return a reference to one of the things by its name."""
    return {"$ref": f"#/$defs/{name}"}


def record(fields: dict[str, Schema], optional: Iterable[str] = ()) -> Schema:
    """Return an object with these keys, all of them there but the optional ones. There may be more keys."""
    left_out = set(optional)
    required = [name for name in fields if name not in left_out]
    return {"type": "object", "properties": fields, "required": required}


class Verb(NamedTuple):
    """What a verb prints: one document, or with `stream` one on each line."""

    schema: Schema
    stream: bool = False
    note: str = ""
