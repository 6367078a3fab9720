"""One checkout outside the person's repository, driven from the harness's own git directory.

The checkout's `.git` is made anew at each reset and is disposable: the agent may commit and stash in it as it likes,
and nothing of it is ever read. It sees the person's objects through alternates, and nothing else of their repository.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from ostinato.git.repository import alternates
from ostinato.git.run import Git, GitError, Setting
from ostinato.git.submodules import Submodule, homes_in

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
    """What was learned about commits and trees, which never change; the checkouts of one place share it.

    Both are reset side by side, in threads: whoever asks second waits for what the first one learns.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._trees: dict[str, str] = {}
        self._layouts: dict[str, tuple[tuple[str, ...], tuple[Submodule, ...]]] = {}

    def tree(self, git: Git, name: str) -> str:
        """Return the tree of a commit, or of a tree itself."""
        with self._lock:
            return _remembered(self._trees, name, lambda: git.run("rev-parse", "--verify", f"{name}^{{tree}}"))

    def learn(self, tree: str, base: str, paths: Iterable[str]) -> None:
        """Be told of a tree that differs from the tree `base` in `paths`: what it looks like follows from that."""
        with self._lock:
            _remembered(self._trees, tree, lambda: tree)
            known = self._layouts.get(base)
            if known is None or not {submodule.path for submodule in known[1]}.isdisjoint(paths):
                return
            # A directory that is gone from it does no harm here.
            folders = {path.rpartition("/")[0] for path in paths} - {""}
            _remembered(self._layouts, tree, lambda: (tuple(sorted({*known[0], *folders})), known[1]))

    def layout(self, git: Git, tree: str) -> tuple[tuple[str, ...], tuple[Submodule, ...]]:
        """Return a tree's directories that hold files (without the top) and its submodules; `git`'s index holds it."""
        with self._lock:
            return _remembered(self._layouts, tree, lambda: _layout(git))


def _layout(git: Git) -> tuple[tuple[str, ...], tuple[Submodule, ...]]:
    entries = git.raw("ls-files", "-s", "-z").split(b"\0")
    names = [os.fsdecode(entry[entry.index(b"\t") + 1 :]) for entry in entries if entry]
    folders = {name.rpartition("/")[0] for name in names} - {""}
    links = (os.fsdecode(entry).partition("\t") for entry in entries if entry.startswith(_SUBMODULE))
    return tuple(sorted(folders)), tuple(Submodule(path, meta.split()[1]) for meta, _, path in links)


def _remembered(memory: dict[str, T], key: str, learn: Callable[[], T]) -> T:
    """Return what is known under `key`, learned now if need be; the oldest is forgotten."""
    if key not in memory:
        memory[key] = learn()
        while len(memory) > _REMEMBERED:
            del memory[next(iter(memory))]
    return memory[key]


@dataclass(frozen=True, slots=True)
class Sources:
    """What fills a checkout beside the objects: `settings` for LFS, and the git directory whose submodules are used."""

    settings: tuple[Setting, ...] = ()
    git_dir: Path | None = None


