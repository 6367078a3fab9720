"""Readers never wait for a writer: every command that only reads answers while another process holds the write lock."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import click
import pytest

from ostinato.cli.main import cli
from ostinato.store.database import migrations
from tests.unit.cli.conftest import Nights, Shell
from tests.unit.night import Night

HOLDER = """
import sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.execute("BEGIN IMMEDIATE; UPDATE nodes SET title = 'not yet' WHERE node_type = 'goal'")
print("holding", flush=True)
sys.stdin.readline()
"""

READERS: dict[str, Callable[[Night], list[str]]] = {
    "status": lambda night: [],
    "show": lambda night: [night.first],
    "report": lambda night: [night.goal.id],
    "events": lambda night: [],
    "search": lambda night: ["sums"],
    "notes": lambda night: ["--goal", night.goal.id],
    "approvals": lambda night: [],
    "budget": lambda night: [night.goal.id],
    "tasks list": lambda night: [],
    "tasks next": lambda night: [],
    "tasks ready": lambda night: [],
    "tasks tree": lambda night: [],
    "tasks why": lambda night: [night.failed],
    "node show": lambda night: [night.done],
    "node list": lambda night: [],
    "node edges": lambda night: [night.decision],
    "decisions now": lambda night: [],
    "decisions history": lambda night: [],
    "decisions show": lambda night: [night.decision],
    "sessions list": lambda night: [],
    "sessions latest": lambda night: ["--goal", night.goal.id],
    "sessions show": lambda night: [night.session.id],
    "project list": lambda night: [],
    "project show": lambda night: [],
    "backup": lambda night: ["copy.db"],
    "doctor": lambda night: [],
    "prune": lambda night: ["--dry-run"],
}
WRITERS_AND_OTHERS = """
    plan ralph run land discard init say pause resume approve reject demo replay import sandbox completion schema
    tasks-claim tasks-release tasks-reopen tasks-retry node-add node-link node-set node-unlink
    decisions-choose decisions-export decisions-log decisions-revisit decisions-supersede
    graph-diff graph-export graph-import sessions-end sessions-start project-add project-remove
    config-explain config-path profiles-list profiles-show
"""
"""With the word of the group in front; some ask no database."""


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Let another process hold the write lock, with something written and not committed."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None and holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    try:
        yield
    finally:
        holder.communicate("\n")


@pytest.mark.timeout(60)
def test_every_reading_command_answers_while_another_process_writes(shell: Shell, nights: Nights) -> None:
    """Waiting for the lock would take 30 s and end with code 8."""
    night = nights()
    with held(shell.database):
        for name, arguments in READERS.items():
            ran = shell.run(*name.split(), *arguments(night))
            assert "is locked by" not in ran.out + ran.err, name
            assert ran.code in (0, 3) or name == "doctor", f"{name}: {ran.err}"
            assert "not yet" not in ran.out, f"{name} shows what was not committed"


def test_every_command_is_known_to_read_or_to_write() -> None:
    """A new command that reads belongs into the table above: it must not wait for a writer either."""

    def leaves(command: click.Command, path: str) -> Iterator[str]:
        if not isinstance(command, click.Group):
            yield path
            return
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from leaves(found, f"{path} {name}".strip())

    others = WRITERS_AND_OTHERS.split()
    unnamed = {name for name in leaves(cli, "") if name.replace(" ", "-") not in others} - set(READERS)
    assert not unnamed, f"does it read or write? {', '.join(sorted(unnamed))}"


def test_reading_commands_leave_an_older_database_as_it_is(shell: Shell, nights: Nights) -> None:
    night = nights()
    plain = apsw.Connection(str(shell.database))
    plain.execute("DELETE FROM schema_migrations WHERE version = :newest", {"newest": max(migrations())})
    before = list(plain.execute("SELECT * FROM schema_migrations"))
    for name, arguments in READERS.items():
        ran = shell.run(*name.split(), *arguments(night))
        if name not in ("backup", "doctor"):
            assert (ran.code, "any command that writes updates it" in ran.err) == (8, True), name
    assert list(plain.execute("SELECT * FROM schema_migrations")) == before
