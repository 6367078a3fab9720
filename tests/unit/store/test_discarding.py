"""What discarding a goal does to the graph."""

from __future__ import annotations

import pytest

from ostinato.base.errors import RuleError
from ostinato.base.process import current_process
from ostinato.graph.edges import EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Node, NodeType
from ostinato.store.discarding import Going, discard
from ostinato.store.store import Store
from tests.unit.store.garden import Garden


def discarded(store: Store, goal: Node) -> Going:
    return discard(store, goal.id, cancel=True, commit=None, before_commit=lambda: None)


def test_a_parent_is_cancelled_and_not_completed_by_its_last_child(store: Store, garden: Garden) -> None:
    goal = garden.goal()
    parent = garden.task("parent", goal)
    garden.complete(garden.task("first", parent))
    last = garden.task("last", parent)
    deep = garden.task("deep", last)
    discarded(store, goal)
    assert garden.status(goal, parent, last, deep) == ["cancelled"] * 4


def test_a_completed_goal_is_given_up_too(store: Store, garden: Garden) -> None:
    goal = garden.goal()
    task = garden.complete(garden.task("only", goal))
    assert garden.status(goal) == ["completed"]
    assert discarded(store, goal).completed == 1
    assert garden.status(goal, task) == ["cancelled", "completed"]


def test_goals_inside_go_too_and_what_another_goal_owns_stays(store: Store, garden: Garden) -> None:
    goal, other = garden.goal("one"), garden.goal("other")
    own, listed = garden.task("own", goal), garden.task("listed", other)
    store.graph.link(goal.id, EdgeType.CONTAINS, listed.id)
    inner = garden.goal("inner", goal)
    inside = garden.task("inside", inner)
    went = discarded(store, goal)
    assert {node.id for node in went.open_nodes} == {own.id, inner.id, inside.id}
    assert garden.status(listed, own, inner, inside) == ["ready", "cancelled", "cancelled", "cancelled"]


def test_decisions_and_observations_stay_as_they_are(store: Store, garden: Garden) -> None:
    goal = garden.goal()
    kept = [garden.add(kind, "kept", goal) for kind in (NodeType.DECISION, NodeType.OBSERVATION)]
    before = garden.status(*kept)
    discarded(store, goal)
    assert garden.status(*kept) == before


def test_the_pause_and_the_questions_go_with_it(store: Store, garden: Garden) -> None:
    goal = garden.goal()
    task = garden.task("asks", goal)
    store.steering.pause(goal.id)
    store.approvals.ask(goal.project_id, task.id, "review", "Is it good?")
    assert discarded(store, goal).questions == 1
    assert not store.steering.paused(goal.id)
    assert store.approvals.open(goal_id=goal.id) == []
    assert garden.events(kind=EventKind.APPROVAL_ANSWERED)[0].payload["reason"] == "the goal was discarded"


def test_nothing_has_happened_when_the_last_step_fails_or_somebody_works(store: Store, garden: Garden) -> None:
    goal = garden.goal()
    task = garden.task("open", goal)
    seq = garden.seq()

    def fails() -> None:
        raise RuleError("the branch cannot go")

    with pytest.raises(RuleError, match="cannot go"):
        discard(store, goal.id, cancel=True, commit=None, before_commit=fails)
    assert (garden.status(goal, task), garden.events(seq)) == (["active", "ready"], [])
    store.sessions.start(goal.project_id, goal.id, SessionKind.RALPH, process=current_process())
    with pytest.raises(RuleError, match="ostinato ralph --stop"):
        discarded(store, goal)
    assert garden.status(goal, task) == ["active", "ready"]
