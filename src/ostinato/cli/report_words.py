"""What all forms of a report, and the views beside it, say alike: numbers, titles, moments, why a session stopped.

Plain text; each form escapes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from ostinato.app.report_values import DecisionReport, OptionReport, Report, Spent
from ostinato.base.diffstat import total
from ostinato.base.text import many
from ostinato.cli.screen import length, money, spent
from ostinato.graph.details import DecisionDetails, OptionDetails
from ostinato.graph.evidence import CheckRun
from ostinato.graph.prohibitions import forbidden_words
from ostinato.graph.sessions import Session
from ostinato.graph.types import Status

T = TypeVar("T")

MARKS = {"done": "✔", "failed": "✗", "waits": "?", "person": "☞", "session": "●", "note": "·"}
"""The signs of the time line."""

_STOPPED = {
    "goal_completed": "the goal is completed",
    "nothing_ready": "nothing was ready: what is left is blocked or failed",
    "limit_reached": "a limit was reached",
    "waiting_for_approval": "it waits for an answer of yours",
    "stuck": "it was stuck",
    "provider_failed": "the model's provider failed",
    "environment": "the machine lacks something",
    "interrupted": "it was interrupted",
    "database": "the database could not be written",
    "git": "git failed",
    "no_plan": "the planner made no plan",
    "accepted": "the plan was accepted",
    "rejected": "the plan was rejected",
    "crashed": "its process died",
}

_NOT_DONE = (
    *(Status.FAILED, Status.BLOCKED, Status.REVIEW, Status.IN_PROGRESS, Status.CLAIMED),
    *(Status.READY, Status.PENDING, Status.CANCELLED),
)


def title(report: Report) -> str:
    """Return what the report is about."""
    return report.goal.title if report.session is None else f"{report.goal.title} ({report.session.kind} session)"


def in_short(report: Report) -> list[str]:
    """Return the sentences that tell the whole in numbers."""
    others = not_done(report.counts)
    said = [f"{len(report.done)} of {many(report.whole, 'task')} done" + (f"; {others}" if others else "")]
    files, added, removed = total(report.changed)
    if files:
        said.append(f"{many(commits(report), 'commit')}, {many(files, 'file')} changed: +{added:,} −{removed:,}")
    if report.spending.calls:
        said.append(f"{spent(report.spending)}{each(report)}")
    worked = sum((s.ended_at - s.started_at).total_seconds() for s in report.sessions if s.ended_at)
    if worked:
        said.append(f"{length(worked)} of work in {many(len(report.sessions), 'session')}")
    return said


def commits(report: Report) -> int:
    """Return how many commits the tasks made."""
    return sum(task.commit is not None for task in report.tasks)


def where(report: Report, code: Callable[[str], str] = str) -> str:
    """Return where its commits are, "" while there are none; `code` marks a name of git."""
    if report.landed:
        return f"landed as {code(report.landed[:12])}"
    if report.discarded:
        return f"discarded; its commits are kept at {code(report.discarded)}"
    return f"branch {code(report.branch)}" if commits(report) else ""


def each(report: Report) -> str:
    """Return what a completed task cost, "" where that is not known."""
    cost = report.spending.cost_usd
    return f", {money(cost / len(report.done))} for each task done" if cost and report.done else ""


def not_done(counts: Mapping[Status, int]) -> str:
    """Return how many tasks there are of each status but completed, what stands still first."""
    return ", ".join(f"{counts[status]} {words(status)}" for status in _NOT_DONE if counts.get(status))


def words(status: Status) -> str:
    """Return a status as it is spoken."""
    return {Status.REVIEW: "in review", Status.PENDING: "waiting"}.get(status, status.replace("_", " "))


def day_and_time(moment: datetime) -> str:
    """Return a moment in UTC to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}"


def stopped_words(reason: str | None) -> str:
    """Return why a session stopped, in words; another word than ours as it stands: it may be anybody's."""
    return _STOPPED.get(reason or "") or (reason or "it was ended by hand").replace("_", " ")


def session_state(session: Session) -> str:
    """Return why a session stopped, or that it is open."""
    return "it is open" if session.ended_at is None else stopped_words(session.stop_reason)


def run_words(run: CheckRun) -> str:
    """Return how a run ended and how long it took."""
    if run.exit_code is None:
        ended = "time ran out"
    else:
        ended = f"signal {-run.exit_code}" if run.exit_code < 0 else f"exit {run.exit_code}"
    return f"{ended}, {length(run.seconds)}{', flaky' if run.flaky else ''}"


def option_facts(option: OptionReport) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what speaks for and against an option."""
    details = option.node.details
    return (details.pros, details.cons) if isinstance(details, OptionDetails) else ((), ())


def why_not(option: OptionReport) -> str:
    """Return why an option was not taken: the reason given, else what speaks against it."""
    return option.reason or "; ".join(option_facts(option)[1])


def decision_state(decision: DecisionReport) -> str:
    """Return the chosen option's title, or that nothing is decided."""
    return decision.chosen.node.title if decision.chosen else f"not decided ({decision.node.status})"


def forbids(decision: DecisionReport) -> str:
    """Return what a decision forbids, in a few words; "" where it forbids nothing or is not decided."""
    details = decision.node.details
    if decision.node.status is not Status.DECIDED or not isinstance(details, DecisionDetails):
        return ""
    words = forbidden_words(details.forbids_paths, details.forbids_dependencies)
    return words and f"forbids {words}"


def dearest(report: Report, most: int) -> list[Spent]:
    """Return what each task's attempts cost, the dearest first, those that cost nothing left out."""
    found = [Spent(f"{task.node.id} {task.node.title}", task.spending) for task in report.tasks if task.spending.tokens]
    return sorted(found, key=lambda one: -one.spending.tokens)[:most]


def cut(found: Sequence[T], most: int, *, full: bool) -> tuple[Sequence[T], int]:
    """Return the first `most` (with `full` all) and how many are left out."""
    shown = found if full else found[:most]
    return shown, len(found) - len(shown)
