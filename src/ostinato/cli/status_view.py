"""The screen of `ostinato status`: a block for each goal that is open or was worked on lately. It only makes lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ostinato.app.standing import GoalStanding, Running, Standing, next_step
from ostinato.base.text import clip, many
from ostinato.cli.answering import how_to_answer
from ostinato.cli.output import clean
from ostinato.cli.report_words import not_done, stopped_words
from ostinato.cli.screen import ago, bar, length, money, of_budget, painted, shortened, spent, width, wrapped
from ostinato.graph.approvals import Approval
from ostinato.graph.budgets import WARN_AT, Budget

if TYPE_CHECKING:
    from ostinato.store.looking import AttemptLine, TaskLine

_FAILURES = 4
_QUESTIONS = 3
_COMMITS = 3
_GOALS = 5


def status_lines(standing: Standing) -> Iterator[str]:
    """Yield the screen; wide text is cut to the terminal, reasons are wrapped over two lines at most."""
    room = width()
    since = f"since {standing.since:%a %H:%M} UTC, {ago(standing.since, standing.at)}"
    place = clean(f"{standing.project.name}  {standing.project.path}")
    if len(place) + len(since) + 2 <= room:
        yield f"{painted(place, bold=True)}{'':{room - len(place) - len(since)}}{since}"
    else:
        yield painted(clip(place, room), bold=True)
        yield clip(since, room)
    alone = [one for one in standing.goals if not one.told_with_another]
    shown = [one for one in alone if one.is_open or one.recent or one.waiting]
    for one in shown[-_GOALS:]:
        yield ""
        yield from _goal(standing, one, room)
    if len(shown) > _GOALS:
        yield ""
        yield f"{many(len(shown) - _GOALS, 'more open goal')}: ostinato tasks tree"
    last = list(_last_line(standing, len(alone) - len(shown), len(shown) != 1, room))
    yield from ["", *last] if last else []


def _last_line(standing: Standing, rest: int, several: bool, room: int) -> Iterator[str]:
    if not standing.goals:
        yield from wrapped("no goal yet: say what you want with `ostinato plan '…'`", "", columns=room)
    if rest:
        yield f"{many(rest, 'goal')} {'is' if rest == 1 else 'are'} over"
    if (several or rest) and standing.spending.calls:
        yield clip(f"usage: {spent(standing.spending)} in all, {spent(standing.spent_since)} since then", room)


def _goal(standing: Standing, one: GoalStanding, room: int) -> Iterator[str]:
    state = "paused" if one.paused_at else one.goal.status
    title = clip(clean(one.goal.title), max(12, room - len(one.goal.id) - len(state) - 5))
    yield f"{painted(one.goal.id, bold=True)} {painted(title, bold=True)} [{state}]"
    if one.tasks:
        others = not_done(one.counts)
        told = f"{bar(one.done, one.tasks)} {one.done} of {one.tasks} done{f' · {others}' if others else ''}"
        yield from wrapped(told, "  ", columns=room)
    for running in one.running:
        yield from _running(standing, running, room)
    if one.last and not any(running.state in {"alive", "elsewhere"} for running in one.running):
        why = clean(stopped_words(one.last.stop_reason))
        ended = f"{one.last.kind} ended {ago(one.last.ended_at or standing.at, standing.at)}: {why}"
        yield from wrapped(ended, "  stopped  ", columns=room)
    yield from _failures(one, room)
    yield from _questions(one.waiting, room)
    yield from _commits(one.commits, room)
    if landed := one.goal.metadata.get("landed_commit"):
        yield f"  landed   as {clean(landed[:10])}"
    yield from _spent(one, room)
    step = next_step(one)
    if step:
        yield from _next(step.command, step.why, room)


def _spent(one: GoalStanding, room: int) -> Iterator[str]:
    least = "" if one.spending.cost_usd is not None else "at least "
    each = f" ({least}{money(one.least_per_task)} for each task done)" if one.least_per_task else ""
    if one.spending.calls or one.spending.tokens:
        yield clip(f"  spent    {spent(one.spending)}{each}", room)
    else:
        yield "  spent    nothing yet"
    if one.budget is None or one.account is None:
        return
    used, held = one.account.total, one.account.reserved
    shares = of_budget(used, one.budget)
    if shares:
        told = ", ".join(f"{share:.0%} of {_most(one.budget, name)}" for name, share in shares.items())
        line = clip(f"  budget   {told}", room)
        yield painted(line, "yellow") if max(shares.values()) >= WARN_AT else line
    if held.calls:
        yield clip(f"  held     {held.tokens:,} tokens for {many(held.calls, 'call')} without an answer yet", room)


def _most(budget: Budget, name: str) -> str:
    said = {
        "tokens": f"{budget.tokens:,} tokens" if budget.tokens else "",
        "cost": money(budget.cost_usd),
        "time": length(budget.seconds or 0.0),
    }
    return said[name]


def _running(standing: Standing, one: Running, room: int) -> Iterator[str]:
    who = f"{one.session.kind} {one.session.id}"
    heard = f", last sign {ago(one.heard_at, standing.at)}" if one.heard_at else ""
    if one.state == "dead":
        pid = one.process.pid if one.process else "?"
        text = f"{who}: process {pid} is gone{heard}; the next run recovers, nothing is lost"
        yield from (painted(line, "red") for line in wrapped(text, "  died     ", columns=room))
        return
    where = ""
    if one.process:
        where = f", pid {one.process.pid}" + (f" on {clean(one.process.host)}" if one.state == "elsewhere" else "")
    what = "by hand" if one.state == "by hand" else "running"
    since = f" for {ago(one.session.started_at, standing.at).removesuffix(' ago')}"
    text = f"{who} {what}{since}{where}{heard}"
    yield from (painted(line, "cyan") for line in wrapped(text, "  now      ", columns=room))
    if one.task:
        tries = f", attempt {one.attempt}" if one.attempt > 1 else ""
        yield clip(f"           {one.task.id} {clean(one.task.title)} (step {one.step}{tries})", room)


def _failures(one: GoalStanding, room: int) -> Iterator[str]:
    for line in one.failed[:_FAILURES]:
        yield painted(clip(f"  {line.status:<8} {_short(line)}", room), "red")
        reason = shortened(clean(line.reason or ""))
        if reason:
            found = list(wrapped(reason, "           ", columns=room))
            yield from found[:2] if len(found) <= 2 else [found[0], clip(f"{found[1]}…", room)]
    if len(one.failed) > _FAILURES:
        yield f"           {len(one.failed) - _FAILURES} more: ostinato tasks list --status failed"


def _short(line: TaskLine) -> str:
    return f"{line.id} {clean(line.title)}"


def _questions(waiting: Sequence[Approval], room: int) -> Iterator[str]:
    for one in waiting[:_QUESTIONS]:
        yield painted(clip(f"  waits    {one.node_id} {clean(one.question)}", room), "yellow")
        for command in how_to_answer(one):
            yield clip(f"             {command}", max(room, 60))
    if len(waiting) > _QUESTIONS:
        yield f"           {len(waiting) - _QUESTIONS} more: ostinato approvals"


def _commits(commits: Sequence[tuple[AttemptLine, TaskLine | None]], room: int) -> Iterator[str]:
    for place, (made, line) in enumerate(commits[-_COMMITS:]):
        label = "  commits  " if place == 0 else "           "
        commit = clean((made.commit or "")[:10])
        rest = clip(f" {clean(line.title) if line else ''}", room - len(label) - len(commit))
        yield f"{label}{painted(commit, 'green')}{rest.rstrip()}"
    if len(commits) > _COMMITS:
        yield f"           and {len(commits) - _COMMITS:,} before these"


def _next(command: str, why: str, room: int) -> Iterator[str]:
    line = f"  next     {command}"
    if len(line) + len(why) + 4 <= room:
        yield f"{painted(line, bold=True)}  ({why})"
    else:
        yield painted(line, bold=True)
        yield clip(f"           ({why})", room)
