"""`ostinato import`: other programs' tasks become a goal of ours. Reading is `app.importing`, rules are the store."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ostinato.base.ids import NodeId
from ostinato.base.text import many
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.output import answer, clean
from ostinato.graph.importing.values import Format

if TYPE_CHECKING:
    from ostinato.app.importing import Result, Source

_WARNINGS = 10


@click.command(
    "import",
    cls=Command,
    examples=(
        "ostinato import .beads/issues.jsonl",
        "ostinato import prd.json --dry-run",
        "ostinato import docs/PRD.md --goal os-1a2b3c4d",
        "ostinato import - --format beads < issues.json",
    ),
)
@click.argument("path", type=click.Path(allow_dash=True))
@click.option(
    "--format", "asked", type=click.Choice([one.value for one in Format]), help="By default what content and name show."
)
@click.option("--goal", metavar="ID", help="Put the tasks into this goal instead of a new one.")
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
@pass_invocation
def import_(invocation: Invocation, path: str, asked: str | None, goal: str | None, dry_run: bool) -> None:
    """Import other programs' tasks, ready to be worked on.

    PATH is an issues.jsonl of beads (or a directory with .beads, or `bd list --json`), a prd.json, a spec.json, a
    Markdown PRD or checklist, or a goal file of the predecessor; - is stdin. What was imported before is left as it is,
    and only what is new is added.
    """
    # Late: help needs no reader.
    from ostinato.app.import_files import read_files
    from ostinato.app.importing import bring_in, read_source

    # A collection walks all that was read, again and again, and finds nothing: a quarter of the time of a large file.
    gc.disable()
    click.get_current_context().call_on_close(gc.enable)
    source = read_source(read_files(path), None if asked is None else Format(asked))
    with invocation.rehearsing() if dry_run else invocation.writing() as store:
        project = invocation.required_project(store)
        result = bring_in(store, project.id, source.imported, None if goal is None else NodeId(goal))
    answer(invocation, _document(source, result, dry_run), _lines(source, result, dry_run))


def _document(source: Source, result: Result, dry_run: bool) -> dict[str, Any]:
    brought = result.brought
    return {
        "goal_id": None if dry_run and brought.new_goal else brought.goal_id,
        "format": source.imported.format.value,
        "detected": source.detected,
        "dry_run": dry_run,
        "new_goal": brought.new_goal,
        "made": {kind.value: count for kind, count in sorted(brought.types.items())},
        "tasks": dict(result.tasks),
        "without_checks": result.unchecked,
        "ids": {} if dry_run else dict(brought.made),
        "existing": dict(brought.existing),
        "done_in_source": list(brought.done_there),
        "skipped": dict(source.imported.skipped),
        "warnings": list(result.warnings),
    }


def _lines(source: Source, result: Result, dry_run: bool) -> Iterator[str]:
    brought = result.brought
    found = " (detected; --format names another)" if source.detected else ""
    yield f"format: {source.imported.format.value}{found}"
    verb = "would make" if dry_run else "made"
    made = ", ".join(many(count, kind.value) for kind, count in sorted(brought.types.items()))
    yield f"{verb}: {made or 'nothing, all of it is here already'}"
    if result.tasks and brought.types:
        yield f"tasks: {', '.join(f'{count:,} {status}' for status, count in result.tasks.items())}"
    if brought.existing:
        yield f"imported before and left as it is: {len(brought.existing):,}"
    if skipped := source.imported.skipped:
        yield f"left out: {', '.join(many(count, kind) for kind, count in skipped.items())}"
    yield from _warned(result)
    if result.unchecked:
        yield (
            f"{many(result.unchecked, 'task')} without a check: what is done on such a task waits for your review; "
            "`ostinato node set ID --check COMMAND` adds one"
        )
    yield from _next(result, dry_run)


def _warned(result: Result) -> Iterator[str]:
    for warning in result.warnings[:_WARNINGS]:
        yield clean(f"warning: {warning}")
    if (more := len(result.warnings) - _WARNINGS) and more > 0:
        yield f"and {many(more, 'warning')} more: --json lists all"


def _next(result: Result, dry_run: bool) -> Iterator[str]:
    goal_id = result.brought.goal_id
    if dry_run:
        yield "nothing was changed: without --dry-run it is"
        return
    yield f"goal: {goal_id}"
    if result.brought.types:
        yield f"next: `ostinato tasks tree --goal {goal_id}` shows it, `ostinato ralph {goal_id}` works on it"
