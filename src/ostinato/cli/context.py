"""What one invocation knows: the global options, the store opened when first asked for, and the project it is about.

Reading creates, migrates and registers nothing. Writing registers the repository that it stands in, in the same
transaction as the write itself. It prints nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from ostinato.base.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ostinato.base.ids import NodeId, ProjectId
    from ostinato.graph.projects import Project
    from ostinato.graph.types import Node
    from ostinato.store.store import Store

R = TypeVar("R")

_NO_REPOSITORY = "not in a git repository: go into one or name a project with --project"


class _Rehearsed(Exception):
    """Ends a transaction that only shows what would be."""


class Scope(NamedTuple):
    """What a list is about: one goal, or one project."""

    project_id: ProjectId | None = None
    goal_id: NodeId | None = None


class Invocation:
    """One run of the command line: what its global options say. Not shared between threads.

    A plain class: making a dataclass costs every command a millisecond at start.
    """

    def __init__(self, after_writing: Callable[[Invocation], None] | None = None) -> None:
        self._after_writing = after_writing
        self.database_file: str | None = None
        self.project_name: str | None = None
        self.json = False
        self.touched = False
        self._stores: dict[bool, Store] = {}

    @property
    def database(self) -> Path | None:
        """The database of --db, None where the person's own is meant."""
        # Late: what only reads the graph does without pathlib, a tenth of a command's start.
        from pathlib import Path

        return Path(self.database_file) if self.database_file else None

    def reading(self) -> Store:
        """Return the store for reading; where there is no database yet it reads as an empty one."""
        return self._open(create=False)

    def store_to_write(self) -> Store:
        """Return the store for writing, made and migrated where needed; registers nothing. Most want `writing`."""
        self.touched = True
        return self._open(create=True)

    def opened(self) -> Store:
        """Return the store that is open already, one for writing first, else the one for reading."""
        return self._stores.get(True) or self.reading()

    @contextmanager
    def writing(self) -> Iterator[Store]:
        """Yield the store inside one transaction that also registers the repository of the present directory."""
        store = self._open(create=True)
        with store.db.transaction():
            self._register(store)
            yield store
        self.touched = True

    @contextmanager
    def rehearsing(self) -> Iterator[Store]:
        """Do the same and undo all of it: for what only shows. Nothing is made where there is no database yet."""
        store = self.reading()
        try:
            with store.db.transaction():
                self._register(store)
                yield store
                raise _Rehearsed
        except _Rehearsed:
            return

    def project(self, store: Store) -> Project | None:
        """Return the project that the command is about, None for a repository that is not registered.

        Raises NotFoundError for an unknown --project, UsageError outside of any repository.
        """
        if self.project_name is not None:
            return store.projects.get(self.project_name)
        top = repository_top(os.getcwd())
        if top is None:
            raise UsageError(_NO_REPOSITORY)
        return store.projects.find_by_path(top)

    def required_project(self, store: Store) -> Project:
        """Return the project; inside `writing` the repository is registered by then. Raises UsageError."""
        project = self.project(store)
        if project is None:
            raise NotFoundError("this repository is not registered: `ostinato project add` registers it")
        return project

    def scope(self, store: Store, goal: str | None) -> Scope | None:
        """Return what a list is about: `goal` where given (works anywhere), else the project; None: unregistered."""
        if goal is not None:
            return Scope(goal_id=goal_node(store, goal).id)
        project = self.project(store)
        return None if project is None else Scope(project_id=project.id)

    def close(self) -> None:
        """Do what follows where something was written, and close what was opened."""
        touched, self.touched = self.touched, False
        try:
            if touched and self._after_writing is not None:
                self._after_writing(self)
        finally:
            while self._stores:
                self._stores.popitem()[1].db.close()

    def _register(self, store: Store) -> None:
        if self.project_name is None and (top := repository_top(os.getcwd())) is not None:
            store.projects.add(top)

    def _open(self, *, create: bool) -> Store:
        if create not in self._stores:
            # Late: `--version`, `--help` and usage errors need no store.
            from ostinato.app import open_store_for

            self._stores[create] = open_store_for(self.database_file, create=create)
        return self._stores[create]


def pass_invocation(work: Callable[..., R]) -> Callable[..., R]:
    """Give a command's function the Invocation as its first argument; what it opened is closed at the end."""

    def wrapper(*args: Any, **kwargs: Any) -> R:
        context = click.get_current_context()
        invocation = context.ensure_object(Invocation)
        context.call_on_close(invocation.close)
        return work(invocation, *args, **kwargs)

    return update_wrapper(wrapper, work)


def repository_top(start: str | os.PathLike[str]) -> str | None:
    """Return the nearest directory at or above `start` that holds a `.git` directory or file; no git is started."""
    here = os.path.realpath(start)
    while True:
        entry = os.path.join(here, ".git")
        # A worktree and a submodule have a file there; an empty directory of that name is no repository.
        if os.path.isfile(entry) or os.path.isfile(os.path.join(entry, "HEAD")):
            return here
        above = os.path.dirname(here)
        if above == here:
            return None
        here = above


def goal_node(store: Store, identifier: str) -> Node:
    """Return the goal with that id. Raises NotFoundError, UsageError for a node of another type."""
    # Late: `--version` names no node.
    from ostinato.base.ids import NodeId

    node = store.graph.get(NodeId(identifier))
    if node.node_type.value != "goal":
        raise UsageError(f"{node.id} is a {node.node_type.value}, not a goal")
    return node
