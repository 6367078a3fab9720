"""A report as the text of a pull request. Markdown; nothing of sessions, attempts or spending stands in it."""

from __future__ import annotations

from collections.abc import Iterator

from ostinato.app.report_values import DecisionReport, Report, TaskReport
from ostinato.base.diffstat import total
from ostinato.base.markdown import code, inline, quote
from ostinato.base.text import many
from ostinato.graph.types import Status

_MOST_TASKS = 100
_MOST_CHECKS = 30


def pull_request_text(report: Report) -> str:
    """Return Markdown for a pull request: what was asked, the tasks with their commits, decisions, how it was proven.

    Nothing of sessions, attempts or spending: who reviews the change did not ask for them. Ends with a line break.
    """
    return "\n".join((*_summary(report), *_tasks(report), *_decisions(report), *_proof(report), *_left(report))) + "\n"


def _summary(report: Report) -> Iterator[str]:
    yield "## Summary"
    yield ""
    yield f"**{inline(report.goal.title)}**"
    if report.asked:
        yield ""
        yield quote(report.asked)
    files, added, removed = total(report.changed)
    if files:
        yield ""
        yield f"{many(files, 'file')} changed, {added} lines added, {removed} removed."
    yield ""


def _tasks(report: Report) -> Iterator[str]:
    shown = [task for task in report.tasks if task.node.status is not Status.CANCELLED]
    if not shown:
        return
    yield "## Tasks"
    yield ""
    for task in shown[:_MOST_TASKS]:
        mark = "x" if task.done else " "
        commit = f" ({task.commit[:10]})" if task.commit else ""
        state = "" if task.done else f" — {task.node.status.replace('_', ' ')}"
        yield f"- [{mark}] {inline(task.node.title)}{commit}{state}"
    if len(shown) > _MOST_TASKS:
        done = sum(task.done for task in shown[_MOST_TASKS:])
        yield f"- … and {len(shown) - _MOST_TASKS} more, {done} of them done"
    yield ""


def _decisions(report: Report) -> Iterator[str]:
    decided = [decision for decision in report.decisions if decision.chosen]
    if not decided:
        return
    yield "## Decisions"
    yield ""
    for decision in decided:
        yield from _decision(decision)
    yield ""


def _decision(decision: DecisionReport) -> Iterator[str]:
    assert decision.chosen is not None
    why = f": {inline(decision.chosen.reason)}" if decision.chosen.reason else ""
    yield f"- **{inline(decision.node.title)}** → {inline(decision.chosen.node.title)}{why}"
    for other in decision.others:
        reason = other.reason or "; ".join(_cons(other.node))
        yield f"  - not: {inline(other.node.title)}{f' ({inline(reason)})' if reason else ''}"


def _proof(report: Report) -> Iterator[str]:
    yield "## How it was proven"
    yield ""
    checks = _checks(report)
    if not checks:
        yield "No check has passed on it yet."
    else:
        yield "Each task was committed only after these commands had exited with 0 on exactly what was committed:"
        yield ""
    for command, tasks, red in checks[:_MOST_CHECKS]:
        what = "the whole project" if not tasks else inline(", ".join(tasks[:3]))
        more = f" and {len(tasks) - 3} more" if len(tasks) > 3 else ""
        yield f"- {code(command)} — {what}{more}{'; red before the work' if red else ''}"
    if len(checks) > _MOST_CHECKS:
        yield f"- … and {len(checks) - _MOST_CHECKS} more"
    others = [task for task in report.done if task.judged_by != "checks"]
    for task in others[:_MOST_CHECKS]:
        yield f"- {inline(task.node.title)} — {task.judged_by}"
    yield ""


def _checks(report: Report) -> list[tuple[str, list[str], bool]]:
    """Return (command, titles of the tasks it proved, whether it was red before), [] titles for the project's own."""
    found: dict[str, tuple[list[str], bool]] = {}
    for task in report.done:
        for run in task.proofs:
            titles, red = found.setdefault(run.command, ([], False))
            if run.owner is not None:
                titles.append(task.node.title)
            found[run.command] = titles, red or run.command in task.was_red
    return [(command, titles, red) for command, (titles, red) in found.items()]


def _left(report: Report) -> Iterator[str]:
    left = [task for task in report.tasks if not task.done and task.node.status is not Status.CANCELLED]
    if not left:
        return
    yield "## Not part of this"
    yield ""
    for task in left[:_MOST_TASKS]:
        yield f"- {inline(task.node.title)} ({_why_left(task)})"
    yield ""


def _why_left(task: TaskReport) -> str:
    reason = f": {inline(task.node.blocked_reason)}" if task.node.blocked_reason else ""
    return f"{task.node.status.replace('_', ' ')}{reason}"


def _cons(option: object) -> tuple[str, ...]:
    from ostinato.graph.details import OptionDetails

    details = getattr(option, "details", None)
    return details.cons if isinstance(details, OptionDetails) else ()
