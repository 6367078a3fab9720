"""What the proposal is made of, and how the repository is read for it. Values; nothing here is decided or run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ostinato.base.text import one_line, printable

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Line:
    """One proposed command, relative to its part's folder, and what in the repository speaks for it."""

    command: str
    why: str


@dataclass(frozen=True, slots=True)
class Part:
    """One thing found: `kind` for the eye (`Python with uv`), its folder ("" for the top), and what is proposed.

    `files` are what it was known by, `inputs` the files that setup depends on, `open` what could not be decided.
    """

    kind: str
    folder: str
    files: tuple[str, ...]
    setup: tuple[Line, ...] = ()
    checks: tuple[Line, ...] = ()
    inputs: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """The repository at one commit: its files, a reader (None: no such file), and which programs are on PATH."""

    files: tuple[str, ...]
    read: Callable[[str], str | None]
    has_program: Callable[[str], bool]


class Folder:
    """One folder of a tree, with paths relative to it."""

    def __init__(self, tree: Tree, path: str) -> None:
        self.path = path
        self._tree = tree
        prefix = f"{path}/" if path else ""
        self.below = tuple(name.removeprefix(prefix) for name in tree.files if name.startswith(prefix))
        self._all = frozenset(self.below)

    def __contains__(self, name: str) -> bool:
        return name in self._all

    def present(self, *names: str) -> tuple[str, ...]:
        """Return those of the names that are there, in the order asked."""
        return tuple(name for name in names if name in self)

    def read(self, name: str) -> str:
        """Return a file's text, "" where there is none."""
        if name not in self:
            return ""
        return self._tree.read(f"{self.path}/{name}" if self.path else name) or ""

    def lacks_program(self, name: str) -> tuple[str, ...]:
        """Return the remark that a program is missing here, or nothing."""
        if self._tree.has_program(name):
            return ()
        return (f"{name} is not on your PATH: install it, or its commands end with exit 127",)


def plain(names: object) -> tuple[str, ...]:
    """Return those of the names that a shell takes as they are: what a repository calls its parts is not trusted."""
    candidates = names if isinstance(names, (list, tuple, set, frozenset, dict)) else ()
    return tuple(name for name in candidates if isinstance(name, str) and _PLAIN.fullmatch(name))


def shown(text: str) -> str:
    """Return a text of the repository's fit for one line of a terminal or of a comment."""
    return printable(one_line(text))
