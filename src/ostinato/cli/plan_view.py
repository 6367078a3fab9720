"""How a plan is shown to the person who must accept it: the tree with checks, dependencies and decisions."""

from __future__ import annotations

from collections.abc import Iterator

from ostinato.base.text import one_line
from ostinato.cli.output import clean
from ostinato.graph.plan import DecisionDraft, PlanDraft, TaskDraft


def plan_lines(title: str, draft: PlanDraft) -> Iterator[str]:
    """Yield the lines of the plan, free of escapes."""
    yield f"Plan: {clean(title)}"
    if draft.summary:
        yield f"  {clean(draft.summary)}"
    yield ""
    for number, task in enumerate(draft.tasks, 1):
        yield from _task(number, task)
    if draft.decisions:
        yield "Decisions"
        for decision in draft.decisions:
            yield from _decision(decision)
        yield ""
    if draft.observations:
        yield "Noted"
        for seen in draft.observations:
            yield f"  · {clean(seen.title)}"
        yield ""


def _task(number: int, task: TaskDraft) -> Iterator[str]:
    marks = ", ".join(str(mark) for mark in (task.priority, task.complexity) if mark)
    after = f"  after {', '.join(map(clean, task.depends_on))}" if task.depends_on else ""
    yield f"{number:>3}. {clean(task.key)}: {clean(task.title)}{f'  [{marks}]' if marks else ''}{after}"
    for criterion in task.acceptance_criteria:
        yield f"       · {clean(criterion)}"
    for check in task.checks:
        yield f"       $ {clean(one_line(check.command))}{'  (guard)' if check.guard else ''}"
    if not task.checks:
        yield "       ? a person must judge it"
    if task.file_scope:
        yield f"       in {', '.join(map(clean, task.file_scope))}"
    yield ""


def _decision(decision: DecisionDraft) -> Iterator[str]:
    chosen = f" → {clean(decision.chosen)}" if decision.chosen else ""
    reason = f" ({clean(decision.rationale)})" if decision.rationale else ""
    yield f"  {clean(decision.title)}{chosen}{reason}"
    for option in decision.options:
        if option.title != decision.chosen:
            yield f"    not: {clean(option.title)}"
