"""A report as one page: a single file that needs nothing from elsewhere, light and dark, for screens, phones and paper.

No script stands in it. Every text goes through `_text`, which escapes it; markup is written in this file alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from ostinato.app.report_values import AttemptReport, DecisionReport, OptionReport, Report, Spent, TaskReport
from ostinato.base.diffstat import total
from ostinato.base.text import many, printable
from ostinato.cli import report_words as say
from ostinato.cli.answering import how_to_answer
from ostinato.cli.report_style import STYLE
from ostinato.cli.screen import money, spent
from ostinato.graph.evidence import CheckRun
from ostinato.graph.types import Status

_MANY = 500
_OPEN = 3
_OUTPUT = 2000
_KINDS = {Status.COMPLETED: "done", Status.FAILED: "failed", Status.REVIEW: "waits"}


def html_text(report: Report, *, full: bool) -> str:
    """Return the whole page; without `full` lists longer than some hundreds are cut and say so."""
    title = _text(say.title(report))
    parts = (
        _head(report),
        _waiting(report),
        _failed(report, full=full),
        _tasks(report, full=full),
        _decisions(report),
        _learned(report, full=full),
        _changed(report, full=full),
        _spent(report, full=full),
        _timeline(report, full=full),
    )
    body = "\n".join(line for part in parts for line in part)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f'<meta name="color-scheme" content="light dark">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n'
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _text(text: object) -> str:
    """Return text that shows as it was written: escaped, with control and direction characters made visible."""
    return escape(printable(str(text), keep_newlines=True))


def _head(report: Report) -> Iterator[str]:
    about = report.session.id if report.session else report.goal.id
    yield f"<header><p class=over>{_text(report.project.name)} · <code>{_text(about)}</code> · {report.goal.status}</p>"
    yield f"<h1>{_text(say.title(report))}</h1>"
    yield _bar(report)
    yield f"<ul class=facts>{''.join(f'<li>{_text(sentence)}</li>' for sentence in say.in_short(report))}</ul>"
    where = say.where(report, lambda name: f"<code>{_text(name)}</code>")
    said = f"{where[:1].upper()}{where[1:]}. " if where else ""
    yield f"<p class=small>{said}{say.day_and_time(report.at)} UTC.</p>"
    if report.asked:
        yield f"<blockquote>{_text(report.asked)}</blockquote>"
    yield "</header>"


def _bar(report: Report) -> str:
    """Return the bar of tasks: done, failed, waiting for a person, and what is left."""
    kinds = [_kind(task) for task in report.left]
    counts = {"done": len(report.done), "failed": len(report.failed)}
    counts |= {"waits": kinds.count("waits"), "open": kinds.count("open")}
    whole = sum(counts.values()) or 1
    pieces = (
        f'<i class="{name}" style="width:{100 * count / whole:.2f}%"></i>' for name, count in counts.items() if count
    )
    return f'<div class=bar role=img aria-label="{len(report.done)} of {whole} tasks done">{"".join(pieces)}</div>'


def _part(title: str, count: int | None = None) -> str:
    number = "" if count is None else f" <span class=count>{count:,}</span>"
    return f"<section><h2>{_text(title)}{number}</h2>"


def _waiting(report: Report) -> Iterator[str]:
    if not report.waiting:
        return
    yield _part("Waits for you", len(report.waiting))
    for one in report.waiting:
        command = _text(how_to_answer(one)[0])
        yield f"<p class='card waits'>{_text(one.question)}<br><code>{command}</code></p>"
    yield "</section>"


def _failed(report: Report, *, full: bool) -> Iterator[str]:
    if not report.failed:
        return
    yield _part("Failed", len(report.failed))
    shown, left = say.cut(report.failed, _MANY, full=full)
    for number, task in enumerate(shown):
        yield f"<details class='card failed'{' open' if number < _OPEN else ''}><summary>{_title(task)}</summary>"
        yield f"<p>{_text(task.node.blocked_reason or 'no reason was given')}</p>"
        for attempt in task.attempts:
            yield from _attempt(attempt)
        yield "</details>"
    yield from _more(left, "task")
    yield "</section>"


def _kind(task: TaskReport) -> str:
    """Return the colour's name of a task; what only waits for another one is as open as what waits for nobody."""
    return _KINDS.get(task.node.status, "open")


def _title(task: TaskReport) -> str:
    return f"<b>{_text(task.node.title)}</b> <span class=id>{_text(task.node.id)}</span>"


def _attempt(attempt: AttemptReport) -> Iterator[str]:
    one = attempt.iteration
    said = f": “{_text(one.ending_message)}”" if one.ending_message else ""
    commit = f" <code>{_text(one.commit[:10])}</code>" if one.commit else ""
    yield f"<p class=attempt>Attempt {one.attempt} <span class=id>{_text(one.id)}</span>{commit}{said}</p>"
    for run in attempt.red_runs[:3]:
        yield _run("✗", run, "")
        if run.output.strip():
            yield f"<pre>{_text(run.output[-_OUTPUT:].strip(chr(10)))}</pre>"


def _tasks(report: Report, *, full: bool) -> Iterator[str]:
    failed = {task.node.id for task in report.failed}
    rest = [task for task in report.tasks if task.node.id not in failed]
    if not rest:
        return
    yield _part("Tasks", len(rest))
    shown, left = say.cut(rest, _MANY, full=full)
    for task in shown:
        yield from _task(task)
    yield from _more(left, "task")
    yield "</section>"


