"""Opens files inside a checkout and nowhere else: segment by segment, relative to a directory descriptor.

No symbolic link is followed out of the checkout, also not one that appears between the check and the use.
"""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from ostinato.base.ids import random_hex
from ostinato.tools.tool import ToolRefusal

_WORK = PurePosixPath("/work")
_MOST_LINKS = 16


def relative(path: str) -> PurePosixPath:
    """Return a path as given by the model relative to the checkout; `/work/x` is `x`. Raises ToolRefusal."""
    if "\0" in path:
        raise ToolRefusal("a path holds no NUL character")
    plain = PurePosixPath(path.strip() or ".")
    if plain.is_absolute():
        if not plain.is_relative_to(_WORK):
            raise ToolRefusal(f"{path} is outside of the checkout: paths are relative to /work")
        plain = plain.relative_to(_WORK)
    parts: list[str] = []
    for part in plain.parts:
        if part == "..":
            if not parts:
                raise ToolRefusal(f"{path} leaves the checkout: paths are relative to /work")
            parts.pop()
        elif part != ".":
            parts.append(part)
    return PurePosixPath(*parts)


class Checkout:
    """The files of one checkout, for tools."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def directory(self, path: PurePosixPath, *, create: bool = False) -> Iterator[int]:
        """Yield a descriptor of a directory inside the checkout. Raises ToolRefusal, and FileNotFoundError."""
        here = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        opened = [here]
        try:
            waiting = list(reversed(path.parts))
            links = 0
            while waiting:
                part = waiting.pop()
                if part == "..":
                    if len(opened) == 1:
                        raise ToolRefusal(f"{path} leads out of the checkout through a link")
                    os.close(opened.pop())
                    continue
                target = _link_target(opened[-1], part)
                if target is not None:
                    links += 1
                    if links > _MOST_LINKS or PurePosixPath(target).is_absolute():
                        raise ToolRefusal(f"{path} leads out of the checkout through a link")
                    waiting += [one for one in reversed(PurePosixPath(target).parts) if one != "."]
                    continue
                if create and is_git_name(part):
                    raise ToolRefusal(f"{path} is not a file that tools write: .git belongs to git")
                if create and not _exists(opened[-1], part):
                    os.mkdir(part, dir_fd=opened[-1])
                opened.append(_open_directory(part, opened[-1]))
            yield opened[-1]
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def is_file(self, path: PurePosixPath) -> bool:
        """Tell whether a regular file stands there, links inside the checkout followed. Raises ToolRefusal."""
        if not path.parts:
            return False
        try:
            with self._parent(path) as (parent, name):
                return stat.S_ISREG(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def read(self, path: PurePosixPath, limit: int) -> bytes:
        """Return at most `limit` bytes of a regular file; links inside the checkout are followed."""
        with self._parent(path) as (parent, name):
            descriptor = _open_file(name, os.O_RDONLY, parent, path)
            with os.fdopen(descriptor, "rb") as file:
                return file.read(limit)

    def write(self, path: PurePosixPath, data: bytes) -> bool:
        """Replace or create a file at once, keeping its mode; return True when it is new."""
        if not path.parts or is_git_name(path.name):
            raise ToolRefusal(f"{path} is not a file that tools write: .git belongs to git")
        with self.directory(path.parent, create=True) as parent:
            mode = _mode_of(parent, path.name, path)
            temporary = f".ostinato-{random_hex(16)}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(temporary, flags, 0o644 if mode is None else mode, dir_fd=parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    if mode is not None:
                        os.fchmod(file.fileno(), mode)
                os.rename(temporary, path.name, src_dir_fd=parent, dst_dir_fd=parent)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=parent)
                raise
            return mode is None

    @contextmanager
    def _parent(self, path: PurePosixPath) -> Iterator[tuple[int, str]]:
        """Yield the directory and the name of a file, links inside the checkout resolved."""
        for _ in range(_MOST_LINKS):
            with self.directory(path.parent) as parent:
                target = _link_target(parent, path.name)
                if target is None:
                    yield parent, path.name
                    return
                if PurePosixPath(target).is_absolute():
                    break
                path = relative(str(path.parent / target))
        raise ToolRefusal(f"{path} leads out of the checkout through a link")


def is_git_name(name: str) -> bool:
    """Tell whether some file system takes `name` for `.git`: case, invisible characters, dots and blanks at its end."""
    visible = "".join(ch for ch in name if unicodedata.category(ch) != "Cf")
    return unicodedata.normalize("NFKC", visible).casefold().rstrip(". ") in {".git", "git~1"}


def _link_target(parent: int, name: str) -> str | None:
    try:
        return os.readlink(name, dir_fd=parent)
    except OSError:
        return None


def _exists(parent: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _open_directory(name: str, parent: int) -> int:
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)


def _open_file(name: str, flags: int, parent: int, path: PurePosixPath) -> int:
    try:
        descriptor = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ToolRefusal(f"{path} leads out of the checkout through a link") from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ToolRefusal(f"{path} is no regular file")
    return descriptor


def _mode_of(parent: int, name: str, path: PurePosixPath) -> int | None:
    """Return the permission bits of an existing file, None where there is none; other things are refused."""
    try:
        found = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found):
        link = f"a link to {_link_target(parent, name)}: name that file" if stat.S_ISLNK(found) else ""
        raise ToolRefusal(f"{path} is {link or ('a directory' if stat.S_ISDIR(found) else 'no regular file')}")
    if not found & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise ToolRefusal(f"{path} is read-only: make it writable first (chmod u+w) if it is meant to be changed")
    return stat.S_IMODE(found)
