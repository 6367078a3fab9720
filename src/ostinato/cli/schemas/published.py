"""The schema of a verb as it is published: whole in itself, with just those things that it refers to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ostinato.cli.schemas.things import THINGS
from ostinato.cli.schemas.verbs import VERBS
from ostinato.cli.schemas.words import Schema

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_POINTER = "#/$defs/"


def published(verb: str) -> Schema:
    """Return the JSON Schema (draft 2020-12) of what `verb` prints. Raises KeyError for an unknown verb."""
    found = VERBS[verb]
    each = "One document on each line; this is one of them." if found.stream else ""
    about = [text for text in (each, found.note, "More keys may be added, none is removed.") if text]
    title = "ostinato: an error" if verb == "error" else f"ostinato {verb} --json"
    return {
        "$schema": _DRAFT,
        "$id": f"urn:ostinato:schema:{file_name(verb)}",
        "title": title,
        "description": " ".join(about),
        **found.schema,
        "$defs": {name: THINGS[name] for name in sorted(_reached(found.schema))},
    }


def file_name(verb: str) -> str:
    """Return the verb as one word: how its page is called."""
    return verb.replace(" ", "-")


def _reached(schema: Schema) -> set[str]:
    """Return the names of the things that a schema refers to, and those that they refer to."""
    found: set[str] = set()
    waiting = list(_names(schema))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_names(THINGS[name]))
    return found


def _names(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        pointer = part.get("$ref")
        if isinstance(pointer, str):
            yield pointer.removeprefix(_POINTER)
        for inner in part.values():
            yield from _names(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _names(inner)
