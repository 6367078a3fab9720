"""`ostinato project`: which repositories Ostinato knows. Nothing in a repository itself is touched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ostinato.base.errors import UsageError
from ostinato.base.text import many
from ostinato.cli.command import Group
from ostinato.cli.context import Invocation, pass_invocation, repository_top
from ostinato.cli.documents import PROJECT_FIELDS, project_document
from ostinato.cli.listing import Listing, listing
from ostinato.cli.output import answer, clean, columns, short_time
from ostinato.graph.projects import Project
from ostinato.graph.requests import NodeFilter
from ostinato.graph.types import NodeType

if TYPE_CHECKING:
    from ostinato.store.store import Store


@click.group(cls=Group, examples=("ostinato project add", "ostinato project list"))
def project() -> None:
    """Register, list and remove projects."""


@project.command("add", examples=("ostinato project add", "ostinato project add ../shop --name shop"))
@click.argument("path", required=False, type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--name", metavar="NAME", help="By default the directory's name.")
@pass_invocation
def add(invocation: Invocation, path: Path | None, name: str | None) -> None:
    """Register the repository that contains PATH. By default the present one; twice does nothing more."""
    start = path or Path.cwd()
    top = repository_top(start)
    if top is None:
        raise UsageError(f"{start} is not in a git repository: `git init` makes one")
    # Not through `writing`: that would register the present directory's repository too.
    made = invocation.store_to_write().projects.add(top, name)
    answer(invocation, project_document(made), [clean(f"{made.name}: {made.path}")])


@project.command("list", examples=("ostinato project list --json",))
@listing(PROJECT_FIELDS)
@pass_invocation
def list_(invocation: Invocation, wanted: Listing) -> None:
    """List the registered projects."""
    found = invocation.reading().projects.list()
    heads = ("name", "path")
    wanted.show(
        invocation, found, project_document, lambda one: (one.name, one.path), heads=heads, nothing="no projects"
    )


@project.command("show", examples=("ostinato project show", "ostinato project show shop"))
@click.argument("name", required=False)
@pass_invocation
def show(invocation: Invocation, name: str | None) -> None:
    """Show a project by name or id, by default the present one."""
    store = invocation.reading()
    found = invocation.required_project(store) if name is None else store.projects.get(name)
    goals = store.graph.query(NodeFilter(project_id=found.id, node_type=NodeType.GOAL))
    document = {**project_document(found), "goals": [goal.id for goal in goals]}
    answer(invocation, document, _lines(found, len(goals)))


@project.command("remove", examples=("ostinato project remove shop",))
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def remove(invocation: Invocation, name: str, yes: bool) -> None:
    """Forget a project and all that is known of it. NAME is its exact name or id; the repository stays as it is.

    Refused while a run works on one of its goals.
    """
    store = invocation.store_to_write()
    found = store.projects.get(name)
    _refuse_running(store, found)
    if not yes:
        nodes = len(store.graph.query(NodeFilter(project_id=found.id)))
        question = f"Forget {found.name} ({found.path}) with its {many(nodes, 'node')} for ever?"
        if not click.confirm(clean(question), err=True):
            raise UsageError("nothing was removed")
    with store.db.transaction():
        _refuse_running(store, found)
        store.projects.remove(found.id)
    answer(invocation, project_document(found), [clean(f"{found.name}: removed")])


def _refuse_running(store: Store, found: Project) -> None:
    # Late: only removing needs it.
    from ostinato.store.discarding import refuse_live

    for goal in store.graph.query(NodeFilter(project_id=found.id, node_type=NodeType.GOAL)):
        refuse_live(store, goal.id)


def _lines(found: Project, goals: int) -> list[str]:
    rows = [
        ("  id", found.id),
        ("  path", found.path),
        ("  registered", short_time(found.created_at)),
        ("  goals", goals),
    ]
    return [clean(found.name), *columns(rows)]
