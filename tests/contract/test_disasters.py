"""What went wrong in the work graphs of others, asked of both stores; docs/testing.md has the list."""

from __future__ import annotations

import pytest

from ostinato.base.errors import RuleError
from ostinato.graph.edges import EdgeType
from ostinato.graph.types import NodeType, Status
from ostinato.store.store import Store
from tests.unit.store.garden import Garden


@pytest.mark.parametrize("became", [Status.COMPLETED, Status.CANCELLED])
def test_dependent_is_free_when_both_its_obstacles_go_at_once(garden: Garden, store: Store, became: Status) -> None:
    one, other = garden.task("one", status=Status.FAILED), garden.task("other", status=Status.BLOCKED)
    waits = garden.task("waits", depends_on=(one.id, other.id))
    last = garden.task("last", depends_on=(waits.id,))
    assert garden.status(waits, last) == ["blocked", "blocked"]
    with store.db.transaction():
        for task in (one, other):
            store.graph.set_status(task.id, became)
    assert garden.status(waits, last) == ["ready", "pending"]
    assert garden.now(last).blocked_reason is None


def test_the_other_obstacle_is_named_when_the_nearer_one_goes(garden: Garden, store: Store) -> None:
    far = garden.task("far", status=Status.FAILED)
    between = garden.task("between", depends_on=(far.id,))
    near = garden.task("near", status=Status.FAILED)
    waits = garden.task("waits", depends_on=(between.id, near.id))
    assert garden.now(waits).blocked_reason == f"{near.id} failed"
    store.tasks.retry(near.id)
    assert garden.now(waits).blocked_reason == f"{far.id} failed"
    store.tasks.retry(far.id)
    assert garden.status(far, between, near, waits) == ["ready", "pending", "ready", "pending"]


def test_who_waits_for_whom_is_not_turned_round(garden: Garden, store: Store) -> None:
    first, second = garden.task("first"), garden.task("second")
    store.graph.link(second.id, EdgeType.DEPENDS_ON, first.id)
    assert garden.status(first, second) == ["ready", "pending"]
    assert [task.id for task in store.graph.prerequisites(second.id)] == [first.id]
    assert store.tasks.next() == garden.now(first)


def test_work_in_progress_is_never_offered(garden: Garden, store: Store) -> None:
    held, done, judged = (garden.task(title) for title in ("held", "done", "judged"))
    for task in (held, judged):
        store.graph.set_status(task.id, Status.CLAIMED, agent="me")
    store.graph.set_status(judged.id, Status.IN_PROGRESS)
    store.graph.set_status(judged.id, Status.REVIEW)
    garden.complete(done)
    assert store.tasks.ready() == []
    assert store.tasks.claim("me") is None


def test_the_same_name_does_not_make_it_the_same_worker(garden: Garden, store: Store) -> None:
    task = garden.task()
    assert store.tasks.claim("me", task_id=task.id) is not None
    with pytest.raises(RuleError, match=f"{task.id} is claimed by me"):
        store.tasks.claim("me", task_id=task.id)


def test_a_diamond_of_goals_and_tasks_is_walked_once(garden: Garden, store: Store) -> None:
    goal = garden.goal()
    top = garden.task("top", goal)
    sides = [garden.task(side, goal, depends_on=(top.id,)) for side in ("left", "right")]
    bottom = garden.task("bottom", goal, depends_on=tuple(side.id for side in sides))
    listed = garden.goal("also lists it")
    store.graph.link(listed.id, EdgeType.CONTAINS, bottom.id)
    assert [node.id for node in store.graph.descendants(goal.id)].count(bottom.id) == 1
    assert store.graph.notes(goal.id).count(bottom.id) == 1
    assert store.graph.notes(listed.id).count(bottom.id) == 1
    store.graph.set_status(top.id, Status.BLOCKED)
    assert garden.status(*sides, bottom) == ["blocked"] * 3


def test_what_fails_is_told_to_the_next_session(garden: Garden, store: Store) -> None:
    goal = garden.goal()
    failed = garden.task("fail\ning", goal, status=None)
    store.graph.set_status(failed.id, Status.CLAIMED, agent="me")
    store.graph.set_status(failed.id, Status.FAILED, reason="no\nkey")
    held = garden.task("held", goal)
    store.graph.set_status(held.id, Status.CLAIMED, agent="me")
    decision = garden.add(NodeType.DECISION, "open", goal, status=Status.ACTIVE)
    assert store.graph.notes(goal.id) == (
        "## Done\n(none)\n\n"
        f"## Remaining\n- {held.id}: held [claimed]\n- {decision.id}: open [active]\n\n"
        f"## Blocked\n- {failed.id}: fail ing — failed: no key\n\n"
        "## Decisions Made\n(none)\n\n"
    )
