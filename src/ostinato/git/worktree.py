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
from typing import TYPE_CHECKING, TypeVar

from ostinato.git.run import Git, GitError, Setting

T = TypeVar("T")

_CONFIG = """\
[core]
	repositoryformatversion = {version}
	filemode = true
	bare = false
	logallrefupdates = true
[user]
	name = Ostinato agent
	email = agent@ostinato.invalid
[gc]
	auto = 0
{extensions}"""


_SUBMODULE = b"160000 "
_REMEMBERED = 8
# Many files are written side by side where the machine has cores for it.
_SIDE_BY_SIDE: tuple[Setting, ...] = (("checkout.workers", "0"),)


class Trees:
    """What was learned about commits and trees, which never change; the checkouts of one place share it."""

    def __init__(self) -> None:
        self._trees: dict[str, str] = {}
        self._layouts: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def tree(self, git: Git, name: str) -> str:
        """Return the tree of a commit, or of a tree itself."""
        if name not in self._trees:
            self._remember(self._trees, name, git.run("rev-parse", "--verify", f"{name}^{{tree}}"))
        return self._trees[name]

    def layout(self, git: Git, tree: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return a tree's directories that hold files (without the top) and its submodules; `git`'s index holds it."""
        if tree not in self._layouts:
            entries = git.raw("ls-files", "-s", "-z").split(b"\0")
            names = [os.fsdecode(entry[entry.index(b"\t") + 1 :]) for entry in entries if entry]
            folders = {name.rpartition("/")[0] for name in names} - {""}
            links = (os.fsdecode(e.partition(b"\t")[2]) for e in entries if e.startswith(_SUBMODULE))
            self._remember(self._layouts, tree, (tuple(sorted(folders)), tuple(links)))
        return self._layouts[tree]

    @staticmethod
    def _remember(memory: dict[str, T], key: str, value: T) -> None:
        memory[key] = value
        while len(memory) > _REMEMBERED:
            memory.pop(next(iter(memory)), None)


class Worktree:
    """The tree at `path`; `index` and `excludes` are the harness's, beside it. Implements `loop.ports.Checkout`."""

    def __init__(
        self,
        path: Path,
        workshop: Path,
        objects: tuple[Path, ...],
        object_format: str = "sha1",
        trees: Trees | None = None,
    ) -> None:
        self.path = path
        self.index = path.with_name(f"{path.name}.index")
        self.excludes = path.with_name(f"{path.name}.exclude")
        self._workshop = workshop
        self._objects = objects
        self._object_format = object_format
        self._head = ""
        self.trees = trees or Trees()
        self.index_tree = ""
        """The tree that the index holds, "" where that is not known."""

    @property
    def git(self) -> Git:
        """Git that works on this tree with the harness's directory and index."""
        return self.git_with(self.index)

    def git_with(self, index: Path) -> Git:
        """The same with another index."""
        variables = {"GIT_DIR": str(self._workshop), "GIT_WORK_TREE": str(self.path), "GIT_INDEX_FILE": str(index)}
        return Git(self.path, variables)

    @property
    def exclusion(self) -> tuple[Setting, ...]:
        """The setting that makes git pass over what setup made here."""
        return (("core.excludesFile", str(self.excludes)),)

    async def reset(self, commit: str) -> None:
        """Make the tree equal `commit`, with HEAD there; what is ignored and what setup made is kept."""
        await asyncio.to_thread(self._reset, commit, commit)

    async def reset_to_tree(self, tree: str, parent: str) -> None:
        """The same for a tree, with HEAD at `parent`, so that the change shows as uncommitted."""
        await asyncio.to_thread(self._reset, tree, parent)

    def _reset(self, tree: str, head: str) -> None:
        # The agent may have left anything: locked directories, a file where the tree was, a torn index.
        for prepare in (_nothing, self._unlock, self._start_over):
            try:
                prepare()
                self._restore(tree)
                self._head = head
                self.make_git()
            except (GitError, OSError):
                self.index_tree = ""
                if prepare == self._start_over:
                    raise
            else:
                return

    def _restore(self, name: str) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self.excludes.touch()
        self.path.with_name(f"{self.index.name}.lock").unlink(missing_ok=True)
        if self.path.is_symlink():
            raise NotADirectoryError(f"{self.path} is a link")
        known, self.index_tree = self.index_tree, ""
        tree = self.trees.tree(self.git, name)
        # Nothing is changed where the index says so: a file behind a link counts as gone there.
        untouched = known == tree and self.index.is_file() and self.git.succeeds("diff-files", "--quiet")
        if not untouched:
            self.git.run("read-tree", "--reset", "-u", tree, config=_SIDE_BY_SIDE)
        self.git.run("clean", "-ffdq", config=self.exclusion)
        self._remove_repositories(tree)
        if not untouched and self.git.run("ls-files", "--modified", "--deleted", "-z"):
            self.git.run("checkout-index", "-f", "-a")
        self.index_tree = tree

    def _remove_repositories(self, tree: str) -> None:
        """Remove what `git clean` never looks at: a `.git` beside tracked files, and the content of submodules."""
        folders, submodules = self.trees.layout(self.git, tree)
        for name in submodules:
            _remove(self.path / name)
            (self.path / name).mkdir()
        for folder in folders:
            # As text: a large tree has thousands, and a path object costs more than the look at the disk.
            nested = f"{self.path}/{folder}/.git"
            if os.path.lexists(nested):
                _remove(Path(nested))

    def _unlock(self) -> None:
        make_removable(self.path)

    def _start_over(self) -> None:
        _remove(self.path)
        self.index.unlink(missing_ok=True)
        self.excludes.unlink(missing_ok=True)
        self.setup_stamp.unlink(missing_ok=True)

    @property
    def setup_stamp(self) -> Path:
        """Where the digest of the last successful setup is kept."""
        return self.path.with_name(f"{self.path.name}.setup")

    def make_git(self) -> None:
        """Write a fresh `.git` with the last reset's HEAD, so that nothing that was done to the old one matters."""
        git = self.path / ".git"
        _remove(git)
        (git / "objects" / "info").mkdir(parents=True)
        (git / "refs" / "heads").mkdir(parents=True)
        (git / "info").mkdir()
        sha1 = self._object_format == "sha1"
        extensions = "" if sha1 else f"[extensions]\n\tobjectFormat = {self._object_format}\n"
        (git / "HEAD").write_text(f"{self._head}\n")
        (git / "config").write_text(_CONFIG.format(version=0 if sha1 else 1, extensions=extensions))
        (git / "objects" / "info" / "alternates").write_text("".join(f"{path}\n" for path in self._objects))
        shutil.copyfile(self.excludes, git / "info" / "exclude")
        if self.trees.tree(self.git, self._head) == self.index_tree:
            # The harness's own index says the same, and knows the files' times: git in the checkout reads no file.
            shutil.copyfile(self.index, git / "index")
        else:
            self.git_with(git / "index").run("read-tree", self._head)


def make_removable(folder: Path) -> None:
    """Give the owner back what an agent may have taken: directories to work in, files to read. No link is followed."""
    if folder.is_symlink() or not folder.is_dir():
        return
    _grant(folder, stat.S_IRWXU)
    # Top down: a directory is opened only after its permissions are mended.
    for parent, directories, files in os.walk(folder):
        for name in directories:
            _grant(Path(parent, name), stat.S_IRWXU)
        for name in files:
            _grant(Path(parent, name), stat.S_IRUSR | stat.S_IWUSR)


def _remove(path: Path) -> None:
    """Remove whatever is at `path`, a locked directory too; what a link points to stays."""
    if path.is_dir() and not path.is_symlink():
        make_removable(path)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _grant(path: Path, wanted: int) -> None:
    mode = path.lstat().st_mode
    if not stat.S_ISLNK(mode) and mode & wanted != wanted:
        path.chmod(stat.S_IMODE(mode) | wanted)


def _nothing() -> None:
    """The first try needs no preparation."""


if TYPE_CHECKING:
    from ostinato.loop.ports import Checkout

    def _fits(tree: Worktree) -> Checkout:
        return tree
