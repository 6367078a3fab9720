"""From files to an import: which format they are in, and its reader. A reader is imported when it is needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ostinato.base.errors import UsageError
from ostinato.graph.importing.json_text import parse_json
from ostinato.graph.importing.problems import MalformedError, quoted, refuse_conflict
from ostinato.graph.importing.values import Files, Format, Imported

_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+\[.\]\s", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}[ \t]+\S", re.MULTILINE)
_TABLES = re.compile(r"^[ \t]*\[meta\][ \t\r]*$", re.MULTILINE)
_MARKDOWN = (".md", ".markdown", ".mdown")
_STORY_WORDS = frozenset({"passes", "acceptanceCriteria", "steps"})
_ISSUE_WORDS = frozenset({"issue_type", "dependencies", "dependency_count", "updated_at"})
_CHOICES = ", ".join(Format)


def read_import(files: Files, asked: Format | None = None) -> Imported:
    """Return what the files hold, read as `asked`, else as what they show themselves to be.

    Raises MalformedError for files that are not what they should be, UsageError where the format cannot be told.
    """
    for name, text in files.items():
        refuse_conflict(name, text)
    try:
        return _reader(asked or detect(files))(files)
    except RecursionError as error:
        raise MalformedError(f"{next(iter(files))}: values are nested too deep: nothing was imported") from error


def detect(files: Files) -> Format:
    """Return the format that content and name show. Raises UsageError, naming the formats, where they show none."""
    if len(files) != 1:
        return Format.BEADS
    name, text = next(iter(files.items()))
    ending = name.lower()
    if ending.endswith(".jsonl"):
        return Format.BEADS
    if ending.endswith(_MARKDOWN):
        return Format.MARKDOWN
    if ending.endswith(".toml") or (_TABLES.search(text) and not text.lstrip().startswith("{")):
        return Format.GOAL_FILE
    if text.lstrip()[:1] in {"{", "["}:
        return _of_json(name, text)
    if _ITEM.search(text) or _HEADING.search(text):
        return Format.MARKDOWN
    raise UsageError(f"cannot tell the format of {quoted(name)}: name it with --format ({_CHOICES})")


def _of_json(name: str, text: str) -> Format:
    """Return the format of JSON: of a document, or of its first line where the whole is none."""
    for part in (text, text.strip().partition("\n")[0]):
        try:
            document = parse_json(part)
        except ValueError:
            continue
        found = _shown(document)
        if len(found) == 1:
            return found.pop()
        if found:
            said = " or ".join(sorted(found))
            raise UsageError(f"{quoted(name)} may be {said}: say which with --format")
        break
    else:
        raise MalformedError(
            f"{name}: it begins like JSON and is none, as a whole or line by line: nothing was imported"
        )
    raise UsageError(f"cannot tell the format of {quoted(name)}: name it with --format ({_CHOICES})")


def _shown(document: Any) -> set[Format]:
    """Return the formats whose marks a JSON document bears."""
    found: set[Format] = set()
    if isinstance(document, Mapping):
        if "userStories" in document or "user_stories" in document:
            found.add(Format.PRD)
        if isinstance(document.get("tasks"), list):
            found.add(Format.SPEC)
        if "_schema" in document or "_type" in document or "data" in document:
            found.add(Format.BEADS)
        lists = [document[name] for name in ("stories", "features", "items") if isinstance(document.get(name), list)]
        entries = lists[0] if lists else [document]
    else:
        entries = document if isinstance(document, list) else []
    if found:
        return found
    if any(isinstance(entry, Mapping) and _STORY_WORDS & entry.keys() for entry in entries):
        found.add(Format.PRD)
    if any(isinstance(entry, Mapping) and "id" in entry and _ISSUE_WORDS & entry.keys() for entry in entries):
        found.add(Format.BEADS)
    return found


def _reader(wanted: Format) -> Callable[[Files], Imported]:
    if wanted is Format.BEADS:
        from ostinato.graph.importing.beads import read_beads

        return read_beads
    if wanted is Format.PRD:
        from ostinato.graph.importing.prd import read_prd

        return read_prd
    if wanted is Format.SPEC:
        from ostinato.graph.importing.spec import read_spec

        return read_spec
    if wanted is Format.MARKDOWN:
        from ostinato.graph.importing.markdown import read_markdown

        return read_markdown
    from ostinato.graph.importing.goal_file import read_goal_file

    return read_goal_file
