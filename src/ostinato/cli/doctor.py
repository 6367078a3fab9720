"""`ostinato doctor`: looks at what the machine must have and says how to mend what it lacks; it mends what it may."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import click

from ostinato.app.health.finding import Finding, Situation, State
from ostinato.base.errors import OstinatoError
from ostinato.base.redaction import Redaction
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation, repository_top
from ostinato.cli.layout import look_of
from ostinato.cli.output import answer, clean

_LACKING = 8


@click.command(cls=Command, examples=("ostinato doctor", "ostinato doctor --live", "ostinato doctor --full --json"))
@click.option("--live", is_flag=True, help="Ask each model one tiny question; it costs a fraction of a cent.")
@click.option("--notify", is_flag=True, help="Send a test by each way of notification that is set.")
@click.option("--full", is_flag=True, help="Look at every page of the database, however large it is.")
@click.option("--mend", is_flag=True, help="First work out anew what follows from facts: readiness, search indexes.")
@pass_invocation
def doctor(invocation: Invocation, live: bool, notify: bool, full: bool, mend: bool) -> int:
    """Check git, sandbox, setup, checks, models and keys, database, disk and checkouts, and say how to mend them.

    Nothing is changed, and nobody is asked or told unless an option says so. Exit code 8 when something needed is
    missing.
    """
    situation = replace(_situation(invocation), full=full)
    if mend and situation.database.exists():
        from ostinato.store.soundness import work_out_anew

        work_out_anew(invocation.store_to_write().db)
    redacted = Redaction(os.environ)
    findings = [
        replace(finding, message=redacted(finding.message), fix=redacted(finding.fix))
        for finding in _findings(situation, live=live, notify=notify)
    ]
    answer(invocation, [asdict(finding) for finding in findings], _lines(findings))
    return _LACKING if any(finding.state is State.FAIL for finding in findings) else 0


def _findings(situation: Situation, *, live: bool, notify: bool) -> Iterator[Finding]:
    from ostinato.app.health import checkouts, database, machine, models, notifications, profiles, project, repository

    yield from machine.git(situation)
    yield from repository.repository(situation)
    yield from project.configuration(situation)
    yield from profiles.profiles(situation)
    yield from machine.sandbox(situation)
    yield from project.setup_and_checks(situation)
    yield from models.live(situation) if live else models.models(situation)
    yield from notifications.sent_test(situation) if notify else notifications.ways(situation)
    yield from database.database(situation)
    yield from database.log(situation)
    yield from database.contents(situation)
    yield from database.sessions(situation)
    yield from machine.disk(situation)
    yield from checkouts.checkouts(situation)
    yield from machine.network(situation)
    yield from machine.terminal(situation)


def _lines(findings: list[Finding]) -> Iterator[str]:
    look = look_of(sys.stdout)
    for finding in findings:
        yield from look.lines(clean(f"{finding.name}: {finding.message}"), f"{finding.state:<5} ")
        if finding.fix:
            yield from look.lines(clean(finding.fix), "      ")
    bad = [finding for finding in findings if finding.state is not State.OK]
    failed = sum(finding.state is State.FAIL for finding in bad)
    yield ""
    yield f"{failed} to mend, {len(bad) - failed} to look at" if bad else "all is well"


def _situation(invocation: Invocation) -> Situation:
    from ostinato.config.load import load_settings
    from ostinato.config.paths import database_path, user_config_file

    found = repository_top(Path.cwd())
    top = Path(found) if found else None
    loaded, fault = None, ""
    try:
        loaded = load_settings(top, user_config_file(os.environ), os.environ)
    except OstinatoError as error:
        fault = error.message
    database = invocation.database or database_path(os.environ)
    return Situation(top, database, os.environ, loaded, fault)