class Worktree:
    """The tree at `path`; `index` and `excludes` are the harness's, beside it. Implements `loop.ports.Checkout`."""

    def __init__(
        self,
        path: Path,
        workshop: Path,
        objects: tuple[Path, ...],
        object_format: str = "sha1",
        trees: Trees | None = None,
        sources: Sources | None = None,
    ) -> None:
        self.path = path
        self.index = path.with_name(f"{path.name}.index")
        self._sources = sources or Sources()
        self._modules: dict[str, Worktree] = {}
        self.excludes = path.with_name(f"{path.name}.exclude")
        self._workshop = workshop
        self._objects = objects
        self._object_format = object_format
        self._head = ""
        self.trees = trees or Trees()
        self._kept_tree = ""
        self.index_tree = ""
        """The tree that the index holds, "" where that is not known."""

    @property
    def git(self) -> Git:
        """Git that works on this tree with the harness's directory and index."""
        return self.git_with(self.index)

    def git_with(self, index: Path) -> Git:
        """The same with another index."""
        variables = {"GIT_DIR": str(self._workshop), "GIT_WORK_TREE": str(self.path), "GIT_INDEX_FILE": str(index)}
        return Git(self.path, variables, settings=self._sources.settings)

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
            self._keep_index(known)
            self.git.run("read-tree", "--reset", "-u", tree, config=_SIDE_BY_SIDE)
        self.git.run("clean", "-ffdq", config=self.exclusion)
        self._remove_repositories(tree)
        if not untouched and self.git.run("ls-files", "--modified", "--deleted", "-z"):
            self.git.run("checkout-index", "-f", "-a")
        self.index_tree = tree

    def _keep_index(self, tree: str) -> None:
        """Keep the index as it is, of a known tree: the next HEAD is often the commit that stands here now."""
        self._kept_tree = ""
        if tree and self.index.is_file():
            shutil.copy2(self.index, self._kept_index)
            self._kept_tree = tree

    @property
    def _kept_index(self) -> Path:
        return self.index.with_name(f"{self.index.name}.kept")

    def _remove_repositories(self, tree: str) -> None:
        """Remove what `git clean` never looks at: a `.git` beside tracked files, and the content of submodules."""
        folders, submodules = self.trees.layout(self.git, tree)
        self._restore_submodules(tree, submodules)
        for folder in folders:
            # As text: a large tree has thousands, and a path object costs more than the look at the disk.
            nested = f"{self.path}/{folder}/.git"
            if os.path.lexists(nested):
                _remove(Path(nested))

    def _restore_submodules(self, tree: str, submodules: tuple[Submodule, ...]) -> None:
        """Give each submodule that is at hand its content, and leave the others empty. None gets a `.git`."""
        at_hand = homes_in(self.git, tree, self._sources.git_dir) if submodules and self._sources.git_dir else {}
        for submodule in submodules:
            _remove_links_on_the_way(self.path, submodule.path)
            home = at_hand.get(submodule.path)
            if home is None or not self._module(submodule.path, home).restore_content(submodule.commit):
                _remove(self.path / submodule.path)
                (self.path / submodule.path).mkdir(parents=True)

    def restore_content(self, commit: str) -> bool:
        """Make a submodule's files equal `commit`; False when its commit is not there, or it was tampered with."""
        try:
            _remove(self.path / ".git")
            self._restore(commit)
        except (GitError, OSError):
            self.index.unlink(missing_ok=True)
            return False
        return True

    def _module(self, path: str, home: Path) -> Worktree:
        if path not in self._modules:
            sources = Sources(self._sources.settings, home)
            module = Worktree(self.path / path, self._workshop, self._objects, self._object_format, self.trees, sources)
            # What belongs to it stands beside our own index: beside itself would be inside the checkout.
            digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
            module.index = self.index.with_name(f"{self.index.stem}.{digest}.index")
            module.excludes = self.index.with_name(f"{self.index.stem}.{digest}.exclude")
            self._modules[path] = module
        return self._modules[path]

    def changed_submodules(self) -> list[str]:
        """Return the submodules whose content is not as it was restored; nothing of that is ever harvested."""
        return [f"{path}/" for path, module in self._modules.items() if module._is_changed()]

    def _is_changed(self) -> bool:
        if not self.path.is_dir() or self.path.is_symlink() or not self.index.is_file():
            return False
        others = ("ls-files", "--others", "--exclude-standard", "-z")
        return not self.git.succeeds("diff-files", "--quiet") or bool(self.git.run(*others))

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
        (git / "objects" / "info" / "alternates").write_bytes(alternates(self._objects))
        shutil.copyfile(self.excludes, git / "info" / "exclude")
        tree = self.trees.tree(self.git, self._head)
        if tree == self.index_tree:
            # The harness's own index says the same, and knows the files' times: git in the checkout reads no file.
            # With its own time, by which git knows what may have changed in the same moment.
            shutil.copy2(self.index, git / "index")
        elif tree == self._kept_tree:
            shutil.copy2(self._kept_index, git / "index")
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


def _remove_links_on_the_way(top: Path, name: str) -> None:
    """Remove a link that stands where a directory above `name`, or it itself, must be: we would write behind it."""
    here = top
    for part in name.split("/"):
        here = here / part
        if here.is_symlink():
            here.unlink()


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
