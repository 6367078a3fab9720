"""Claims, the order of work, and how tasks come free again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ostinato.base.errors import ClaimLostError, NotFoundError, RuleError
from ostinato.base.ids import NodeId, SessionId
from ostinato.base.process import ProcessIdentity
from ostinato.graph.edges import EdgeType
from ostinato.graph.iterations import Claim
from ostinato.graph.requests import NewNode
from ostinato.graph.types import Node, NodeType, Priority, Status, TaskDetails
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from tests.unit.store.garden import Garden

PROCESS = ProcessIdentity("host", "boot", 1, "then")


def claim_next(store: Store, goal: Node, lease_seconds: float = 60) -> tuple[Claim, Node] | None:
    return store.tasks.claim_next(
        goal.id, "coder", session_id=SessionId("sess-1"), lease_seconds=lease_seconds, process=PROCESS
    )


def test_ready_tasks_come_in_the_order_next_when_several_are_ready(garden: Garden) -> None:
    goal = garden.goal()
    plain = garden.task("plain", goal)
    wanted = garden.task("wanted", goal)
    urgent = garden.task("urgent", goal, priority=Priority.CRITICAL)
    garden.task("waits", goal, depends_on=(wanted.id,))
    tasks = garden.store.tasks
    assert [task.id for task in tasks.ready()] == [urgent.id, wanted.id, plain.id]
    assert tasks.ready(limit=1) == [garden.now(urgent)]
    assert tasks.ready(limit=0) == []
    assert tasks.next() == garden.now(urgent)


def test_only_tasks_of_the_place_count_when_a_place_is_named(garden: Garden, store: Store) -> None:
    goal, other = garden.goal(), garden.goal("other")
    here, there = garden.task("here", goal), garden.task("there", other)
    elsewhere = store.projects.add("/elsewhere")
    far = store.graph.add_node(elsewhere.id, NewNode(NodeType.TASK, "far"))

    def ids(found: list[Node]) -> set[str]:
        return {task.id for task in found}

    assert ids(store.tasks.ready(goal_id=goal.id)) == {here.id}
    assert ids(store.tasks.ready(project_id=garden.project.id)) == {here.id, there.id}
    assert ids(store.tasks.ready()) == {here.id, there.id, far.id}
    assert store.tasks.ready(goal_id=goal.id, project_id=elsewhere.id) == []
    assert store.tasks.next(goal_id=garden.goal("empty").id) is None
    with pytest.raises(NotFoundError):
        store.tasks.ready(goal_id=NodeId("os-none"))


def test_claimed_task_is_told_as_it_is_kept(garden: Garden, store: Store) -> None:
    goal = garden.goal()
    task = garden.task("work", goal, priority=Priority.HIGH)
    claimed = claim_next(store, goal)
    assert claimed is not None
    claim, told = claimed
    assert told == store.graph.get(task.id)
    assert (told.status, told.assigned_to, claim.task_id) == (Status.CLAIMED, "coder", task.id)


def test_late_worker_is_refused_when_its_claim_is_gone(garden: Garden, store: Store) -> None:
    goal = garden.goal()
    garden.task("t", goal)
    found = claim_next(store, goal)
    assert found is not None
    late, _ = found
    store.tasks.release(late.task_id)
    again = claim_next(store, goal)
    assert again is not None
    assert (store.tasks.holds(late), store.tasks.holds(again[0])) == (False, True)
    before = garden.seq()
    with pytest.raises(ClaimLostError, match=f"{late.task_id} by coder .token {late.token}. does not hold"):
        store.tasks.renew(late, 60)
    with pytest.raises(ClaimLostError):
        store.tasks.create_child(late, NewNode(NodeType.TASK, "late"))
    assert garden.seq() == before


def test_lease_is_counted_from_now_when_it_is_renewed(garden: Garden, store: Store, clock: FakeClock) -> None:
    goal = garden.goal()
    garden.task("t", goal)
    found = claim_next(store, goal)
    assert found is not None
    clock.advance(50)
    renewed = store.tasks.renew(found[0], 60)
    assert renewed.lease_until is not None
    assert renewed.lease_until - clock.now() > timedelta(seconds=59)
    assert replace(renewed, lease_until=None) == replace(found[0], lease_until=None)
    clock.advance(3600)
    assert store.tasks.holds(renewed)


def test_child_is_made_in_the_claimed_task_when_the_claim_holds(garden: Garden, store: Store) -> None:
    goal = garden.goal()
    task = garden.task("t", goal)
    found = claim_next(store, goal)
    assert found is not None
    child = store.tasks.create_child(found[0], NewNode(NodeType.TASK, "child"))
    assert child.parent_id == task.id
    assert garden.now(task).status is Status.CLAIMED
    with pytest.raises(RuleError, match="makes children of that task"):
        store.tasks.create_child(found[0], NewNode(NodeType.TASK, "child", parent_id=goal.id))


@pytest.mark.parametrize("status", [Status.FAILED, Status.BLOCKED])
def test_attempts_start_again_and_the_hint_is_kept_when_a_task_is_retried(garden: Garden, status: Status) -> None:
    goal = garden.goal()
    task = garden.task("t", goal, status=status, details=TaskDetails(attempts=3))
    retried = garden.store.tasks.retry(task.id, "Mind the\ngap " + "x" * 200)
    assert (retried.status, retried.task.attempts) == (Status.READY, 0)
    (edge,) = [e for e in garden.store.graph.edges_of(task.id) if e.edge_type is EdgeType.INFORMS]
    hint = garden.store.graph.get(edge.from_id)
    assert (hint.node_type, hint.parent_id) == (NodeType.OBSERVATION, goal.id)
    assert hint.title.startswith("Mind the gap xxx")
    assert len(hint.title) <= 100
    assert hint.description.startswith("Mind the\ngap")


def test_cause_is_named_when_a_task_that_only_waits_is_retried(garden: Garden) -> None:
    first = garden.task("first", status=Status.FAILED)
    second = garden.task("second", depends_on=(first.id,))
    with pytest.raises(RuleError, match=f"{second.id} is blocked .{first.id} failed: retry that"):
        garden.store.tasks.retry(second.id)
    garden.store.tasks.retry(first.id)
    with pytest.raises(RuleError, match="is ready: only a failed or blocked task"):
        garden.store.tasks.retry(first.id)
    with pytest.raises(RuleError, match="only a completed task"):
        garden.store.tasks.reopen(first.id)
