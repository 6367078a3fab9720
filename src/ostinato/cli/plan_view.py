"""How a plan is shown to the person who must accept it: a tree by dependency with all that was proposed. It prints
nothing, and what it yields is free of escapes but our own: the text comes from a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostinato.base.text import many
from ostinato.cli.layout import Look
from ostinato.cli.output import clean, clean_block
from ostinato.cli.screen import money
from ostinato.graph.plan import Critique, DecisionDraft, Finding, ObservationDraft, PlanDraft, TaskDraft
from ostinato.graph.prohibitions import forbidden_words
from ostinato.graph.types import Check

if TYPE_CHECKING:
    from ostinato.app.job import Job
    from ostinato.graph.estimate import Estimate
    from ostinato.loop.plan import Proposal

_STEP = 2


@dataclass(frozen=True, slots=True)
class Beside:
    """What is shown with a plan: what the critic says of it, the titles of replaced tasks by id, the estimate; and
    the plan as the person saw it last, so that they see what is different."""

    critique: Critique | None = None
    replaced: Sequence[tuple[str, str]] = ()
    estimate: str = ""
    before: PlanDraft | None = None


def beside(job: Job, proposal: Proposal, before: PlanDraft | None = None) -> Beside:
    """Return what is shown with the plan of `proposal`, `before` being the plan that the person saw last."""
    draft = proposal.draft
    guess = "" if draft is None else estimate_text(job.estimate(draft))
    if not proposal.replaced:
        return Beside(proposal.critique, (), guess, before)
    store = job.reader()
    try:
        found = [store.graph.find(node) for node in proposal.replaced]
    finally:
        store.db.close()
    return Beside(proposal.critique, [(node.id, node.title) for node in found if node is not None], guess, before)


def estimate_text(likely: Estimate) -> str:
    """Return an estimate in words."""
    tokens = f"{_between(_rounded(likely.tokens_low), _rounded(likely.tokens_high))} tokens"
    cost = ""
    if likely.cost_low is not None and likely.cost_high is not None:
        cost = f", {_between(money(likely.cost_low), money(likely.cost_high))}"
    return f"{many(likely.tasks, 'task')}, {tokens}{cost} ({likely.basis})"


def _between(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _rounded(tokens: int) -> str:
    """Return a number of tokens with two digits that count: it is an estimate."""
    digits = len(str(tokens)) - 2
    return f"{tokens if digits <= 0 else round(tokens, -digits):,}"


def plan_lines(title: str, draft: PlanDraft, look: Look, beside: Beside | None = None) -> Iterator[str]:
    """Yield the lines of the plan. Tasks are numbered by their place in the plan, and stand below what they need."""
    beside = beside or Beside()
    yield from look.lines(f"Plan: {clean(title)}", style="heading")
    for line in clean_block(draft.summary, indent=""):
        yield from look.lines(line, "  ")
    yield ""
    kept = {task.key for task in draft.tasks}
    news = _news(draft, beside.before)
    for place, depth in task_tree(draft.tasks):
        task = draft.tasks[place]
        yield from _task(place, task, depth, look, news=news.get(task.key, ""))
    yield from _section("Decisions", [_decision(one, look) for one in draft.decisions], look)
    yield from _section("Assumed or seen on the way", [_noted(seen, look) for seen in draft.observations], look)
    replaced = [look.lines(f"{clean(node)} {clean(said)}", "  - ", "    ") for node, said in beside.replaced]
    yield from _section("Replaces", replaced, look)
    left_out = [task for task in (beside.before.tasks if beside.before else ()) if task.key not in kept]
    gone = [look.lines(f"{clean(task.key)}: {clean(task.title)}", "  - ", "    ") for task in left_out]
    yield from _section("No longer in the plan", gone, look)
    if beside.critique is not None:
        yield from _critique(beside.critique, look)
    if beside.estimate:
        yield from look.lines(clean(beside.estimate), "Estimate: ", "  ")
        yield ""


def task_lines(place: int, task: TaskDraft, look: Look) -> Iterator[str]:
    """Yield all of one task, its description too."""
    yield from _task(place, task, 0, look, whole=True)


def task_tree(tasks: Sequence[TaskDraft]) -> list[tuple[int, int]]:
    """Return (place, depth) of each task once, in reading order: a task comes after all that it needs, and stands below
    the last of them. Siblings keep the order of the plan; what a cycle holds comes last, at the top.
    """
    places = {task.key: place for place, task in enumerate(tasks)}
    needs = [{places[key] for key in task.depends_on if key in places} for task in tasks]
    needed_by: list[list[int]] = [[] for _ in tasks]
    for place, above in enumerate(needs):
        for need in above:
            needed_by[need].append(place)
    order: dict[int, int] = {}
    waiting = [(place, 0) for place in reversed(range(len(tasks))) if not needs[place]]
    while waiting:
        place, depth = waiting.pop()
        order[place] = depth
        # Whoever needs this and has seen all else that it needs comes now; the others come below a later one.
        free = (one for one in reversed(needed_by[place]) if needs[one] <= order.keys())
        waiting += [(one, depth + 1) for one in free]
    return [*order.items(), *((place, 0) for place in range(len(tasks)) if place not in order)]


def _news(draft: PlanDraft, before: PlanDraft | None) -> dict[str, str]:
    """Return what is different about each task since `before`, by its key."""
    known = {task.key: task for task in before.tasks} if before else {}
    return {
        task.key: "new" if task.key not in known else "changed"
        for task in draft.tasks
        if before and known.get(task.key) != task
    }


def _task(place: int, task: TaskDraft, depth: int, look: Look, *, whole: bool = False, news: str = "") -> Iterator[str]:
    # Deep chains must leave room for text: most of the width is never given to indenting.
    room = (look.width or 80) // 5
    lead = " " * min(depth * _STEP, room)
    number = f"{lead}{place + 1}. "
    inner = " " * len(number)
    yield from look.lines(f"{clean(task.key)}: {clean(task.title)}", number, inner, "strong")
    if news:
        yield from look.lines(news, inner, style="good")
    facts = ", ".join(_facts(task))
    if facts:
        yield from look.lines(facts, inner, style="dim")
    if whole:
        for line in clean_block(task.description, indent=""):
            yield from look.lines(line, inner)
    for criterion in task.acceptance_criteria:
        yield from look.lines(clean(criterion), f"{inner}- ")
    for check in task.checks:
        yield from _check(check, inner, look)
    if not task.checks:
        yield from look.lines(_unchecked(task), f"{inner}? ", style="warn")
    if task.file_scope:
        yield from look.lines(", ".join(map(clean, task.file_scope)), f"{inner}in ", style="dim")
    yield ""


def _unchecked(task: TaskDraft) -> str:
    if task.judge:
        return "a person must judge it"
    return "no check: what it records counts" if task.profile else "no check"


def _facts(task: TaskDraft) -> Iterator[str]:
    if task.depends_on:
        yield f"after {', '.join(map(clean, task.depends_on))}"
    if task.priority:
        yield f"{task.priority} priority"
    if task.complexity:
        yield str(task.complexity)
    if task.profile:
        yield f"profile {clean(task.profile)}"
    if task.judge and task.checks:
        yield "a person must judge it too"


def _check(check: Check, inner: str, look: Look) -> Iterator[str]:
    lines = clean_block(check.command, indent="") or [""]
    shown = [
        line
        for place, part in enumerate(lines)
        for line in look.lines(part, f"{inner}{'  ' if place else '$ '}", f"{inner}    ", "command")
    ]
    marks = [
        *(["guard: green now, and must stay so"] if check.guard else []),
        *([f"in {clean(check.working_dir)}"] if check.working_dir else []),
        *([f"at most {check.timeout:g} s"] if check.timeout is not None else []),
    ]
    said = f"({', '.join(marks)})"
    if marks and look.fits(f"{shown[-1]}  {said}"):
        shown[-1] += f"  {look.paint('dim', said)}"
    elif marks:
        shown += look.lines(said, f"{inner}  ", style="dim")
    yield from shown


def _section(title: str, items: Sequence[Iterator[str]], look: Look) -> Iterator[str]:
    if items:
        yield from look.lines(title, style="heading")
        for item in items:
            yield from item
        yield ""


def _decision(decision: DecisionDraft, look: Look) -> Iterator[str]:
    chosen = f": {clean(decision.chosen)}" if decision.chosen else ": still open"
    yield from look.lines(f"{clean(decision.title)}{chosen}", "  - ", "    ", "strong")
    if decision.rationale:
        yield from look.lines(f"because {clean(decision.rationale)}", "    ")
    if forbids := forbidden_words(decision.forbids_paths, decision.forbids_dependencies):
        yield from look.lines(clean(forbids), "    forbids ", "      ")
    if decision.supersedes:
        lifted = "what that forbids is allowed again once you accept"
        yield from look.lines(clean(f"{', '.join(decision.supersedes)}: {lifted}"), "    supersedes ", "      ")
    for option in decision.options:
        if option.title == decision.chosen:
            continue
        against = f" ({'; '.join(map(clean, option.cons))})" if option.cons else ""
        yield from look.lines(f"{'not' if decision.chosen else 'or'} {clean(option.title)}{against}", "    ")


def _noted(seen: ObservationDraft, look: Look) -> Iterator[str]:
    yield from look.lines(clean(seen.title), "  - ", "    ")
    for line in clean_block(seen.description, indent=""):
        yield from look.lines(line, "    ", style="dim")


def _critique(critique: Critique, look: Look) -> Iterator[str]:
    title = "The critic still finds" if critique.findings else "The critic finds nothing missing"
    yield from look.lines(title if critique.findings or critique.approved else "The critic", style="heading")
    for found in critique.findings:
        about = f"{clean(found.task)}: " if found.task else ""
        yield from look.lines(f"{about}{clean(found.problem)}", "  ! ", style="warn")
        if found.suggestion:
            yield from look.lines(clean(found.suggestion), "    ")
    if critique.note:
        yield from look.lines(f"({clean(critique.note)})", "  ", style="dim")
    yield ""


def finding_text(found: Finding) -> str:
    """Return one finding on one line, free of escapes."""
    return f"{f'{clean(found.task)}: ' if found.task else ''}{clean(found.message)}"
