"""Questions to a person: put once, answered once, found by their own id or by their node's."""

from __future__ import annotations

import pytest

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import ApprovalId, NodeId
from ostinato.graph.actors import Actor
from ostinato.graph.approvals import HELP
from ostinato.graph.events import EventKind
from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode
from ostinato.graph.types import Node, NodeType, Status
from ostinato.store.store import Store
from tests.unit.store.work import add_task

LOOP = Actor("loop")


def test_a_question_waits_until_it_is_answered(store: Store, project: Project, goal: Node) -> None:
    task = add_task(store, goal)
    asked = store.approvals.ask(project.id, task.id, "review", "Good?", {"commit": "abc"}, LOOP)
    assert asked.id.startswith("appr-")
    assert (asked.answer, asked.payload) == (None, {"commit": "abc"})
    assert store.approvals.open() == [asked]
    answered = store.approvals.answer(asked.id, "rejected", "too slow")
    assert (answered.answer, answered.reason) == ("rejected", "too slow")
    assert answered.answered_at is not None
    assert store.approvals.open() == []
    assert store.approvals.get(asked.id) == answered
    kinds = [event.kind for event in store.events.after(0) if event.node_id == task.id]
    assert kinds[-2:] == [EventKind.APPROVAL_ASKED, EventKind.APPROVAL_ANSWERED]


def test_a_question_is_answered_by_the_id_of_its_node(store: Store, project: Project, goal: Node) -> None:
    asked = store.approvals.ask(project.id, goal.id, "plan", "This plan?", {}, LOOP)
    assert store.approvals.answer(goal.id, "approved").id == asked.id


def test_a_second_answer_is_refused_and_changes_nothing(store: Store, project: Project, goal: Node) -> None:
    asked = store.approvals.ask(project.id, goal.id, "plan", "This plan?", {}, LOOP)
    answered = store.approvals.answer(asked.id, "approved", "fine")
    for identifier in (asked.id, goal.id):
        with pytest.raises(RuleError, match="answered already: approved"):
            store.approvals.answer(identifier, "rejected")
    assert store.approvals.get(asked.id) == answered


def test_a_node_with_several_open_questions_wants_the_exact_one(store: Store, project: Project, goal: Node) -> None:
    first = store.approvals.ask(project.id, goal.id, "plan", "One?", {}, LOOP)
    second = store.approvals.ask(project.id, goal.id, "plan", "Two?", {}, LOOP)
    with pytest.raises(RuleError, match=f"(?s){second.id}.*{first.id}"):
        store.approvals.answer(goal.id, "approved")
    store.approvals.answer(first.id, "approved")
    assert store.approvals.answer(goal.id, "approved").id == second.id
    assert [a.id for a in store.approvals.for_node(goal.id)] == [second.id, first.id]


def test_the_same_question_is_not_put_twice_while_it_is_open(store: Store, project: Project, goal: Node) -> None:
    first = store.approvals.ask(project.id, goal.id, "plan", "One?", {"a": 1}, LOOP)
    assert store.approvals.ask(project.id, goal.id, "plan", "One?", {"a": 1}, LOOP) == first
    assert store.approvals.ask(project.id, goal.id, "plan", "One?", {"a": 2}, LOOP) != first
    store.approvals.answer(first.id, "rejected")
    assert store.approvals.ask(project.id, goal.id, "plan", "One?", {"a": 1}, LOOP) != first


def test_open_questions_of_a_goal_include_those_below_it(store: Store, project: Project, goal: Node) -> None:
    other = store.graph.add_node(project.id, NewNode(NodeType.GOAL, "Other"))
    child = add_task(store, add_task(store, goal))
    mine = [store.approvals.ask(project.id, node.id, "review", "?", {}, LOOP) for node in (child, goal)]
    theirs = store.approvals.ask(project.id, other.id, "plan", "?", {}, LOOP)
    assert store.approvals.open(goal_id=goal.id) == mine
    assert store.approvals.open(project_id=project.id) == [*mine, theirs]
    assert store.approvals.open(project_id=store.projects.add("/other").id) == []


def test_help_is_asked_for_no_longer_than_its_task_is_blocked(store: Store, project: Project, goal: Node) -> None:
    task = add_task(store, goal)
    store.graph.set_status(task.id, Status.BLOCKED, reason="parked")
    asked = store.approvals.ask(project.id, task.id, HELP, "What now?", {}, LOOP)
    assert store.approvals.open(goal_id=goal.id) == store.approvals.open() == [asked]
    store.graph.set_status(task.id, Status.PENDING)
    assert store.approvals.open(goal_id=goal.id) == store.approvals.open() == []


def test_freeing_a_task_answers_what_was_asked_about_it(store: Store, project: Project, goal: Node) -> None:
    task = add_task(store, goal)
    store.graph.set_status(task.id, Status.BLOCKED, reason="parked")
    asked = store.approvals.ask(project.id, task.id, HELP, "What now?", {}, LOOP)
    other = store.approvals.ask(project.id, task.id, "review", "And this?", {}, LOOP)
    store.tasks.retry(task.id, "use the other door")
    settled = store.approvals.get(asked.id)
    assert (settled.answer, settled.reason) == ("answered", "use the other door")
    assert store.approvals.open() == [other]


def test_unknown_things_are_errors(store: Store, project: Project, goal: Node) -> None:
    with pytest.raises(NotFoundError):
        store.approvals.get(ApprovalId("appr-none"))
    with pytest.raises(NotFoundError):
        store.approvals.answer("appr-none", "approved")
    with pytest.raises(NotFoundError, match="no question about"):
        store.approvals.answer(goal.id, "approved")
    with pytest.raises(NotFoundError):
        store.approvals.ask(project.id, NodeId("os-none"), "plan", "?", {}, LOOP)
    with pytest.raises(RuleError, match="another project"):
        store.approvals.ask(store.projects.add("/other").id, goal.id, "plan", "?", {}, LOOP)
    with pytest.raises(RuleError, match="approved, rejected or answered"):
        store.approvals.answer(goal.id, "maybe")
