"""Finds and reads the files of an import: one file, beads' directories, or what stands on stdin. It knows no format
beyond the names of files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from ostinato.base.errors import UsageError
from ostinato.base.text import clip, printable
from ostinato.graph.importing.beads_files import TABLES
from ostinato.graph.importing.problems import refuse
from ostinato.graph.importing.values import Files

STDIN = "-"
_MOST_BYTES = 512 * 1024 * 1024
_ISSUES = ("issues.jsonl", "beads.jsonl")
_KNOWN = ("prd.json", "spec.json", "PRD.md", "prd.md")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_files(path: str) -> Files:
    """Return the text of the files that `path` stands for, by name; `-` is stdin.

    Raises UsageError for what is not there or cannot be read, MalformedError for what is no text.
    """
    if path == STDIN:
        return {"stdin": _text("stdin", sys.stdin.buffer.read(_MOST_BYTES + 1))}
    place = Path(path)
    try:
        found = _in_directory(place) if place.is_dir() else [place]
        return {str(one): _text(_shown(one), _bytes(one)) for one in found}
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise UsageError(f"cannot read {_shown(place)}: {reason or 'it is no path'}") from error


def _in_directory(place: Path) -> list[Path]:
    inner = place / ".beads"
    beads = inner if inner.is_dir() else place
    for folder in (beads, beads / "backup"):
        issues = [folder / name for name in _ISSUES if (folder / name).is_file()]
        tables = [folder / f"{name}.jsonl" for name in (*TABLES, "events", "config")]
        tables = [table for table in tables if table.is_file()]
        if issues and any(table.stem in TABLES for table in tables):
            return [issues[0], *tables]
        if issues:
            return issues[:1]
    known = _same_once(place / name for name in _KNOWN if (place / name).is_file())
    if len(known) == 1:
        return known
    if known:
        raise UsageError(f"{_shown(place)} holds several, name one: {', '.join(_shown(one) for one in known)}")
    if beads.name == ".beads":
        raise UsageError(f"there is no issues.jsonl in {_shown(beads)}: `bd export -o issues.jsonl` writes one")
    raise UsageError(f"nothing to import in {_shown(place)}: name a file, or a directory with .beads in it")


def _same_once(paths: Iterable[Path]) -> list[Path]:
    """Return the paths without those that are another one, where the file system does not tell cases apart."""
    found: list[Path] = []
    for path in paths:
        if not any(path.samefile(other) for other in found):
            found.append(path)
    return found


def _bytes(path: Path) -> bytes:
    if not path.is_file() and path.exists():
        raise UsageError(f"{_shown(path)} is no file")
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size > _MOST_BYTES:
            refuse(_shown(path), f"it is larger than {_MOST_BYTES // 1024**2} MB")
        return file.read(_MOST_BYTES + 1)


def _text(name: str, content: bytes) -> str:
    """Return text from UTF-8, or from what else its first bytes say it is."""
    if len(content) > _MOST_BYTES:
        refuse(name, f"it is larger than {_MOST_BYTES // 1024**2} MB")
    encoding = next((name for mark, name in _BOMS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        refuse(f"{name}: line {line}", "it is not UTF-8 text")


def _shown(path: Path) -> str:
    return clip(printable(str(path)), 200)
