"""Reads that an iteration makes each time: they return just what it needs, whatever else the goal holds."""

from __future__ import annotations

from ostinato.graph.projects import Project
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Node, Status
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from tests.unit.store.work import add_task


def test_completed_tasks_come_latest_first_when_they_are_asked_for(store: Store, goal: Node, clock: FakeClock) -> None:
    checked, bare, inner = add_task(store, goal, "1", "true"), add_task(store, goal, "2"), add_task(store, goal, "3")
    below, waiting = add_task(store, inner, "4", "true"), add_task(store, goal, "5", "true")
    for task in (bare, below, checked):
        clock.advance(60)
        store.graph.set_status(task.id, Status.COMPLETED)
    assert store.graph.get(waiting.id).status is Status.READY
    # The last child completes its parent just after itself.
    assert [task.id for task in store.graph.completed(goal.id)] == [checked.id, inner.id, below.id, bare.id]
    assert [task.id for task in store.graph.completed(goal.id, with_checks=True)] == [checked.id, below.id]
    assert [task.id for task in store.graph.completed(goal.id, limit=2)] == [checked.id, inner.id]


def test_only_direct_children_come_when_they_are_asked_for(store: Store, goal: Node) -> None:
    first, second = add_task(store, goal), add_task(store, goal)
    add_task(store, first)
    assert [child.id for child in store.graph.children(goal.id)] == [first.id, second.id]


def test_notes_of_the_last_ended_session_are_told_when_another_is_open(
    store: Store, project: Project, goal: Node, clock: FakeClock
) -> None:
    assert store.sessions.last_notes(goal.id) == ""
    for title in ("First", "Second"):
        session = store.sessions.start(project.id, goal.id, SessionKind.RALPH)
        add_task(store, goal, title)
        clock.advance(60)
        store.sessions.end(session.id, stop_reason="nothing_ready")
    store.sessions.start(project.id, goal.id, SessionKind.RALPH)
    notes = store.sessions.last_notes(goal.id)
    assert "Second" in notes and notes == store.sessions.list(goal.id)[1].handoff_notes
