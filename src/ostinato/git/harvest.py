"""Takes the tree out of the agent's checkout with the harness's own git directory and index."""

from __future__ import annotations

import shutil

from ostinato.base.globs import matches
from ostinato.git.repository import Objects
from ostinato.git.run import Git, GitError
from ostinato.git.worktree import Worktree, make_removable
from ostinato.verify.types import Change


def harvest(tree: Worktree, base: str, scope: tuple[str, ...], written: frozenset[str]) -> Change:
    """Return what the checkout changed against the commit `base`; see `loop.ports.Checkouts.harvest`."""
    try:
        return _harvest(tree, base, scope, written)
    except GitError:
        make_removable(tree.path)
        return _harvest(tree, base, scope, written)


def _harvest(tree: Worktree, base: str, scope: tuple[str, ...], written: frozenset[str]) -> Change:
    index = tree.path.with_name("harvest.index")
    index.with_name(f"{index.name}.lock").unlink(missing_ok=True)
    # The checkout's own index knows the files' times: only what changed is read again.
    shutil.copyfile(tree.index, index)
    git = tree.git_with(index)
    git.run("read-tree", "--reset", base)
    git.run("add", "-u", ".")
    taken, dropped = _untracked(git, tree, scope, written)
    stdin = b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in taken)
    git.run("update-index", "--add", "-z", "--stdin", stdin=stdin)
    found = git.run("write-tree")
    base_tree = git.run("rev-parse", f"{base}^{{tree}}")
    objects = Objects(git)
    paths = tuple(sorted(change.path for change in objects.changed(base_tree, found)))
    return Change(base_tree, found, objects.diff(base_tree, found), paths, dropped)


def _untracked(
    git: Git, tree: Worktree, scope: tuple[str, ...], written: frozenset[str]
) -> tuple[list[str], tuple[str, ...]]:
    out = git.raw("ls-files", "-z", "--others", "--exclude-standard", config=tree.exclusion)
    taken: list[str] = []
    dropped: list[str] = []
    for name in (raw.decode("utf-8", "surrogateescape") for raw in out.split(b"\0") if raw):
        nested = name.endswith("/")  # a repository of its own inside the checkout
        wanted = not nested and (not scope or matches(name, scope) or name in written)
        (taken if wanted else dropped).append(name)
    return taken, tuple(sorted(dropped))
