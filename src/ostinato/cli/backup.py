"""`ostinato backup`: one file with everything that the database holds, made while others work on it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ostinato.base.text import many
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.layout import is_dumb, take_line_away
from ostinato.cli.output import answer, clean

if TYPE_CHECKING:
    from ostinato.store.backup import Backup, Told


@click.command(
    cls=Command,
    examples=(
        "ostinato backup ~/ostinato-monday.db",
        "ostinato backup /mnt/safe/ostinato.db --replace --json",
        "ostinato --db ~/ostinato-monday.db status",
    ),
)
@click.argument("file", type=click.Path())
@click.option("--replace", is_flag=True, help="Let a FILE that is there give way, once the copy is complete and sound.")
@pass_invocation
def backup(invocation: Invocation, file: str, replace: bool) -> None:
    """Copy the database, as it is at this moment, to FILE: graph, sessions, transcripts, evidence and events.

    Nobody has to stop for it: runs go on meanwhile. The copy is checked before it gets its name, and nobody but you can
    read it. It is a database like any other: `--db FILE` looks into it, and works on with it.
    """
    from pathlib import Path

    from ostinato.app import back_up_database

    target = Path(file).absolute()
    try:
        done = back_up_database(invocation.database_file, target, replace=replace, told=_progress(invocation))
    finally:
        take_line_away()
    document = {"path": str(done.path), "bytes": done.bytes, "schema": done.schema, "sound": True, "rows": done.rows}
    answer(invocation, document, _lines(done))


def _progress(invocation: Invocation) -> Told:
    """Return what shows how far the copy is: one line on a terminal, nothing elsewhere and with --json."""
    shown = not invocation.json and sys.stderr.isatty() and not is_dumb()

    def told(what: str, done: int, whole: int) -> None:
        if shown:
            share = f" {100 * done // max(1, whole)} %" if what == "copying" else " …"
            click.echo(f"\r\x1b[2K{what}{share}", err=True, nl=False)

    return told


def _lines(done: Backup) -> list[str]:
    from ostinato.app.health.finding import size_text

    kept = {name: done.rows.get(name, 0) for name in ("nodes", "sessions", "iterations", "events")}
    told = ", ".join(many(number, name.removesuffix("s")) for name, number in kept.items())
    return [
        clean(f"{done.path}: {size_text(done.bytes)}, schema {done.schema}, checked and sound"),
        f"  {told}",
    ]
