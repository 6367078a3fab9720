"""A report for a terminal: lines, wrapped and coloured. It reads nothing and prints nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ostinato.app.report_values import AttemptReport, DecisionReport, Report, Spent, TaskReport
from ostinato.base.diffstat import total
from ostinato.base.text import clip, many
from ostinato.cli import report_words as say
from ostinato.cli.answering import how_to_answer
from ostinato.cli.output import clean, clean_block, columns
from ostinato.cli.screen import bar, heading, money, painted, paragraphs, shortened, width, wrapped

_TASKS = 60
_FAILED = 10
_TIMELINE = 30
_OUTPUT = 10
_PROOFS = 3


def text_lines(report: Report, *, full: bool) -> Iterator[str]:
    """Yield the report; without `full` long lists are cut and say so."""
    yield painted(clean(say.title(report)), bold=True)
    about = report.session.id if report.session else report.goal.id
    yield from wrapped(f"{about}, {report.goal.status}; {say.day_and_time(report.at)} UTC", "")
    yield bar(len(report.done), report.whole, min(40, width()))
    for sentence in say.in_short(report):
        yield from wrapped(sentence, "")
    if report.asked:
        yield from _part("what was asked")
        yield from (line for text in paragraphs(report.asked) for line in wrapped(clean(text), "  "))
    yield from _done(report, full=full)
    yield from _failed(report, full=full)
    yield from _waiting(report)
    yield from _left(report, full=full)
    yield from _decisions(report)
    yield from _learned(report, full=full)
    yield from _spending(report, full=full)
    yield from _timeline(report, full=full)


def _part(title: str) -> Iterator[str]:
    yield ""
    yield heading(title)


def _done(report: Report, *, full: bool) -> Iterator[str]:
    if not report.done:
        return
    yield from _part(f"done ({len(report.done)})")
    shown, left = say.cut(report.done, _TASKS, full=full)
    for task in shown:
        yield from _done_task(task)
    if left:
        yield f"  … {many(left, 'more task')} (--full shows all)"
    yield from wrapped(say.where(report), "  ") if say.where(report) else ()


def _done_task(task: TaskReport) -> Iterator[str]:
    title = f"{task.node.id} {clean(task.node.title)}"
    yield from (painted(line, "green") for line in wrapped(title, "  ✔ "))
    facts = [
        *([task.commit[:10]] if task.commit else []),
        *([_changed(task)] if task.files else []),
        *([] if task.judged_by == "checks" else [task.judged_by]),
        *([f"attempt {task.tries}"] if task.tries > 1 else []),
    ]
    if facts:
        yield from wrapped("; ".join(facts), "    ")
    for run in task.proofs[:_PROOFS]:
        red = "red before, passed now" if run.command in task.was_red else "passed"
        yield from wrapped(f"{clean(run.command)}  ({red})", "    $ ")
    if len(task.proofs) > _PROOFS:
        yield f"      and {many(len(task.proofs) - _PROOFS, 'more check')}"


def _changed(task: TaskReport) -> str:
    files, added, removed = total(task.files)
    return f"{many(files, 'file')}, +{added:,} −{removed:,}"


def _failed(report: Report, *, full: bool) -> Iterator[str]:
    if not report.failed:
        return
    yield from _part(f"failed ({len(report.failed)})")
    shown, left = say.cut(report.failed, _FAILED, full=full)
    for task in shown:
        title = f"{task.node.id} {clean(task.node.title)} ({task.node.status})"
        yield from (painted(line, "red") for line in wrapped(title, "  ✗ "))
        yield from wrapped(shortened(clean(task.node.blocked_reason or "no reason was given")), "    ")
        for attempt in task.attempts[-3:]:
            yield from _failed_attempt(attempt)
    if left:
        yield f"  … {left:,} more (--full shows all)"


def _failed_attempt(attempt: AttemptReport) -> Iterator[str]:
    one = attempt.iteration
    yield from wrapped(f"attempt {one.attempt} ({one.id}): {clean(one.ending_message) or one.ending or ''}", "    ")
    for run in attempt.red_runs[:2]:
        yield from wrapped(f"{clean(run.command)}  ({say.run_words(run)})", "      ✗ ")
        lines = clean_block(run.output, "        │ ")
        yield from lines[-_OUTPUT:]


def _left(report: Report, *, full: bool) -> Iterator[str]:
    if not report.left:
        return
    yield from _part(f"left ({len(report.left)})")
    shown, left = say.cut(report.left, _FAILED, full=full)
    for task in shown:
        reason = f": {shortened(clean(task.node.blocked_reason))}" if task.node.blocked_reason else ""
        title = f"{task.node.id} {clean(task.node.title)} ({say.words(task.node.status)}{reason})"
        yield from wrapped(title, "  · ")
    if left:
        yield f"  … {many(left, 'more task')} (--full shows all)"


def _waiting(report: Report) -> Iterator[str]:
    if not report.waiting:
        return
    yield from _part("waits for you")
    for one in report.waiting:
        yield from (painted(line, "yellow") for line in wrapped(f"{one.node_id} {clean(one.question)}", "  ? "))
        yield from (f"    {command}" for command in how_to_answer(one))


def _decisions(report: Report) -> Iterator[str]:
    if not report.decisions:
        return
    yield from _part("decided")
    for decision in report.decisions:
        yield from _decision(decision)


def _decision(decision: DecisionReport) -> Iterator[str]:
    yield from wrapped(f"{clean(decision.node.title)} → {clean(say.decision_state(decision))}", "  ", "    ")
    if decision.chosen and decision.chosen.reason:
        yield from wrapped(f"because {clean(decision.chosen.reason)}", "    ")
    if forbids := say.forbids(decision):
        yield from wrapped(clean(forbids), "    ", "      ")
    for other in decision.others:
        reason = f": {clean(say.why_not(other))}" if say.why_not(other) else ""
        word = "not" if decision.chosen else "or"
        yield from wrapped(f"{word}: {clean(other.node.title)}{reason}", "    ", "      ")


def _learned(report: Report, *, full: bool) -> Iterator[str]:
    if not report.learned:
        return
    yield from _part("learned")
    shown, left = say.cut(report.learned, _TASKS, full=full)
    for one in shown:
        yield from wrapped(clean(one.title), "  · ")
    if left:
        yield f"  … {left:,} more (--full shows all)"


def _spending(report: Report, *, full: bool) -> Iterator[str]:
    if not report.spending.calls:
        return
    yield from _part("spent")
    yield from _spent("by model", report.by_model)
    if len(report.by_day) > 1:
        yield from _spent("by day", report.by_day)
    yield from _spent("by task", tuple(say.dearest(report, len(report.tasks) if full else 8)))


def _spent(title: str, found: tuple[Spent, ...]) -> Iterator[str]:
    if not found:
        return
    yield f"  {title}"
    tokens = [f"{one.spending.tokens:,} tokens" for one in found]
    costs = [money(one.spending.cost_usd) for one in found]
    most = max(map(len, tokens))
    room = max(10, width() - len("    ") - 2 * len("  ") - most - max(map(len, costs)))
    names = [f"    {clip(clean(one.name), room)}" for one in found]
    # The numbers are aligned by their last digit.
    yield from columns(list(zip(names, (text.rjust(most) for text in tokens), costs, strict=True)))


def _timeline(report: Report, *, full: bool) -> Iterator[str]:
    if not report.timeline:
        return
    yield from _part("time line (UTC)")
    shown = report.timeline if full else report.timeline[-_TIMELINE:]
    if len(shown) < len(report.timeline):
        yield f"  … {many(len(report.timeline) - len(shown), 'earlier line')} (--full shows all)"
    colours = {"done": "green", "failed": "red", "waits": "yellow"}
    day = ""
    for moment in shown:
        if (today := f"{moment.at:%Y-%m-%d}") != day:
            day = today
            yield f"  {day}"
        found = clip(clean(moment.text), 300)
        line = wrapped(found, f"  {moment.at:%H:%M} {say.MARKS[moment.mark]} ", " " * 10)
        yield from (painted(part, colours.get(moment.mark)) for part in line)
