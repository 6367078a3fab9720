"""Which of a project's conventions an agent is told, and how much of them: short texts whole, long ones by headings.

The file is AGENTS.md, or CLAUDE.md in a directory that has no other: the top directory's always, and those nearest to
where the task may change files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ostinato.agent.fence import fenced
from ostinato.base.text import one_line

NAMES = ("AGENTS.md", "CLAUDE.md")
"""In the order in which they are looked for in a directory; only the first that is there counts."""

IN_FULL = 1_500
"""Characters up to which a whole text is given."""

MOST_NEAR = 3
"""Directories of one file scope whose own conventions are told."""

_HEADINGS = 30
_MORE = "read_agents_md gives the full text, also of the AGENTS.md nearest to a path"
_ROOT = f"Conventions of this project (AGENTS.md; {_MORE}). Follow them where they do not contradict the rules above"

_NEAR = "Conventions of the part of the project that your file scope lies in, which count more there"


@dataclass(frozen=True, slots=True)
class NearConventions:
    """The text of the file at `path`, relative to the top directory; it holds for its directory and below."""

    path: str
    text: str


def told(root: str, near: tuple[NearConventions, ...] = ()) -> str:
    """Return what a system prompt says of conventions, "" when there are none. The top directory's come first."""
    parts = [_one(_ROOT, root)] if root.strip() else []
    parts += [_one(_NEAR, one.text, f"({one_line(one.path)})\n") for one in near]
    return "\n\n".join(parts)


def _one(lead: str, text: str, path: str = "") -> str:
    text = text.strip()
    if len(text) <= IN_FULL:
        return f"{lead}.\n{fenced(path + text)}"
    headings = "\n".join(_headings(text)) or "(no headings)"
    return f"{lead}. Its headings only: read it before you work.\n{fenced(path + headings)}"


def _headings(text: str) -> list[str]:
    found = []
    in_code = False
    for line in text.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            in_code = not in_code
        elif not in_code and line.startswith("#"):
            found.append(line.strip()[:120])
    return found[:_HEADINGS]


def directories_of(scope: tuple[str, ...]) -> tuple[PurePosixPath, ...]:
    """Return the directories that globs of a file scope lie in, each once, in the order of the globs.

    `src/api/**` lies in src/api, `src/api/*.py` and the file `src/api/main.py` too; what begins with a wildcard lies at
    the top, which is left out.
    """
    found = []
    for glob in scope:
        parts = PurePosixPath(glob).parts
        fixed = next((n for n, part in enumerate(parts) if set(part) & set("*?[{")), len(parts) - 1)
        # A name without a full stop at the end of a path may be a directory.
        if fixed == len(parts) - 1 and parts and not set(parts[-1]) & set("*?[{."):
            fixed += 1
        if fixed and ".." not in parts and not PurePosixPath(glob).is_absolute():
            found.append(PurePosixPath(*parts[:fixed]))
    return tuple(dict.fromkeys(found))


def upwards(directory: PurePosixPath) -> Iterator[PurePosixPath]:
    """Yield a directory and those above it, the top one left out."""
    while directory.parts:
        yield directory
        directory = directory.parent
