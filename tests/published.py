"""Holds every document that a test gets with --json against the schema that is published for its verb.

Strictly: a key that no schema names fails here, though readers are told that more keys may come.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from ostinato.cli.main import COMMANDS
from ostinato.cli.schemas.published import published
from ostinato.cli.schemas.verbs import VERBS
from tests.harmless import destructive

_WITH_VALUE = {"--db", "--project"}
_NOT_HELD = {"--fields", "--help", "--version"}


def verb_of(arguments: Sequence[str]) -> str | None:
    """Return the verb that a command line names, None where it has none or prints something of its own."""
    words = [
        word
        for before, word in zip(["", *arguments], arguments, strict=False)
        if not word.startswith("-") and before not in _WITH_VALUE
    ]
    if not words or words[0] not in COMMANDS or _NOT_HELD & {word.partition("=")[0] for word in arguments}:
        return None
    return next((verb for verb in (" ".join(words[:2]), words[0]) if verb in VERBS), None)


def hold(arguments: Sequence[str], out: str, err: str = "") -> str | None:
    """Assert that what a command printed is as published; return its verb where a document was held.

    Its messages must hold nothing that destroys when it is pasted. What stands behind `--` and `sandbox` is not ours.
    """
    for end in ("--", "sandbox"):
        if end in arguments:
            arguments = arguments[: arguments.index(end) + (end == "sandbox")]
    assert destructive(err) is None, err
    said = [line for line in err.splitlines() if line.startswith('{"error"')]
    for line in said:
        validator("error").validate(json.loads(line))
    verb = verb_of(arguments) if "--json" in arguments else None
    if verb is None or not out or said:
        return None
    documents = [json.loads(line) for line in out.splitlines()] if VERBS[verb].stream else [json.loads(out)]
    for document in documents:
        validator(verb).validate(document)
    return verb


@cache
def validator(verb: str) -> Draft202012Validator:
    """Return what holds documents against the schema of a verb, no other keys allowed."""
    schema = published(verb)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(_closed(schema))


def _closed(part: Any) -> Any:
    if isinstance(part, list):
        return [_closed(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    found = {name: _closed(inner) for name, inner in part.items()}
    if part.get("type") == "object" and "properties" in part and "additionalProperties" not in part:
        found["additionalProperties"] = False
    return found
