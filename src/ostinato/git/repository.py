"""The person's repository as the harness reads it: commits, trees, files, identity. It changes nothing in it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ostinato.base.errors import MachineError, UsageError
from ostinato.git.run import Git, GitError, neutral_drivers

READ_LIMIT = 1_000_000
_FEW = 2
_DIFF_LIMIT = 400_000
_BINARY_WHEN_BIG = (("core.bigFileThreshold", "4m"),)


@dataclass(frozen=True, slots=True)
class TreeChange:
    """One path that differs between two trees: status A, M, D or T, and the new mode (`000000` when deleted)."""

    status: str
    path: str
    mode: str


def readable(path: str) -> str:
    """Return a path of git's as text that can be stored: bytes that are no UTF-8 become `\\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


class Repository:
    """A non-bare repository with at least one commit; `top` is the top of the person's checkout."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.git = Git(top)

    @classmethod
    def find(cls, path: Path) -> Repository:
        """Return the repository that contains `path`. Raises UsageError that says what is missing."""
        git = Git(path)
        code, top = git.code("rev-parse", "--show-toplevel")
        if code or not top:
            raise UsageError(
                f"{path} is not in a git repository with a checkout: go into one, or make one with git init"
            )
        found = cls(Path(top))
        if not found.git.succeeds("rev-parse", "--verify", "--quiet", "HEAD^{commit}"):
            if found.git.succeeds("rev-parse", "--verify", "--quiet", "HEAD"):
                raise MachineError(f"git cannot read the commit of HEAD in {top}: `git fsck` says what is broken")
            raise UsageError(f"{top} has no commit yet: make a first commit, Ostinato works from HEAD")
        return found

    @cached_property
    def common_dir(self) -> Path:
        """The git directory that worktrees share."""
        return (self.top / self.git.run("rev-parse", "--git-common-dir")).resolve()

    def object_directories(self) -> tuple[Path, ...]:
        """Return the object store with its alternates, followed to the end, each once."""
        found: list[Path] = []
        waiting = [self.common_dir / "objects"]
        while waiting:
            here = waiting.pop(0).resolve()
            if here in found or not here.is_dir():
                continue
            found.append(here)
            alternates = here / "info" / "alternates"
            if alternates.is_file():
                lines = os.fsdecode(alternates.read_bytes()).split("\n")
                waiting += [here / line for line in lines if line.strip() and not line.startswith("#")]
        return tuple(found)

    def head(self) -> str:
        """Return the commit of HEAD."""
        return self.git.run("rev-parse", "--verify", "HEAD^{commit}")

    def branch(self) -> str | None:
        """Return the name of the present branch, None when HEAD is detached."""
        code, name = self.git.code("symbolic-ref", "--quiet", "--short", "HEAD")
        return name if code == 0 else None

    def dirty(self) -> tuple[str, ...]:
        """Return the paths with uncommitted changes, untracked ones included, at most 20.

        The files of the work graph do not count: we write them ourselves, and a move of the branch leaves them alone.
        """
        git = Git(self.top, {"GIT_OPTIONAL_LOCKS": "0"}, own_config=True)
        out = git.raw(
            "status",
            "--porcelain",
            "-z",
            "--no-renames",
            "--untracked-files=normal",
            # Looking for changes in a submodule would run git under that one's configuration.
            "--ignore-submodules=dirty",
            "--",
            ".",
            ":(exclude,glob).ostinato/graph/*.toml",
            config=neutral_drivers(git),
        )
        return tuple(entry[3:].decode("utf-8", "replace") for entry in out.split(b"\0") if entry)[:20]

    def identity(self) -> tuple[str, str]:
        """Return the person's name and e-mail from their own configuration. Raises UsageError that says how."""
        git = Git(self.top, own_config=True)
        found = [git.code("config", key)[1] for key in ("user.name", "user.email")]
        if not all(found):
            raise UsageError(
                "git does not know who you are, and commits carry your name: "
                'git config --global user.name "NAME" and git config --global user.email ADDRESS'
            )
        return found[0], found[1]

    def object_format(self) -> str:
        """Return how objects are named: `sha1` or `sha256`."""
        return self.git.run("rev-parse", "--show-object-format")

    def tree(self, commit: str) -> str:
        """Return the tree of a commit (or of a tree itself)."""
        return self.git.run("rev-parse", "--verify", f"{commit}^{{tree}}")


def worktrees_on(git: Git, branch: str) -> tuple[str, ...]:
    """Return the checkouts that stand on a branch; those whose directory is gone do not count."""
    found = []
    for entry in git.run("worktree", "list", "--porcelain", "-z").split("\0\0"):
        lines = entry.strip("\0").split("\0")
        if f"branch refs/heads/{branch}" in lines and not any(line.startswith("prunable") for line in lines):
            found.append(lines[0].removeprefix("worktree "))
    return tuple(found)


def alternates(objects: Iterable[Path]) -> bytes:
    """Return git's `info/alternates` for these object stores; a path with a line break is quoted, as git reads it."""
    return b"".join(_alternate(os.fsencode(path)) + b"\n" for path in objects)


