"""The files of beads in all their dialects, as one list of issues. It knows lines and envelopes, no field's meaning.

Read are: JSON lines of any age (headers, memories, issues with and without `_type`), the documents of `bd list --json`
and `bd show --json` with and without their envelope, and gastown's backup with one file per table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ostinato.graph.importing.json_text import LONGEST, parse_json
from ostinato.graph.importing.problems import Problems, refuse
from ostinato.graph.importing.values import Files

TABLES = ("dependencies", "comments", "labels")
"""The tables beside `issues` that are joined to it; their files are called `<table>.jsonl`."""
_LEFT_OUT = ("events", "config")


@dataclass(frozen=True, slots=True)
class Line:
    """One JSON object and where it stands; `plain` as in `Record`: a line without escapes is short and whole text."""

    where: str
    data: Mapping[str, Any]
    plain: bool = False


@dataclass(slots=True)
class BeadsFiles:
    """What the files hold; `skipped` counts what is left out, by kind."""

    issues: list[Line] = field(default_factory=list)
    memories: list[Line] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)


def read_files(files: Files, problems: Problems) -> BeadsFiles:
    """Return the lines of the files. Every line that is no object is a problem."""
    found = BeadsFiles()
    tables = {name: _table(name) for name in files}
    joined: dict[str, list[Line]] = {}
    for name, text in files.items():
        table = tables[name] if len(files) > 1 else None
        lines = list(_objects(name, text, problems))
        if table in TABLES:
            joined[table] = lines
        elif table in _LEFT_OUT:
            found.skipped[table] += len(lines)
        else:
            for line in lines:
                _sort(line, found)
    if joined:
        found.issues = _joined(found.issues, joined)
    return found


def _table(name: str) -> str | None:
    stem = name.rsplit("/", 1)[-1].removesuffix(".jsonl")
    return stem if stem in (*TABLES, *_LEFT_OUT) else None


def _sort(line: Line, found: BeadsFiles) -> None:
    kind = line.data.get("_type")
    if "_schema" in line.data:
        found.skipped["header"] += 1
    elif kind == "memory":
        found.memories.append(line)
    elif kind in (None, "issue"):
        found.issues.append(line)
    else:
        found.skipped["line of an unknown kind"] += 1
        if len(found.warnings) < 10:
            found.warnings.append(f"{line.where}: left out, its kind is not known: {str(kind)[:40]!r}")


def _objects(name: str, text: str, problems: Problems) -> Iterator[Line]:
    text = text.strip()
    if not text:
        return
    if text[0] == "[" or _is_document(text):
        try:
            document = parse_json(text)
        except ValueError as error:
            refuse(name, str(error))
        yield from _of_document(name, document, problems)
        return
    # Not splitlines: it would also split at characters that JSON allows inside a text.
    for number, raw in enumerate(text.split("\n"), start=1):
        if not raw.strip():
            continue
        where = f"{name}: line {number}"
        if len(raw) > LONGEST:
            problems.add(where, f"has {len(raw):,} characters, {LONGEST:,} at most")
            continue
        try:
            value = parse_json(raw)
        except ValueError as error:
            problems.add(where, str(error))
            continue
        if isinstance(value, dict):
            yield Line(where, value, "\\u" not in raw)
        else:
            problems.add(where, "must be a JSON object")


def _is_document(text: str) -> bool:
    """Tell whether a text that begins with `{` is one document over several lines, or an envelope on one."""
    first, _, rest = text.partition("\n")
    try:
        value = parse_json(first)
    except ValueError:
        return first.strip() == "{" and bool(rest)
    return not rest.strip() and isinstance(value, dict) and "data" in value and "id" not in value


def _of_document(name: str, document: Any, problems: Problems) -> Iterator[Line]:
    if isinstance(document, dict) and "data" in document and "id" not in document:
        document = document["data"]
    for number, item in enumerate(document if isinstance(document, list) else [document], start=1):
        where = f"{name}: issue {number}"
        if isinstance(item, dict):
            yield Line(where, item)
        else:
            problems.add(where, "must be a JSON object")


def _joined(issues: list[Line], tables: Mapping[str, list[Line]]) -> list[Line]:
    """Return the issues with the rows of the other tables in the fields that a line of beads has for them."""
    by_issue: dict[tuple[str, str], list[Any]] = {}
    for table, lines in tables.items():
        for line in lines:
            row = line.data.get("label") if table == "labels" else line.data
            by_issue.setdefault((table, str(line.data.get("issue_id"))), []).append(row)
    found = []
    for line in issues:
        identifier = str(line.data.get("id"))
        extra = {table: rows for table in tables if (rows := by_issue.get((table, identifier)))}
        found.append(Line(line.where, {**line.data, **extra}))
    return found
