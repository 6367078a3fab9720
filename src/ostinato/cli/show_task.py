"""A task as a person asks for it: what was wanted, what was tried and what came of it, what waits for whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ostinato.base.spending import Spending
from ostinato.base.text import clip, many
from ostinato.cli.answering import how_to_answer
from ostinato.cli.budget_view import budget_document, budget_lines
from ostinato.cli.documents import (
    approval_document,
    edge_document,
    iteration_document,
    node_document,
    spending_document,
)
from ostinato.cli.output import answer, clean, clean_block, short_time
from ostinato.cli.screen import heading, length, painted, spent, width, wrapped
from ostinato.cli.show_iteration import outcome_lines
from ostinato.graph.approvals import HELP, Approval
from ostinato.graph.budgets import Account, Budget
from ostinato.graph.edges import Edge, EdgeType
from ostinato.graph.iterations import Iteration
from ostinato.graph.steering import HINT
from ostinato.graph.types import Node, Status

if TYPE_CHECKING:
    from ostinato.cli.context import Invocation
    from ostinato.store.store import Store

_MOST = 12


@dataclass(frozen=True, slots=True)
class _Task:
    node: Node
    goal: Node | None
    edges: list[Edge]
    before: list[Node]
    after: list[Node]
    children: list[Node]
    informed: list[Node]
    iterations: list[Iteration]
    approvals: list[Approval]
    budget: Budget
    account: Account


def show_task(invocation: Invocation, store: Store, node: Node, *, full: bool) -> None:
    """Print a task; with --json one document with everything about it but its transcripts and diffs."""
    found = _read_task(store, node)
    answer(invocation, _task_document(found) if invocation.json else None, _task_lines(found, full=full))


def _read_task(store: Store, node: Node) -> _Task:
    from ostinato.graph.requests import NodeFilter

    edges = store.graph.edges_of(node.id)
    before = {e.to_id for e in edges if e.edge_type is EdgeType.DEPENDS_ON and e.from_id == node.id}
    after = {e.from_id for e in edges if e.edge_type is EdgeType.DEPENDS_ON and e.to_id == node.id}
    informed = {e.from_id for e in edges if e.edge_type is EdgeType.INFORMS and e.to_id == node.id}
    near = store.looking.nodes(before | after | informed)
    return _Task(
        node=node,
        goal=store.graph.goal_of(node.id),
        edges=edges,
        before=[one for one in near if one.id in before],
        after=[one for one in near if one.id in after],
        children=store.graph.query(NodeFilter(parent_id=node.id)),
        informed=[one for one in near if one.id in informed],
        iterations=store.iterations.of_task(node.id),
        approvals=[one for one in store.approvals.for_node(node.id) if _still_asked(one, node)],
        budget=store.budgets.get(node.id),
        account=store.budgets.account(node.id),
    )


def _still_asked(asked: Approval, task: Node) -> bool:
    """Tell whether a question stands: one about a task that goes in circles does as long as that is blocked."""
    return asked.kind != HELP or asked.answered_at is not None or task.status is Status.BLOCKED


def _task_document(found: _Task) -> dict[str, Any]:
    spending = sum((one.spending for one in found.iterations), Spending())
    return {
        **node_document(found.node),
        "goal_id": None if found.goal is None else found.goal.id,
        "edges": [edge_document(edge) for edge in found.edges],
        "children": [child.id for child in found.children],
        "iterations": [iteration_document(iteration) for iteration in found.iterations],
        "depends_on": [{"id": one.id, "status": one.status} for one in found.before],
        "dependents": [{"id": one.id, "status": one.status} for one in found.after],
        "observations": [node_document(one) for one in found.informed],
        "approvals": [approval_document(approval) for approval in found.approvals],
        "budget": budget_document(found.budget, found.account, Budget()),
        **spending_document(spending),
    }


def _task_lines(found: _Task, *, full: bool) -> Iterator[str]:
    node = found.node
    yield painted(clean(f"{node.id}: {node.title}"), bold=True)
    reason = f": {clean(node.blocked_reason)}" if node.blocked_reason else ""
    colour = STATUS_COLOURS.get(node.status)
    yield from (painted(line, colour) for line in wrapped(f"{node.status}{reason}", "  status   "))
    if found.goal:
        yield clip(f"  goal     {found.goal.id} {clean(found.goal.title)}", max(width(), 60))
    yield from _neighbours("after", found.before)
    yield from _neighbours("holds up", found.after)
    yield from _facts(node)
    if found.budget.limits_anything:
        yield heading("budget")
        yield from budget_lines(found.budget, Budget(), found.account)
    yield from _asked(node)
    if found.iterations:
        yield ""
        spending = sum((one.spending for one in found.iterations), Spending())
        most = node.task.max_attempts
        used = f"{node.task.attempts} used up{f' of {most}' if most else ''}"
        yield heading(f"attempts ({len(found.iterations)}; {used}; {spent(spending)})")
        shown = found.iterations if full else found.iterations[-_MOST:]
        if len(shown) < len(found.iterations):
            yield f"  … {many(len(found.iterations) - len(shown), 'earlier attempt')} (--full shows all)"
        for iteration in shown:
            yield from _attempt(iteration)
    yield from question_lines(found.approvals)
    if found.informed:
        yield ""
        yield heading("known about it")
        for one in found.informed:
            said = "you said: " if HINT in one.labels else ""
            yield from wrapped(clean(f"{said}{one.title}"), "  · ")
            if full and one.description.strip():
                yield from clean_block(one.description.strip(), "    ")
    yield from _next(found)


def _neighbours(words: str, nodes: Sequence[Node]) -> Iterator[str]:
    for place, one in enumerate(nodes[:_MOST]):
        label = f"  {words:<9}" if place == 0 else " " * 11
        yield clip(f"{label}{one.id} {clean(one.title)} ({one.status})", max(width(), 60))
    if len(nodes) > _MOST:
        yield f"{'':11}… {len(nodes) - _MOST} more"


def _facts(node: Node) -> Iterator[str]:
    details = node.task
    facts = [
        *([f"priority {node.priority}"] if node.priority else []),
        *([f"complexity {details.complexity}"] if details.complexity else []),
        *([f"profile {details.profile}"] if details.profile else []),
        *(["a person judges it"] if details.judge else []),
        *([f"labels {', '.join(node.labels)}"] if node.labels else []),
    ]
    if facts:
        yield from wrapped(clean(", ".join(facts)), "  is       ")
    if node.completed_at:
        yield f"  done     {short_time(node.completed_at)} UTC"


def _asked(node: Node) -> Iterator[str]:
    details = node.task
    yield ""
    yield heading("asked for")
    if node.description.strip():
        yield from clean_block(node.description.strip())
    for criterion in details.acceptance_criteria:
        yield from wrapped(clean(criterion), "  · ")
    for check in details.checks:
        guard = "  (guard)" if check.guard else ""
        yield from wrapped(f"{clean(check.command)}{guard}", "  $ ")
    if not details.checks:
        recorded = "  no check: what it records counts" if details.profile else "  no check"
        yield "  no check: a person must judge it" if details.judge else recorded
    if details.file_scope:
        yield from wrapped(clean(", ".join(details.file_scope)), "  in ")


def _attempt(one: Iteration) -> Iterator[str]:
    colour = {"done": "green", "retry": "red", "fail": "red", "block": "red"}.get(one.decision or "")
    took = length((one.ended_at - one.started_at).total_seconds()) if one.ended_at else "is running"
    commit = f", commit {one.commit[:12]}" if one.commit else ""
    when = one.started_at.strftime("%Y-%m-%d %H:%M")
    facts = f"{when}, {took}, {many(one.steps, 'step')}, {spent(one.spending)}{commit}"
    yield from (painted(line, colour) for line in wrapped(f"{one.id}  {facts}", f"  {one.attempt}. ", "     "))
    yield from (f"  {line}" for line in outcome_lines(one))


def question_lines(approvals: Sequence[Approval]) -> Iterator[str]:
    """Yield the open questions with the commands that answer them, and what was answered."""
    waiting = [one for one in approvals if one.answered_at is None]
    answered = [one for one in approvals if one.answered_at is not None]
    if waiting:
        yield ""
        yield painted("waits for you", "yellow", bold=True)
    for one in waiting:
        yield from wrapped(clean(one.question), "  ")
        yield from (f"    {command}" for command in how_to_answer(one))
    if answered:
        yield ""
        yield heading("answered")
    for one in answered:
        reason = f": {clean(one.reason)}" if one.reason else ""
        yield from wrapped(f"{short_time(one.answered_at)} {one.answer}{reason}", "  ", "    ")


def _next(found: _Task) -> Iterator[str]:
    node = found.node
    commands = []
    if found.iterations:
        commands.append(f"ostinato show {found.iterations[-1].id}  (the last attempt whole)")
    if node.status in {Status.FAILED, Status.BLOCKED} and found.iterations:
        commands.append(f"ostinato tasks retry {node.id} --hint '…'  (try again, with what it should know)")
    if commands:
        yield ""
        yield heading("next")
        yield from (line for command in commands for line in wrapped(command, "  ", "    "))


STATUS_COLOURS = {
    Status.COMPLETED: "green",
    Status.FAILED: "red",
    Status.BLOCKED: "red",
    Status.REVIEW: "yellow",
    Status.IN_PROGRESS: "cyan",
    Status.CLAIMED: "cyan",
}
