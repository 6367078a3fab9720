"""Takes the tree out of the agent's checkout with the harness's own git directory and index."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from ostinato.base.globs import matches
from ostinato.git.repository import Objects, TreeChange, readable
from ostinato.git.run import Git, GitError
from ostinato.git.worktree import Worktree, make_removable
from ostinato.verify.types import Change

_REPOSITORY = "160000"
# A large file is stored as it is read, and never held in memory.
_STREAMED = (("core.bigFileThreshold", "16m"),)


def harvest(tree: Worktree, base: str, scope: tuple[str, ...], written: frozenset[str]) -> Change:
    """Return what the checkout changed against the commit `base`; see `loop.ports.Checkouts.harvest`."""
    try:
        return _harvest(tree, base, scope, written)
    except GitError:
        make_removable(tree.path)
        _remove_specials(tree.path)
        return _harvest(tree, base, scope, written)


def _harvest(tree: Worktree, base: str, scope: tuple[str, ...], written: frozenset[str]) -> Change:
    index = tree.path.with_name("harvest.index")
    index.with_name(f"{index.name}.lock").unlink(missing_ok=True)
    # The checkout's own index knows the files' times: only what changed is read again. The copy keeps the index's own
    # time, by which git knows what may have changed in the same moment.
    shutil.copy2(tree.index, index)
    git = tree.git_with(index)
    base_tree = tree.trees.tree(git, base)
    if tree.index_tree != base_tree:
        git.run("read-tree", "--reset", base)
    git.run("add", "-u", ".", config=_STREAMED)
    taken, dropped = _untracked(git, tree, scope, written)
    if taken:
        stdin = b"".join(os.fsencode(path) + b"\0" for path in taken)
        git.run("update-index", "--add", "-z", "--stdin", stdin=stdin, config=_STREAMED)
    objects = Objects(git)
    found, changes, nested = _without_repositories(git, objects, base_tree)
    paths = tuple(sorted(readable(change.path) for change in changes))
    tree.trees.learn(found, base_tree, [change.path for change in changes])
    left_out = {*dropped, *nested, *tree.changed_submodules()}
    diff = objects.diff(base_tree, found) if changes else ""
    return Change(base_tree, found, diff, paths, tuple(sorted(map(readable, left_out))))


def _untracked(
    git: Git, tree: Worktree, scope: tuple[str, ...], written: frozenset[str]
) -> tuple[list[str], list[str]]:
    """Return the new paths to take and those to leave out. What the agent wrote counts even where setup made it."""
    taken: list[str] = []
    dropped: list[str] = []
    found = _others(git, tree)
    # Only where setup made something does leaving that out make a difference.
    setups = _others(git) if written and tree.excludes.stat().st_size else found
    for name in sorted(found | {name for name in setups & written if matches(name, scope or ("",))}):
        nested = name.endswith("/")  # a repository of its own inside the checkout
        wanted = not nested and (not scope or matches(name, scope) or name in written)
        (taken if wanted else dropped).append(name)
    return taken, dropped


def _others(git: Git, tree: Worktree | None = None) -> set[str]:
    out = git.raw("ls-files", "-z", "--others", "--exclude-standard", config=tree.exclusion if tree else ())
    return {os.fsdecode(raw) for raw in out.split(b"\0") if raw}


def _without_repositories(git: Git, objects: Objects, base_tree: str) -> tuple[str, tuple[TreeChange, ...], list[str]]:
    """Take back what became a repository where a file or a submodule was: its commit exists nowhere else.

    Returns the tree, what it changes, and what was taken back.
    """
    now = git.run("write-tree")
    changes = objects.changed(base_tree, now) if now != base_tree else ()
    nested = [change for change in changes if change.mode == _REPOSITORY]
    if not nested:
        return now, changes, []
    lines = []
    for change in nested:
        # Mode 0 removes an entry; what the base has there comes back.
        before = git.raw("ls-tree", "-z", base_tree, "--", change.path).rstrip(b"\0")
        entry = before.partition(b"\t")[0].split() if before else []
        restored = entry[0] + b" " + entry[2] if len(entry) == 3 else b"0 " + b"0" * len(base_tree)
        lines.append(restored + b"\t" + os.fsencode(change.path) + b"\0")
    git.run("update-index", "-z", "--index-info", stdin=b"".join(lines))
    tree = git.run("write-tree")
    return tree, objects.changed(base_tree, tree), [f"{change.path}/" for change in nested]


def _remove_specials(folder: Path) -> None:
    """Remove pipes, sockets and devices: git refuses to look at one where a file was."""
    for parent, _, files in os.walk(folder):
        for name in files:
            path = Path(parent, name)
            mode = path.lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
                path.unlink()
