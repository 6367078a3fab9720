"""`ostinato status`: where the project stands, on one screen. Everything is read, nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from ostinato.base.ids import NodeId
from ostinato.base.spending import Spending
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.documents import (
    approval_document,
    node_document,
    project_document,
    session_document,
    usage_document,
)
from ostinato.cli.output import answer, clean, columns, short_time
from ostinato.graph.approvals import Approval
from ostinato.graph.projects import Project
from ostinato.graph.requests import NodeFilter
from ostinato.graph.sessions import Session
from ostinato.graph.types import Node, NodeType, Status

if TYPE_CHECKING:
    from ostinato.store.store import Store


@dataclass(frozen=True, slots=True)
class _GoalState:
    goal: Node
    counts: dict[Status, int]
    spending: Spending


@dataclass(frozen=True, slots=True)
class _State:
    project: Project | None
    goals: list[_GoalState]
    running: list[Session]
    approvals: list[Approval]
    spending: Spending


@click.command(cls=Command, examples=("ostinato status", "ostinato status --json"))
@pass_invocation
def status(invocation: Invocation) -> None:
    """Show goals with their tasks by status, running sessions, what waits for you, usage and cost."""
    store = invocation.reading()
    state = _read(store, invocation.project(store))
    answer(invocation, _document(state), _lines(state))


def _read(store: Store, project: Project | None) -> _State:
    if project is None:
        return _State(None, [], [], [], Spending())
    sessions = store.sessions.list(project_id=project.id)
    spent: dict[NodeId, Spending] = {}
    for session in sessions:
        spent[session.goal_id] = spent.get(session.goal_id, Spending()) + session.spending
    goals = store.graph.query(NodeFilter(project_id=project.id, node_type=NodeType.GOAL))
    return _State(
        project,
        [_GoalState(goal, store.graph.counts(goal.id), spent.get(goal.id, Spending())) for goal in goals],
        [session for session in sessions if session.ended_at is None],
        store.approvals.open(project_id=project.id),
        sum(spent.values(), Spending()),
    )


def _document(state: _State) -> dict[str, Any]:
    return {
        "project": None if state.project is None else project_document(state.project),
        "goals": [
            {
                **node_document(one.goal),
                "counts": {status.value: count for status, count in one.counts.items()},
                "usage": usage_document(one.spending),
                "cost_usd": one.spending.cost_usd,
            }
            for one in state.goals
        ],
        "sessions": [session_document(session) for session in state.running],
        "waiting": [approval_document(approval) for approval in state.approvals],
        "usage": usage_document(state.spending),
        "cost_usd": state.spending.cost_usd,
    }


def _lines(state: _State) -> Iterator[str]:
    if state.project is None:
        yield "this repository is not registered yet: `ostinato plan` or `ostinato project add` does that"
        return
    yield clean(f"{state.project.name}  {state.project.path}")
    yield from _section("goals", [_goal_row(one) for one in state.goals])
    yield from _section(
        "running sessions",
        [(f"  {s.id}", s.kind, s.goal_id, f"since {short_time(s.started_at)}") for s in state.running],
    )
    yield from _section(
        "waiting for you (approve, reject)",
        [(f"  {a.id}", a.node_id, a.kind, a.question) for a in state.approvals],
    )
    yield ""
    yield f"usage: {_spent(state.spending)}"


def _section(title: str, rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield ""
    yield title if rows else f"{title}: none"
    yield from columns(rows)


def _goal_row(one: _GoalState) -> tuple[object, ...]:
    counts = ", ".join(f"{count} {status}" for status, count in one.counts.items() if count)
    return f"  {one.goal.id}", one.goal.status, one.goal.title, counts or "no tasks", _spent(one.spending)


def _spent(spending: Spending) -> str:
    cost = "cost unknown" if spending.cost_usd is None else f"${spending.cost_usd:.2f}"
    return f"{spending.tokens:,} tokens, {cost}"
