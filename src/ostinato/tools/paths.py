"""Resolves the paths that a model names, and refuses what leaves the checkout. It reads and writes no file's text.

Every component is opened by itself, from the directory before it and without following symbolic links; a link is
resolved by hand, and only while it stays inside. So nothing that changes on disk meanwhile can lead outside.
"""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ostinato.base.text import clip, one_line
from ostinato.tools.tool import ToolFailure

SANDBOX_ROOT = "/work"
"""Where commands see the checkout; paths below it are taken as relative ones."""

_MOST_LINKS = 40
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: an open directory and a name in it, `.` for that directory itself.

    `relative` is the real path from the checkout's top, links resolved, `""` for the top. The name is no symbolic link,
    and may not exist.
    """

    directory: int
    name: str
    relative: str

    def status(self) -> os.stat_result | None:
        """Return what stands there, None when nothing does."""
        try:
            return os.stat(self.name, dir_fd=self.directory, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def is_directory(self) -> bool:
        """Tell whether a directory stands there."""
        found = self.status()
        return found is not None and stat.S_ISDIR(found.st_mode)


@dataclass(slots=True)
class _Walk:
    """The directories opened so far, from the top down, and their names."""

    todo: deque[str]
    opened: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    links: int = 0

    def up(self, shown: str) -> None:
        if not self.names:
            raise _outside(shown)
        self.names.pop()
        os.close(self.opened.pop())

    def to_top(self) -> None:
        while self.names:
            self.names.pop()
            os.close(self.opened.pop())

    def close(self) -> None:
        for descriptor in self.opened:
            os.close(descriptor)


class Tree:
    """One checkout, as far as the agent's tools may reach."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._tops = (SANDBOX_ROOT, str(root))

    @contextmanager
    def place(self, path: str, *, writing: bool = False, make_parents: bool = False) -> Iterator[Place]:
        """Resolve `path`: relative to the checkout, or absolute below /work.

        Raises ToolFailure for `..`, for what leads outside, and when `writing` for anything in a .git; and when a parent
        does not exist, unless `make_parents`.
        """
        walk = _Walk(deque(self._parts(path)))
        try:
            walk.opened.append(os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            name = self._walked(walk, path, writing=writing, make=make_parents)
            relative = "/".join(walk.names if name == "." else (*walk.names, name))
            yield Place(walk.opened[-1], name, relative)
        finally:
            walk.close()

    def _parts(self, path: str) -> list[str]:
        if "\0" in path:
            raise ToolFailure("a path cannot contain NUL")
        if path.startswith("/"):
            path = self._below_top(path, path)
        parts = [part for part in path.split("/") if part not in {"", "."}]
        if ".." in parts:
            raise ToolFailure(f"{_shown(path)}: write the path without '..', relative to the checkout's top")
        return parts

    def _below_top(self, path: str, shown: str) -> str:
        for top in self._tops:
            if path == top or path.startswith(f"{top}/"):
                return path[len(top) :]
        raise _outside(shown)

    def _walked(self, walk: _Walk, shown: str, *, writing: bool, make: bool) -> str:
        """Go down to the last component and return its name."""
        while walk.todo:
            part = walk.todo.popleft()
            if part == "..":
                walk.up(shown)
                continue
            target = _link_target(part, walk.opened[-1], shown)
            if target is not None:
                self._follow(walk, target, shown)
                continue
            if writing and is_git_name(part):
                raise ToolFailure(f"{_shown(shown)}: .git belongs to git; use git commands")
            if not walk.todo:
                return part
            walk.opened.append(_entered(part, walk.opened[-1], shown, make=make))
            walk.names.append(part)
        return "."

    def _follow(self, walk: _Walk, target: str, shown: str) -> None:
        walk.links += 1
        if walk.links > _MOST_LINKS:
            raise ToolFailure(f"{_shown(shown)}: too many symbolic links")
        if target.startswith("/"):
            target = self._below_top(target, shown)
            walk.to_top()
        walk.todo.extendleft(part for part in reversed(target.split("/")) if part not in {"", "."})


def is_git_name(name: str) -> bool:
    """Tell whether some file system may take `name` for `.git`: case, invisible characters, trailing dots and blanks."""
    visible = "".join(ch for ch in name if unicodedata.category(ch) != "Cf")
    folded = unicodedata.normalize("NFKC", visible).casefold().rstrip(". ")
    return folded in {".git", "git~1"}


def _link_target(name: str, directory: int, shown: str) -> str | None:
    try:
        return os.readlink(name, dir_fd=directory)
    except OSError as error:
        if error.errno in {errno.EINVAL, errno.ENOENT}:
            return None
        raise ToolFailure(f"{_shown(shown)}: {error.strerror}") from error


def _entered(name: str, directory: int, shown: str, *, make: bool) -> int:
    try:
        if make:
            try:
                os.mkdir(name, dir_fd=directory)
            except FileExistsError:
                pass
        return os.open(name, _DIRECTORY, dir_fd=directory)
    except FileNotFoundError as error:
        raise ToolFailure(f"{_shown(shown)}: no such file or directory") from error
    except NotADirectoryError as error:
        raise ToolFailure(f"{_shown(shown)}: {name} is a file, not a directory") from error
    except OSError as error:
        raise ToolFailure(f"{_shown(shown)}: {error.strerror}") from error


def _outside(path: str) -> ToolFailure:
    return ToolFailure(f"{_shown(path)} is outside the checkout: use paths relative to its top, {SANDBOX_ROOT}")


def _shown(path: str) -> str:
    return clip(one_line(path), 200)
