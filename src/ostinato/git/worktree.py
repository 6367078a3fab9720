"""One checkout outside the person's repository, driven from the harness's own git directory.

The checkout's `.git` is made anew at each reset and is disposable: the agent may commit and stash in it as it likes,
and nothing of it is ever read. It sees the person's objects through alternates, and nothing else of their repository.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from ostinato.git.run import Git, GitError

_CONFIG = """\
[core]
	repositoryformatversion = 0
	filemode = true
	bare = false
	logallrefupdates = true
[user]
	name = Ostinato agent
	email = agent@ostinato.invalid
[gc]
	auto = 0
"""


class Worktree:
    """The tree at `path`; `index` and `excludes` are the harness's, beside it. Implements `loop.ports.Checkout`."""

    def __init__(self, path: Path, workshop: Path, objects: tuple[Path, ...]) -> None:
        self.path = path
        self.index = path.with_name(f"{path.name}.index")
        self.excludes = path.with_name(f"{path.name}.exclude")
        self._workshop = workshop
        self._objects = objects

    @property
    def git(self) -> Git:
        """Git that works on this tree with the harness's directory and index."""
        return self.git_with(self.index)

    def git_with(self, index: Path) -> Git:
        """The same with another index."""
        variables = {"GIT_DIR": str(self._workshop), "GIT_WORK_TREE": str(self.path), "GIT_INDEX_FILE": str(index)}
        return Git(self.path, variables)

    @property
    def exclusion(self) -> tuple[str, ...]:
        """The setting that makes git pass over what setup made here."""
        return (f"core.excludesFile={self.excludes}",)

    async def reset(self, commit: str) -> None:
        """Make the tree equal `commit`, with HEAD there; what is ignored and what setup made is kept."""
        await asyncio.to_thread(self._reset, commit, commit)

    async def reset_to_tree(self, tree: str, parent: str) -> None:
        """The same for a tree, with HEAD at `parent`, so that the change shows as uncommitted."""
        await asyncio.to_thread(self._reset, tree, parent)

    def _reset(self, tree: str, head: str) -> None:
        try:
            self._restore(tree)
        except (GitError, OSError):
            # The agent may have left anything: read-only directories, a file where the tree was, a torn index.
            self._start_over()
            self._restore(tree)
        self._make_git(head)

    def _restore(self, tree: str) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self.excludes.touch()
        self.path.with_name(f"{self.index.name}.lock").unlink(missing_ok=True)
        self.git.run("read-tree", "--reset", "-u", tree)
        self.git.run("clean", "-ffdq", config=self.exclusion)
        if self.git.run("ls-files", "--modified", "--deleted", "-z"):
            self.git.run("checkout-index", "-f", "-a")

    def _start_over(self) -> None:
        make_removable(self.path)
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.unlink(missing_ok=True)
        self.index.unlink(missing_ok=True)
        self.excludes.unlink(missing_ok=True)
        self.setup_stamp.unlink(missing_ok=True)

    @property
    def setup_stamp(self) -> Path:
        """Where the digest of the last successful setup is kept."""
        return self.path.with_name(f"{self.path.name}.setup")

    def _make_git(self, head: str) -> None:
        """Write a fresh `.git` with a detached HEAD, so that nothing that was done to the last one matters."""
        git = self.path / ".git"
        make_removable(git)
        if git.is_dir() and not git.is_symlink():
            shutil.rmtree(git)
        else:
            git.unlink(missing_ok=True)
        (git / "objects" / "info").mkdir(parents=True)
        (git / "refs" / "heads").mkdir(parents=True)
        (git / "info").mkdir()
        (git / "HEAD").write_text(f"{head}\n")
        (git / "config").write_text(_CONFIG)
        (git / "objects" / "info" / "alternates").write_text("".join(f"{path}\n" for path in self._objects))
        shutil.copyfile(self.excludes, git / "info" / "exclude")
        self.git_with(git / "index").run("read-tree", head)


def make_removable(folder: Path) -> None:
    """Give the owner every permission on a tree that an agent may have locked. Links are not followed."""
    if folder.is_symlink() or not folder.exists():
        return
    for parent, directories, _ in os.walk(folder):
        for name in (".", *directories):
            path = Path(parent, name)
            if not path.is_symlink() and path.stat().st_mode & stat.S_IRWXU != stat.S_IRWXU:
                path.chmod(stat.S_IRWXU)


if TYPE_CHECKING:
    from ostinato.loop.ports import Checkout

    def _fits(tree: Worktree) -> Checkout:
        return tree