def _task(task: TaskReport) -> Iterator[str]:
    kind = _kind(task)
    commit = f" <code>{_text(task.commit[:10])}</code>" if task.commit else ""
    state = "" if task.done else f" <span class=state>{_text(say.words(task.node.status))}</span>"
    yield f"<details class='card {kind}'><summary>{_title(task)}{commit}{state}</summary>"
    if task.node.description.strip():
        yield f"<p class=told>{_text(task.node.description.strip())}</p>"
    if task.node.blocked_reason:
        yield f"<p>{_text(task.node.blocked_reason)}</p>"
    if task.done and task.judged_by != "checks":
        yield f"<p>Done: {_text(task.judged_by)}.</p>"
    for run in task.proofs:
        red = ", red before the work" if run.command in task.was_red else ""
        yield _run("✔", run, red)
    if task.files:
        yield _files(task)
    if len(task.attempts) > 1:
        for attempt in task.attempts:
            yield from _attempt(attempt)
    if task.spending.tokens:
        yield f"<p class=small>{_text(spent(task.spending))} in {many(len(task.attempts), 'iteration')}</p>"
    yield "</details>"


def _run(mark: str, run: CheckRun, more: str) -> str:
    facts = _text(f"({say.run_words(run)}{more})")
    return f"<p class=run>{mark} <code>{_text(run.command)}</code> <span class=small>{facts}</span></p>"


def _files(task: TaskReport) -> str:
    files, added, removed = total(task.files)
    names = ", ".join(f"<code>{_text(change.path)}</code>" for change in task.files[:8])
    more = f" and {files - 8} more" if files > 8 else ""
    return f"<p class=small>{names}{more}: +{added:,} −{removed:,}</p>"


def _decisions(report: Report) -> Iterator[str]:
    if not report.decisions:
        return
    yield _part("Decisions", len(report.decisions))
    for decision in report.decisions:
        yield from _decision(decision)
    yield "</section>"


def _decision(decision: DecisionReport) -> Iterator[str]:
    yield f"<details class=card open><summary><b>{_text(decision.node.title)}</b>"
    yield f" → {_text(say.decision_state(decision))}</summary>"
    if decision.node.description.strip():
        yield f"<p class=told>{_text(decision.node.description.strip())}</p>"
    if forbids := say.forbids(decision):
        yield f"<p class=told>{_text(forbids)}</p>"
    yield "<ul class=options>"
    if decision.chosen:
        yield from _option(decision.chosen, "✔", "chosen")
    for other in decision.others:
        yield from _option(other, "✗" if decision.chosen else "·", "other")
    yield "</ul></details>"


def _option(option: OptionReport, mark: str, kind: str) -> Iterator[str]:
    reason = f": {_text(option.reason)}" if option.reason else ""
    pros, cons = say.option_facts(option)
    facts = [*(f"+ {text}" for text in pros), *(f"− {text}" for text in cons)]
    told = f"<br><span class=small>{_text(' · '.join(facts))}</span>" if facts else ""
    yield f"<li class={kind}>{mark} {_text(option.node.title)}{reason}{told}</li>"


def _learned(report: Report, *, full: bool) -> Iterator[str]:
    if not report.learned:
        return
    yield _part("Learned", len(report.learned))
    shown, left = say.cut(report.learned, _MANY, full=full)
    yield "<ul>"
    for one in shown:
        told = f"<br><span class=small>{_text(one.told)}</span>" if one.told else ""
        yield f"<li>{_text(one.title)}{told}</li>"
    yield "</ul>"
    yield from _more(left, "observation")
    yield "</section>"


def _changed(report: Report, *, full: bool) -> Iterator[str]:
    if not report.changed:
        return
    yield _part("Changed files", len(report.changed))
    shown, left = say.cut(report.changed, _MANY, full=full)
    rows = ((f"<code>{_text(c.path)}</code>", f"+{c.added:,}", f"−{c.removed:,}") for c in shown)
    yield _table(("file", "added", "removed"), rows)
    yield from _more(left, "file")
    yield "</section>"


def _spent(report: Report, *, full: bool) -> Iterator[str]:
    if not report.spending.calls:
        return
    yield _part("Spent")
    dearest = say.dearest(report, len(report.tasks) if full else 12)
    for name, found in (("model", report.by_model), ("day", report.by_day), ("task", dearest)):
        if found:
            yield _table((name, "tokens", "cost"), (_spent_row(one) for one in found))
    yield "</section>"


def _spent_row(one: Spent) -> tuple[str, str, str]:
    return _text(one.name), f"{one.spending.tokens:,}", _text(money(one.spending.cost_usd))


def _timeline(report: Report, *, full: bool) -> Iterator[str]:
    if not report.timeline:
        return
    yield _part("Time line (UTC)")
    shown = report.timeline if full else report.timeline[-_MANY:]
    if len(shown) < len(report.timeline):
        yield f"<p class=small>… {many(len(report.timeline) - len(shown), 'earlier line')}</p>"
    yield "<ol class=timeline>"
    day = ""
    for moment in shown:
        if (today := f"{moment.at:%Y-%m-%d}") != day:
            day = today
            yield f"<li class=day>{day}</li>"
        sign = f"<time>{moment.at:%H:%M}</time><span>{say.MARKS[moment.mark]}</span>"
        yield f"<li class={moment.mark}>{sign}<p>{_text(moment.text)}</p></li>"
    yield "</ol></section>"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table; the cells of `rows` are markup already."""
    top = "".join(f"<th>{_text(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _more(left: int, noun: str) -> Iterator[str]:
    if left:
        yield f"<p class=small>… and {many(left, f'more {noun}')} (--full shows all)</p>"
