"""How much a unified diff changes, by file. Pure text: a diff that is cut is counted as far as it can be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a diff and its lines added and removed; both 0 for a binary file, a new mode or a pure rename."""

    path: str
    added: int
    removed: int


def diffstat(diff: str) -> tuple[FileChange, ...]:
    """Return the files of a git diff in its order, a renamed one under its new name."""
    found: list[FileChange] = []
    for part in f"\n{diff}".split("\ndiff --git ")[1:]:
        lines = part.splitlines()
        starts = [place for place, line in enumerate(lines) if line.startswith("@@ ")]
        body = lines[starts[0] :] if starts else []
        added = sum(line.startswith("+") for line in body)
        removed = sum(line.startswith("-") for line in body)
        found.append(FileChange(_path(lines), added, removed))
    return tuple(found)


def total(changes: tuple[FileChange, ...]) -> tuple[int, int, int]:
    """Return files, lines added and lines removed."""
    return len(changes), sum(one.added for one in changes), sum(one.removed for one in changes)


def _path(lines: list[str]) -> str:
    """Return the file's name: what `+++` or `rename to` says, else the old one, else the second half of the header."""
    header, *rest = lines or [""]
    names: dict[str, str] = {}
    for line in rest[:8]:
        for mark in ("+++ b/", "rename to ", "--- a/"):
            if line.startswith(mark):
                names.setdefault(mark, line[len(mark) :].rstrip("\t"))
    for mark in ("+++ b/", "rename to ", "--- a/"):
        if mark in names:
            return names[mark]
    return header.rpartition(" b/")[2] or header