def _alternate(path: bytes) -> bytes:
    if b"\n" not in path:
        return path
    return b'"' + path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'


class Objects:
    """Reads trees through a git directory that sees the objects; implements `verify.types.Files`."""

    def __init__(self, git: Git) -> None:
        self._git = git

    async def paths(self, tree: str) -> frozenset[str]:
        """Return every file of the tree."""
        import asyncio

        return frozenset(await asyncio.to_thread(self.files, tree))

    async def blobs(self, tree: str) -> dict[str, str]:
        """Return the blob of every regular file of the tree, by path."""
        import asyncio

        return await asyncio.to_thread(self.contents, tree)

    async def read(self, tree: str, paths: tuple[str, ...]) -> dict[str, str | None]:
        """Return each file's text, at most a megabyte of it, or None."""
        import asyncio

        return await asyncio.to_thread(self.texts, tree, paths)

    def files(self, tree: str) -> tuple[str, ...]:
        """Return every file of the tree, sorted as git sorts."""
        out = self._git.raw("ls-tree", "-r", "-z", "--name-only", tree)
        return tuple(name.decode("utf-8", "surrogateescape") for name in out.split(b"\0") if name)

    def contents(self, tree: str) -> dict[str, str]:
        """Return path → blob of every regular file: no links, no submodules."""
        out = self._git.raw("ls-tree", "-r", "-z", tree)
        entries = (entry.partition(b"\t") for entry in out.split(b"\0") if entry.startswith(b"100"))
        return {path.decode("utf-8", "surrogateescape"): meta.split()[2].decode() for meta, _, path in entries}

    def text(self, tree: str, path: str) -> str | None:
        """Return a file's text, bounded, undecodable bytes replaced, or None when the tree has no such file."""
        try:
            blob, _ = self._git.bounded(READ_LIMIT, "cat-file", "blob", f"{tree}:{path}")
        except GitError:
            return None
        return blob.decode("utf-8", "replace")

    def texts(self, tree: str, paths: tuple[str, ...]) -> dict[str, str | None]:
        """Return the same for many files, with two calls of git for all that are small."""
        # One call of git for each of a few is less.
        found = self._blobs(tree, paths) if len(paths) > _FEW else None
        if found is None:
            return {path: self.text(tree, path) for path in paths}
        small = tuple(dict.fromkeys(blob for blob, size in found.values() if blob and size <= READ_LIMIT))
        texts = self._contents(small)
        return {
            path: texts[blob] if blob in texts else self.text(tree, path) if blob else None
            for path, (blob, _) in found.items()
        }

    def _blobs(self, tree: str, paths: tuple[str, ...]) -> dict[str, tuple[str, int]] | None:
        """Return path → blob ("" where there is none) and its size; None where the answer cannot be told apart."""
        wanted = b"".join(os.fsencode(f"{tree}:{path}") + b"\0" for path in paths)
        said = self._git.raw("cat-file", "-z", "--batch-check=%(objectname) %(objecttype) %(objectsize)", stdin=wanted)
        lines = said.split(b"\n")[:-1]
        if len(lines) != len(paths):
            return None  # a name with a line break is missing
        found = {}
        for path, line in zip(paths, lines, strict=True):
            words = line.split(b" ")
            is_blob = (
                len(words) == 3 and words[1] == b"blob" and words[2].isdigit()
            )  # else it is `<name> missing`, or a submodule
            found[path] = (words[0].decode(), int(words[2])) if is_blob else ("", 0)
        return found

    def _contents(self, blobs: tuple[str, ...]) -> dict[str, str]:
        out = self._git.raw("cat-file", "--batch=%(objectsize)", stdin="".join(f"{blob}\n" for blob in blobs).encode())
        found, at = {}, 0
        for blob in blobs:
            end = out.index(b"\n", at)
            size = int(out[at:end])
            found[blob] = out[end + 1 : end + 1 + size].decode("utf-8", "replace")
            at = end + 1 + size + 1
        return found

    def changed(self, base: str, tree: str) -> tuple[TreeChange, ...]:
        """Return the paths that differ, sorted as git sorts; renames are a deletion and an addition."""
        out = self._git.raw("diff-tree", "-r", "-z", "--no-renames", base, tree)
        parts = out.split(b"\0")
        return tuple(
            TreeChange(meta.split()[4].decode()[:1], path.decode("utf-8", "surrogateescape"), meta.split()[1].decode())
            for meta, path in zip(parts[::2], parts[1::2], strict=False)
            if meta
        )

    def diff(self, base: str, tree: str) -> str:
        """Return the difference as text, bounded, binary files named only."""
        options = ("-p", "-r", "--no-renames", "--no-ext-diff", "--no-textconv")
        out, more = self._git.bounded(_DIFF_LIMIT, "diff-tree", *options, base, tree, config=_BINARY_WHEN_BIG)
        text = out.decode("utf-8", "replace")
        return f"{text}\n… the rest of the difference is left out …\n" if more else text
