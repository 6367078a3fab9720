"""Formats that are one JSON document: reading it, and what their readers share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ostinato.base.errors import UsageError
from ostinato.base.text import clip, one_line
from ostinato.graph.importing.json_text import parse_json
from ostinato.graph.importing.problems import refuse
from ostinato.graph.importing.values import Files
from ostinato.graph.types import Priority

_TITLE = 200


def only_file(files: Files) -> tuple[str, str]:
    """Return name and text of a source that must be one file. Raises UsageError for a directory of several."""
    if len(files) != 1:
        raise UsageError(f"name one file: there are {len(files)} ({', '.join(list(files)[:5])})")
    return next(iter(files.items()))


def read_document(name: str, text: str) -> Any:
    """Return the value of a JSON file. Raises MalformedError, naming the place."""
    try:
        return parse_json(text)
    except ValueError as error:
        refuse(name, str(error))


def priority_word(value: object) -> Priority | None:
    """Return the priority that a word names, None for all else."""
    words: Iterable[Priority] = Priority
    return next((one for one in words if isinstance(value, str) and value.strip().lower() == one.value), None)


def first_line(text: str) -> str:
    """Return a title for a text that has none of its own."""
    lines = text.strip().splitlines()
    return clip(one_line(lines[0]).strip(), _TITLE) if lines else ""


def stem(name: str) -> str:
    """Return the name of a file without its folder and ending."""
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0] or name
