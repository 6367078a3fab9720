"""A person's answer about a task in review reaches the graph in one transaction."""

from __future__ import annotations

import pytest

from ostinato.base.errors import ClaimLostError, RuleError
from ostinato.graph.details import OutcomeDetails
from ostinato.graph.events import EventKind
from ostinato.graph.types import Node, NodeType, Status
from ostinato.loop.decide import Action
from ostinato.store.store import Store
from tests.unit.store.work import PASSED, Work, add_task, begin, ended


def reviewed(store: Store, goal: Node, title: str = "Build") -> tuple[Node, Work]:
    task = add_task(store, goal, title)
    work = begin(store, goal)
    store.iterations.finish(work.claim, ended(Action.REVIEW, verdict=PASSED))
    return task, work


def test_an_approval_completes_the_task_and_its_goal(store: Store, goal: Node) -> None:
    task, work = reviewed(store, goal)
    moved: list[Status] = []
    node = store.reviews.approve(
        task.id, work.iteration.id, "c1", before_commit=lambda: moved.append(store.graph.get(task.id).status)
    )
    assert (node.status, moved) == (Status.COMPLETED, [Status.COMPLETED])
    assert store.graph.get(goal.id).status is Status.COMPLETED
    record = store.iterations.get(work.iteration.id)
    assert (record.decision, record.commit, record.verdict) == ("done", "c1", "passed")
    outcome = [n for n in store.graph.descendants(goal.id) if n.node_type is NodeType.OUTCOME][-1]
    assert outcome.details == OutcomeDetails(True, work.iteration.id, "c1")
    assert EventKind.COMMIT in [event.kind for event in store.events.after(0)]


def test_nothing_has_happened_when_the_branch_cannot_move(store: Store, goal: Node) -> None:
    task, work = reviewed(store, goal)
    before = store.events.last_seq()

    def move() -> None:
        raise ClaimLostError("moved on")

    with pytest.raises(ClaimLostError):
        store.reviews.approve(task.id, work.iteration.id, "c1", before_commit=move)
    assert store.graph.get(task.id).status is Status.REVIEW
    assert store.events.last_seq() == before


def test_a_rejection_gives_the_task_back_with_the_reason(store: Store, goal: Node) -> None:
    task, work = reviewed(store, goal)
    node = store.reviews.reject(task.id, work.iteration.id, "wrong colour", 3)
    assert (node.status, node.task.attempts) == (Status.READY, 1)
    record = store.iterations.get(work.iteration.id)
    assert (record.decision, record.verdict, record.reasons) == ("retry", "failed", ("wrong colour",))


def test_a_rejection_fails_the_task_when_its_attempts_are_used_up(store: Store, goal: Node) -> None:
    task, work = reviewed(store, goal)
    node = store.reviews.reject(task.id, work.iteration.id, "wrong\ncolour", 1)
    assert (node.status, node.blocked_reason) == (Status.FAILED, "1 of 1 attempts failed: wrong colour")
    kinds = [n.node_type for n in store.graph.descendants(goal.id)]
    assert kinds.count(NodeType.OBSERVATION) == 1


def test_an_answer_is_refused_when_the_task_is_not_in_review(store: Store, goal: Node) -> None:
    task, work = reviewed(store, goal)
    store.reviews.approve(task.id, work.iteration.id, None)
    with pytest.raises(RuleError, match="not in review"):
        store.reviews.reject(task.id, work.iteration.id, "late", 3)


def test_an_answer_is_refused_when_the_iteration_is_another_tasks(store: Store, goal: Node) -> None:
    _, first = reviewed(store, goal)
    task, _ = reviewed(store, goal)
    with pytest.raises(RuleError, match=f"not of {task.id}"):
        store.reviews.approve(task.id, first.iteration.id, None)


def test_what_a_last_rejection_leaves_behind_has_one_short_line_for_its_title(store: Store, goal: Node) -> None:
    task, work = reviewed(store, goal, "Build\n" + "it " * 100)
    store.reviews.reject(task.id, work.iteration.id, "wrong", 1)
    (seen,) = [n for n in store.graph.descendants(goal.id) if n.node_type is NodeType.OBSERVATION]
    assert seen.title.startswith(f"{task.id} failed: Build it it")
    assert len(seen.title) <= 160
