"""Which submodules of a tree the person has at hand, and where. It reads; `git.worktree` writes their content.

Only what lies in the person's `.git/modules` counts: nothing is fetched, and no configuration of a submodule is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ostinato.git.run import Git

_FOLDER = "modules"


@dataclass(frozen=True, slots=True)
class Submodule:
    """A submodule's place in the tree and the commit that the tree names."""

    path: str
    commit: str


def object_directories_of_submodules(git_dir: Path) -> tuple[Path, ...]:
    """Return the object stores of all submodules that are initialised, nested ones too."""
    return tuple(home / "objects" for home in _homes(git_dir / _FOLDER))


def homes_in(git: Git, tree: str, git_dir: Path) -> dict[str, Path]:
    """Return path → git directory of the tree's submodules that are at hand below `git_dir`."""
    wanted = ("config", "--blob", f"{tree}:.gitmodules", "-z", "--get-regexp", r"^submodule\..*\.path$")
    code, out = git.code(*wanted)
    found = {}
    for entry in out.split("\0") if code == 0 else ():
        key, _, path = entry.partition("\n")
        name = key.removeprefix("submodule.").removesuffix(".path")
        home = git_dir / _FOLDER / name
        # The name comes out of the repository.
        if name and ".." not in PurePosixPath(name).parts and not name.startswith("/") and _is_home(home):
            found[path] = home
    return found


def submodules_in(git: Git, tree: str) -> tuple[Submodule, ...]:
    """Return the submodules of a tree, those inside others not counted."""
    entries = os.fsdecode(git.raw("ls-tree", "-r", "-z", tree)).split("\0")
    links = (entry.partition("\t") for entry in entries if entry.startswith("160000 "))
    return tuple(Submodule(path, meta.split()[2]) for meta, _, path in links)


def _homes(folder: Path) -> Iterator[Path]:
    if _is_home(folder):
        yield folder
        folder = folder / _FOLDER
    for child in sorted(folder.iterdir()) if folder.is_dir() else ():
        if child.is_dir() and not child.is_symlink():
            yield from _homes(child)


def _is_home(folder: Path) -> bool:
    return (folder / "objects").is_dir() and os.path.lexists(folder / "HEAD")
