"""What one invocation knows: the global options, the store opened when first asked for, and the project it is about.

Reading creates, migrates and registers nothing. Writing registers the repository that it stands in, in the same
transaction as the write itself. It prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from ostinato.base.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from ostinato.base.ids import NodeId, ProjectId
    from ostinato.graph.projects import Project
    from ostinato.graph.types import Node
    from ostinato.store.store import Store

R = TypeVar("R")

_NO_REPOSITORY = "not in a git repository: go into one or name a project with --project"


class Scope(NamedTuple):
    """What a list is about: one goal, or one project."""

    project_id: ProjectId | None = None
    goal_id: NodeId | None = None


class Invocation:
    """One run of the command line: what its global options say. Not shared between threads.

    A plain class: making a dataclass costs every command a millisecond at start.
    """

    def __init__(self) -> None:
        self.database: Path | None = None
        self.project_name: str | None = None
        self.json = False
        self._stores: dict[bool, Store] = {}

    def reading(self) -> Store:
        """Return the store for reading; where there is no database yet it reads as an empty one."""
        return self._open(create=False)

    def store_to_write(self) -> Store:
        """Return the store for writing, made and migrated where needed; registers nothing. Most want `writing`."""
        return self._open(create=True)

    @contextmanager
    def writing(self) -> Iterator[Store]:
        """Yield the store inside one transaction that also registers the repository of the present directory."""
        store = self._open(create=True)
        with store.db.transaction():
            if self.project_name is None and (top := repository_top(Path.cwd())) is not None:
                store.projects.add(str(top))
            yield store

    def project(self, store: Store) -> Project | None:
        """Return the project that the command is about, None for a repository that is not registered.

        Raises NotFoundError for an unknown --project, UsageError outside of any repository.
        """
        if self.project_name is not None:
            return store.projects.get(self.project_name)
        top = repository_top(Path.cwd())
        if top is None:
            raise UsageError(_NO_REPOSITORY)
        return store.projects.find_by_path(str(top))

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
        """Close what was opened."""
        while self._stores:
            self._stores.popitem()[1].db.close()

    def _open(self, *, create: bool) -> Store:
        if create not in self._stores:
            # Late: `--version`, `--help` and usage errors need no store.
            from ostinato.app import open_store_for

            self._stores[create] = open_store_for(self.database, create=create)
        return self._stores[create]


def pass_invocation(work: Callable[..., R]) -> Callable[..., R]:
    """Give a command's function the Invocation as its first argument; what it opened is closed at the end."""

    def wrapper(*args: Any, **kwargs: Any) -> R:
        context = click.get_current_context()
        invocation = context.ensure_object(Invocation)
        context.call_on_close(invocation.close)
        return work(invocation, *args, **kwargs)

    return update_wrapper(wrapper, work)


def repository_top(start: Path) -> Path | None:
    """Return the nearest directory at or above `start` that holds a `.git` directory or file; no git is started."""
    here = start.resolve()
    for folder in (here, *here.parents):
        entry = folder / ".git"
        # A worktree and a submodule have a file there; an empty directory of that name is no repository.
        if entry.is_file() or (entry / "HEAD").is_file():
            return folder
    return None


def goal_node(store: Store, identifier: str) -> Node:
    """Return the goal with that id. Raises NotFoundError, UsageError for a node of another type."""
    # Late: `--version` names no node.
    from ostinato.base.ids import NodeId

    node = store.graph.get(NodeId(identifier))
    if node.node_type.value != "goal":
        raise UsageError(f"{node.id} is a {node.node_type.value}, not a goal")
    return node
