"""A report as Markdown that reads well as text too. Everything that others wrote is escaped by `base.markdown`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ostinato.app.report_values import AttemptReport, DecisionReport, Report, Spent, TaskReport
from ostinato.base.diffstat import total
from ostinato.base.markdown import block, code, inline, quote
from ostinato.base.text import many
from ostinato.cli import report_words as say
from ostinato.cli.answering import how_to_answer
from ostinato.cli.screen import money

_MANY = 200
_FILES = 40
_OUTPUT = 1200


def markdown_text(report: Report, *, full: bool) -> str:
    """Return the whole report; without `full` long lists are cut and say so. Ends with a line break."""
    parts = (
        _head(report),
        _waiting(report),
        _done(report, full=full),
        _failed(report, full=full),
        _left(report, full=full),
        _decisions(report),
        _learned(report, full=full),
        _changed(report, full=full),
        _spent(report, full=full),
        _timeline(report, full=full),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(report: Report) -> Iterator[str]:
    yield f"# {inline(say.title(report))}"
    yield ""
    about = report.session.id if report.session else report.goal.id
    where = f", {commits}" if (commits := say.where(report, code)) else ""
    yield f"{code(about)}, {report.goal.status}{where}. {say.day_and_time(report.at)} UTC."
    yield ""
    # Numbers and words of our own: nothing of others stands in them.
    yield from (f"- {sentence}" for sentence in say.in_short(report))
    if report.asked:
        yield ""
        yield quote(report.asked)
    yield ""


def _waiting(report: Report) -> Iterator[str]:
    if not report.waiting:
        return
    yield "## Waits for you"
    yield ""
    for one in report.waiting:
        yield f"- {inline(one.question)} — {code(how_to_answer(one)[0])}"
    yield ""


def _done(report: Report, *, full: bool) -> Iterator[str]:
    if not report.done:
        return
    yield f"## Done ({len(report.done)})"
    yield ""
    shown, left = say.cut(report.done, _MANY, full=full)
    for task in shown:
        yield from _done_task(task)
    yield from _more(left, "task")
    yield ""


def _done_task(task: TaskReport) -> Iterator[str]:
    commit = f" in {code(task.commit[:10])}" if task.commit else ""
    tries = f", at attempt {task.tries}" if task.tries > 1 else ""
    files, added, removed = total(task.files)
    changed = f"; {many(files, 'file')}, +{added:,} −{removed:,}" if files else ""
    yield f"- **{inline(task.node.title)}** ({task.node.id}){commit}{tries}{changed}"
    if task.judged_by != "checks":
        yield f"  - {task.judged_by}"
    for run in task.proofs:
        red = ", red before the work" if run.command in task.was_red else ""
        yield f"  - proven by {code(run.command)}{red}"


def _failed(report: Report, *, full: bool) -> Iterator[str]:
    if not report.failed:
        return
    yield f"## Failed ({len(report.failed)})"
    yield ""
    shown, left = say.cut(report.failed, _MANY, full=full)
    for task in shown:
        yield f"### {inline(task.node.title)}"
        yield ""
        reason = inline(task.node.blocked_reason or "no reason was given")
        yield f"{code(task.node.id)} ({say.words(task.node.status)}): {reason}"
        yield ""
        for attempt in task.attempts[-3:]:
            yield from _attempt(attempt)
    if left:
        yield from (*_more(left, "task"), "")


def _attempt(attempt: AttemptReport) -> Iterator[str]:
    one = attempt.iteration
    said = f": “{inline(one.ending_message)}”" if one.ending_message else ""
    yield f"Attempt {one.attempt} ({code(one.id)}){said}"
    yield ""
    for run in attempt.red_runs[:2]:
        yield f"{code(run.command)} ({say.run_words(run)})"
        yield ""
        if run.output.strip():
            yield block(run.output[-_OUTPUT:], "text")
            yield ""


def _left(report: Report, *, full: bool) -> Iterator[str]:
    if not report.left:
        return
    yield f"## Left ({len(report.left)})"
    yield ""
    shown, left = say.cut(report.left, _MANY, full=full)
    for task in shown:
        reason = f": {inline(task.node.blocked_reason)}" if task.node.blocked_reason else ""
        yield f"- {inline(task.node.title)} ({task.node.id}) — {say.words(task.node.status)}{reason}"
    yield from _more(left, "task")
    yield ""


def _decisions(report: Report) -> Iterator[str]:
    if not report.decisions:
        return
    yield "## Decisions"
    yield ""
    for decision in report.decisions:
        yield from _decision(decision)
    yield ""


def _decision(decision: DecisionReport) -> Iterator[str]:
    reason = f": {inline(decision.chosen.reason)}" if decision.chosen and decision.chosen.reason else ""
    yield f"- **{inline(decision.node.title)}** → {inline(say.decision_state(decision))}{reason}"
    if forbids := say.forbids(decision):
        yield f"  - {inline(forbids)}"
    for other in decision.others:
        why = f" — {inline(say.why_not(other))}" if say.why_not(other) else ""
        yield f"  - {'not' if decision.chosen else 'or'} {inline(other.node.title)}{why}"


def _learned(report: Report, *, full: bool) -> Iterator[str]:
    if not report.learned:
        return
    yield "## Learned"
    yield ""
    shown, left = say.cut(report.learned, _MANY, full=full)
    for one in shown:
        told = f": {inline(one.told)}" if one.told else ""
        yield f"- {inline(one.title)}{told}"
    yield from _more(left, "observation")
    yield ""


def _changed(report: Report, *, full: bool) -> Iterator[str]:
    if not report.changed:
        return
    yield "## Changed files"
    yield ""
    shown, left = say.cut(report.changed, _FILES, full=full)
    yield from _table(("file", "added", "removed"), [(code(c.path), f"{c.added:,}", f"{c.removed:,}") for c in shown])
    yield from _more(left, "file")
    yield ""


def _spent(report: Report, *, full: bool) -> Iterator[str]:
    if not report.spending.calls:
        return
    yield "## Spent"
    yield ""
    dearest = say.dearest(report, len(report.tasks) if full else 10)
    for name, found in (("model", report.by_model), ("day", report.by_day), ("task, the dearest first", dearest)):
        if found:
            yield from _table((name, "tokens", "cost"), [_spent_row(one) for one in found])
            yield ""


def _spent_row(one: Spent) -> tuple[str, str, str]:
    return inline(one.name), f"{one.spending.tokens:,}", money(one.spending.cost_usd)


def _timeline(report: Report, *, full: bool) -> Iterator[str]:
    if not report.timeline:
        return
    yield "## Time line (UTC)"
    yield ""
    shown = report.timeline if full else report.timeline[-_MANY:]
    if len(shown) < len(report.timeline):
        yield f"- … {many(len(report.timeline) - len(shown), 'earlier line')}"
    for moment in shown:
        yield f"- {say.day_and_time(moment.at)} {say.MARKS[moment.mark]} {inline(moment.text)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table whose first column is text and whose others are numbers."""
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'---:|' * (len(head) - 1)}"
    for row in rows:
        # A bar inside a code span would end the cell all the same.
        cells = (cell.replace("\\|", "|").replace("|", "\\|") for cell in row)
        yield f"| {' | '.join(cells)} |"


def _more(left: int, noun: str) -> Iterator[str]:
    if left:
        yield f"- … and {many(left, f'more {noun}')}"
