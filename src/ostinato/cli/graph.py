"""`ostinato graph`: the work graph as files that git can merge: written, read, compared. The rules are the store's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ostinato.base.errors import MachineError, UsageError
from ostinato.base.ids import NodeId
from ostinato.cli.command import Group
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.output import answer, clean, remark, short_path

if TYPE_CHECKING:
    from ostinato.app.graph_files import Exported
    from ostinato.graph.projects import Project
    from ostinato.store.store import Store

DIFFERS = 1
"""Exit code of `diff` when file and database differ."""

path_argument = click.argument("path", type=click.Path(path_type=Path), required=False)


@click.group(cls=Group, examples=("ostinato graph export", "ostinato graph diff", "ostinato graph import --theirs"))
def graph() -> None:
    """Write the graph to files that git can merge, read them, compare them."""


@graph.command(
    "export",
    examples=("ostinato graph export", "ostinato graph export --goal os-1a2b3c4d --output goal.toml"),
)
@click.option("--goal", metavar="ID", help="Only this goal, and the goals inside it.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A directory, or with --goal a file; by default .ostinato/graph in the project.",
)
@pass_invocation
def export(invocation: Invocation, goal: str | None, output: Path | None) -> None:
    """Write one TOML file per goal.

    A file that says the same already is left as it is. One that says what the database does not know is never
    replaced: import it first.
    """
    from ostinato.app import graph_files

    store, project = _registered(invocation)
    goals = None if goal is None else [NodeId(goal)]
    if output is None:
        done = graph_files.export_all(store, project, graph_files.graph_folder(project), goals)
    elif output.is_dir() or (goals is None and output.suffix != ".toml"):
        done = graph_files.export_all(store, project, output, goals)
    else:
        done = graph_files.export_goal(store, project, NodeId(goal) if goal else _only_goal(store, project), output)
    if not (done.written or done.unchanged or done.removed):
        remark(invocation, "there is no goal and no node to write")
    document = {name: [str(path) for path in getattr(done, name)] for name in ("written", "unchanged", "removed")}
    answer(invocation, document, _export_lines(done))


@graph.command(
    "import",
    examples=(
        "ostinato graph import",
        "ostinato graph import .ostinato/graph --dry-run",
        "ostinato graph import os-1a2b3c4d.toml --theirs",
    ),
)
@path_argument
@click.option("--merge", is_flag=True, help="Add what is new, leave what differs and tell of it (the default).")
@click.option("--theirs", is_flag=True, help="Where both differ the file wins; what is lost is told.")
@click.option("--ours", is_flag=True, help="Where both differ the database wins; what is lost is told.")
@click.option("--renumber", is_flag=True, help="Give nodes of the file whose id another node has the next free id.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@pass_invocation
def import_(
    invocation: Invocation, path: Path | None, merge: bool, theirs: bool, ours: bool, renumber: bool, dry_run: bool
) -> None:
    """Bring files into the database, all or nothing.

    PATH is a file or a directory; without it the files in .ostinato/graph. New nodes and edges are added; where both
    sides have a node and differ, nothing is changed unless --theirs says so.
    """
    from ostinato.app.graph_files import graph_folder, read_files
    from ostinato.cli.graph_view import import_document, import_lines
    from ostinato.graph.comparing import Strategy

    if merge + theirs + ours > 1:
        raise UsageError("--merge, --theirs and --ours do not go together: say one of them")
    strategy = Strategy.THEIRS if theirs else Strategy.OURS if ours else Strategy.MERGE
    files = read_files(path) if path is not None else None
    with invocation.rehearsing() if dry_run else invocation.writing() as store:
        project = invocation.required_project(store)
        files = read_files(graph_folder(project)) if files is None else files
        # What would be renumbered is told; without the option a real import refuses.
        done = store.interchange.bring_in(project.id, files, strategy, renumber=renumber or dry_run)
    answer(invocation, {**import_document(done), "dry_run": dry_run}, import_lines(done, dry_run))


@graph.command("diff", examples=("ostinato graph diff", "ostinato graph diff os-1a2b3c4d.toml --json"))
@path_argument
@pass_invocation
def diff(invocation: Invocation, path: Path | None) -> int:
    """Say what differs between files and the database.

    PATH is a file or a directory; without it the files in .ostinato/graph. Exit code 0: nothing differs, 1: something
    does.
    """
    from ostinato.app.graph_files import graph_folder, read_files
    from ostinato.cli.graph_view import diff_document, diff_lines
    from ostinato.graph.joining import NamedFile
    from ostinato.graph.toml_format import GraphFile

    # What is named is read before the database is opened: it may be one of its files.
    files = None if path is None else read_files(path)
    store = invocation.reading()
    project = invocation.required_project(store)
    files = read_files(graph_folder(project)) if files is None else files
    if path is None or path.is_dir():
        # A directory stands for the whole project: what has no file there is in the database only.
        told = {file.goal_id for _, _, file in files}
        rest = [goal for goal in (*store.interchange.shared_goals(project.id), None) if goal not in told]
        files += [NamedFile("", "", GraphFile(goal, "", (), ())) for goal in rest]
    met = store.interchange.meet(project.id, files)
    answer(invocation, diff_document(met), diff_lines(met))
    return 0 if met.same else DIFFERS


def _registered(invocation: Invocation) -> tuple[Store, Project]:
    """Return store and project, the repository registered; files are locked before the next transaction begins."""
    with invocation.writing() as store:
        project = invocation.required_project(store)
    if not Path(project.path).is_dir():
        raise MachineError(f"the repository of project {project.name} is not at {project.path} any more: put it back")
    return store, project


def _only_goal(store: Store, project: Project) -> NodeId:
    goals = store.interchange.goals(project.id)
    if len(goals) != 1:
        raise UsageError("a file holds one goal: name it by --goal, or give a directory as --output")
    return goals[0]


def _export_lines(done: Exported) -> Iterator[str]:
    for word, paths in (("written", done.written), ("removed", done.removed), ("unchanged", done.unchanged)):
        yield from (f"{word:<9}  {clean(short_path(path))}" for path in paths)
