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

from ostinato.git.run import Git, GitError, Setting

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
Layout = tuple[tuple[str, ...], tuple[str, ...]]
"""The directories of a tree that hold files (the top left out), and its submodules."""


class Worktree:
    """The tree at `path`; `index` and `excludes` are the harness's, beside it. Implements `loop.ports.Checkout`."""

    def __init__(
        self,
        path: Path,
        workshop: Path,
        objects: tuple[Path, ...],
        object_format: str = "sha1",
        layouts: dict[str, Layout] | None = None,
    ) -> None:
        """`layouts` remembers what trees look like; the checkouts of one place share it."""
        self.path = path
        self.index = path.with_name(f"{path.name}.index")
        self.excludes = path.with_name(f"{path.name}.exclude")
        self._workshop = workshop
        self._objects = objects
        self._object_format = object_format
        self._head = ""
        self._layouts = {} if layouts is None else layouts
        self.stands_at = ""

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

    # `stands_at` is the commit or tree that the index holds, "" when nothing is known.

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
                self.stands_at = ""
                self._restore(tree)
                self._head, self.stands_at = head, tree
                self.make_git()
            except (GitError, OSError):
                if prepare == self._start_over:
                    raise
            else:
                return

    def _restore(self, tree: str) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self.excludes.touch()
        self.path.with_name(f"{self.index.name}.lock").unlink(missing_ok=True)
        if self.path.is_symlink():
            raise NotADirectoryError(f"{self.path} is a link")
        self.git.run("read-tree", "--reset", "-u", tree)
        self.git.run("clean", "-ffdq", config=self.exclusion)
        self._remove_repositories(tree)
        if self.git.run("ls-files", "--modified", "--deleted", "-z"):
            self.git.run("checkout-index", "-f", "-a")

    def _remove_repositories(self, tree: str) -> None:
        """Remove what `git clean` never looks at: a `.git` beside tracked files, and the content of submodules."""
        folders, submodules = self._layout(tree)
        for name in submodules:
            _remove(self.path / name)
            (self.path / name).mkdir()
        for folder in folders:
            # As text: a large tree has thousands, and a path object costs more than the look at the disk.
            nested = f"{self.path}/{folder}/.git"
            if os.path.lexists(nested):
                _remove(Path(nested))

    def _layout(self, tree: str) -> Layout:
        """Return the directories and the submodules of a tree that stands in the index; remembered, for its name."""
        found = self._layouts.get(tree)
        if found is None:
            entries = self.git.raw("ls-files", "-s", "-z").split(b"\0")
            names = [os.fsdecode(entry[entry.index(b"\t") + 1 :]) for entry in entries if entry]
            folders = {name.rpartition("/")[0] for name in names} - {""}
            links = (entry for entry in entries if entry.startswith(_SUBMODULE))
            found = tuple(sorted(folders)), tuple(os.fsdecode(entry.partition(b"\t")[2]) for entry in links)
            while len(self._layouts) >= _REMEMBERED:
                self._layouts.pop(next(iter(self._layouts)))
            self._layouts[tree] = found
        return found

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
        if self._head == self.stands_at:
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
