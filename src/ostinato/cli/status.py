"""`ostinato status`: what happened and where it stands, on one screen. Everything is read, nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from ostinato.base.errors import UsageError
from ostinato.base.spending import Spending
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation, repository_top
from ostinato.cli.documents import (
    approval_document,
    node_document,
    project_document,
    session_document,
    spending_document,
    usage_document,
)
from ostinato.cli.output import answer, json_line
from ostinato.cli.since import Since

if TYPE_CHECKING:
    from ostinato.app.standing import GoalStanding, Running, Standing
    from ostinato.graph.projects import Project
    from ostinato.store.store import Store

_LISTS = ("goals", "sessions", "waiting")
_UNKNOWN = "this repository is not registered yet: `ostinato plan` or `ostinato project add` does that"


@click.command(
    cls=Command,
    examples=("ostinato status", "ostinato status --since 12h", "ostinato status --all --json"),
)
@click.option(
    "--since", type=Since(), metavar="TIME", help="Tell of the time since: 12h, 2d, 2026-05-01 or 2026-05-01T22:00."
)
@click.option("--all", "everything", is_flag=True, help="All registered projects; so it is outside of a repository.")
@pass_invocation
def status(invocation: Invocation, since: datetime | timedelta | None, everything: bool) -> None:
    """Show what happened: what is done, what failed and why, what waits for you, what was spent, what is next.

    It tells of the time since the start of the last session, unless --since names another one. Times are in UTC.
    """
    store = invocation.reading()
    if everything and invocation.project_name is not None:
        raise UsageError("--all and --project exclude each other")
    if everything or (invocation.project_name is None and not _in_repository()):
        _answer_all(invocation, store, since)
        return
    project = invocation.project(store)
    if project is None:
        answer(invocation, _nothing(), [_UNKNOWN])
        return
    standing = _read(store, project, since)
    answer(invocation, standing_document(standing) if invocation.json else None, _lines(standing))


def _lines(standing: Standing) -> Iterator[str]:
    # Late: programs that read JSON draw no screen.
    from ostinato.cli.status_view import status_lines

    yield from status_lines(standing)


def _read(store: Store, project: Project, since: datetime | timedelta | None) -> Standing:
    from ostinato.app.standing import read_standing

    if isinstance(since, timedelta):
        since = store.db.clock.now() - since
    return read_standing(store, project, since)


def _answer_all(invocation: Invocation, store: Store, since: datetime | timedelta | None) -> None:
    """Print every project, the one with the newest session last, so that it stands above the prompt."""
    with store.db.reading():
        standings = [_read(store, project, since) for project in store.projects.list()]
    if invocation.json:
        json_line(_all_document(standings))
        return
    if not standings:
        click.echo("no project is registered yet: go into a git repository and say what you want with `ostinato plan`")
    for number, standing in enumerate(sorted(standings, key=lambda one: one.since)):
        if number:
            click.echo()
        for line in _lines(standing):
            click.echo(line)


def _all_document(standings: list[Standing]) -> dict[str, Any]:
    """Return the documents of all projects, and the keys of one project's document over all of them."""
    projects = [standing_document(one) for one in standings]
    together = {name: [one for project in projects for one in project[name]] for name in _LISTS}
    spending = sum((one.spending for one in standings), Spending())
    return {"project": None, "projects": projects, **together, **spending_document(spending)}


def _in_repository() -> bool:
    return repository_top(".") is not None


def _nothing() -> dict[str, Any]:
    return {
        "project": None,
        "goals": [],
        "sessions": [],
        "waiting": [],
        **spending_document(Spending()),
    }


def standing_document(standing: Standing) -> dict[str, Any]:
    """Return where a project stands: all its goals, the open sessions and questions, the spending of all time."""
    from ostinato.base.clock import format_time

    return {
        "project": project_document(standing.project),
        "at": format_time(standing.at),
        "since": format_time(standing.since),
        "goals": [_goal_document(one) for one in standing.goals],
        "sessions": [_running_document(one) for one in standing.running],
        "waiting": [approval_document(approval) for approval in standing.waiting],
        **spending_document(standing.spending),
        "usage_since": usage_document(standing.spent_since),
        "cost_usd_since": standing.spent_since.cost_usd,
    }


def _goal_document(one: GoalStanding) -> dict[str, Any]:
    from ostinato.app.standing import next_step

    step = next_step(one)
    return {
        **node_document(one.goal),
        "counts": {status.value: count for status, count in one.counts.items()},
        "failures": [
            {"id": line.id, "title": line.title, "status": line.status, "reason": line.reason} for line in one.failed
        ],
        "commits": [
            {"commit": made.commit, "task_id": made.task_id, "iteration_id": made.id} for made, _ in one.commits
        ],
        "completed_since": one.done_since,
        "stop_reason": one.last.stop_reason if one.last else None,
        "paused": one.paused_at is not None,
        "next": step.command if step else None,
        "budget": _budget_document(one),
        **spending_document(one.spending),
    }


def _budget_document(one: GoalStanding) -> dict[str, Any] | None:
    if one.budget is None or one.account is None:
        return None
    from dataclasses import asdict

    return {
        "budget": asdict(one.budget),
        "used": asdict(one.account.total),
        "unsettled": asdict(one.account.reserved),
    }


def _running_document(one: Running) -> dict[str, Any]:
    from ostinato.base.clock import format_time

    return {
        **session_document(one.session),
        "state": one.state.replace(" ", "_"),
        "pid": one.process.pid if one.process else None,
        "host": one.process.host if one.process else None,
        "task_id": one.task.id if one.task else None,
        "step": one.step,
        "last_event_at": format_time(one.heard_at) if one.heard_at else None,
    }
