"""A goal in short, from its report. `ostinato report` tells a goal at length."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from ostinato.app.report import read_report
from ostinato.app.report_values import Report, TaskReport
from ostinato.base.text import clip, many
from ostinato.cli.budget_view import budget_document, budget_lines
from ostinato.cli.layout import look_of
from ostinato.cli.looking_documents import report_document
from ostinato.cli.output import answer, clean, short_time
from ostinato.cli.report_words import session_state, where
from ostinato.cli.screen import bar, heading, painted, paragraphs, shortened, spent, width, wrapped
from ostinato.cli.show_task import STATUS_COLOURS, question_lines
from ostinato.graph.budgets import Budget
from ostinato.graph.plan_format import to_arguments
from ostinato.graph.types import Node

if TYPE_CHECKING:
    from ostinato.cli.context import Invocation
    from ostinato.graph.plan import PlanDraft
    from ostinato.store.store import Store

_TASKS = 40
_SESSIONS = 5


def show_goal(invocation: Invocation, store: Store, goal: Node, *, full: bool) -> None:
    """Print a goal; with --json the document of its report and, as `draft`, a plan that waits."""
    with store.db.reading():
        report = read_report(store, goal)
        draft = store.plans.draft(goal.id)
        own, account = store.budgets.get(goal.id), store.budgets.account(goal.id)
    document = None
    if invocation.json:
        proposed = None if draft is None else to_arguments(draft)
        document = {**report_document(report), "draft": proposed, "budget": budget_document(own, account, Budget())}
    money = budget_lines(own, Budget(), account) if own.limits_anything or account.reserved.calls else ()
    answer(invocation, document, chain(_goal_lines(report, draft, full=full), _budget(money)))


def _budget(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number == 0:
            yield heading("budget")
        yield line


def _goal_lines(report: Report, draft: PlanDraft | None, *, full: bool) -> Iterator[str]:
    goal = report.goal
    yield painted(clean(f"{goal.id}: {goal.title}"), bold=True)
    done = len(report.done)
    yield f"  {goal.status}  {bar(done, report.whole)} {done} of {report.whole} done  {spent(report.spending)}"
    if report.asked:
        yield from (line for text in paragraphs(report.asked) for line in wrapped(clean(text), "  "))
    if commits := where(report):
        yield from wrapped(commits, "  ")
    if report.tasks:
        yield ""
        yield heading("tasks")
    shown = report.tasks if full else report.tasks[:_TASKS]
    for task in shown:
        yield painted(clip(f"  {_task(task)}", max(width(), 60)), STATUS_COLOURS.get(task.node.status))
    if len(shown) < len(report.tasks):
        yield f"  … {many(len(report.tasks) - len(shown), 'more task')} (--full shows all)"
    if draft is not None:
        # Late: most goals have no plan that waits.
        from ostinato.cli.plan_view import plan_lines

        yield ""
        yield heading("a plan that is not accepted yet")
        yield from plan_lines(goal.title, draft, look_of(sys.stdout))
    yield from question_lines(report.waiting)
    for number, decision in enumerate(report.decisions):
        if number == 0:
            yield ""
            yield heading("decisions")
        taken = f" → {clean(decision.chosen.node.title)}" if decision.chosen else f" ({decision.node.status})"
        yield from wrapped(f"{decision.node.id} {clean(decision.node.title)}{taken}", "  ", "    ")
    yield from _learned(report)
    yield from _sessions(report, full=full)
    yield ""
    yield f"at length: ostinato report {goal.id}"


def _task(task: TaskReport) -> str:
    commit = f"  {task.commit[:10]}" if task.commit else ""
    tries = f", attempt {task.tries}" if task.tries > 1 else ""
    reason = f": {shortened(clean(task.node.blocked_reason))}" if task.node.blocked_reason else ""
    return f"{task.node.id} {clean(task.node.title)}  [{task.node.status}{tries}]{commit}{reason}"


def _learned(report: Report) -> Iterator[str]:
    if report.learned:
        yield ""
        yield heading("learned")
    for one in report.learned[-_TASKS:]:
        yield from wrapped(clean(one.title), "  · ")


def _sessions(report: Report, *, full: bool) -> Iterator[str]:
    if not report.sessions:
        return
    yield ""
    yield heading("sessions")
    shown = report.sessions if full else report.sessions[-_SESSIONS:]
    if len(shown) < len(report.sessions):
        yield f"  … {many(len(report.sessions) - len(shown), 'earlier session')} (--full shows all)"
    for session in shown:
        state = clean(session_state(session))
        yield from wrapped(f"{session.id}  {session.kind}, {short_time(session.started_at)}: {state}", "  ", "    ")
