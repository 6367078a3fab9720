"""Notes and pauses as the store keeps them."""

from __future__ import annotations

import pytest

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import NodeId
from ostinato.base.process import ProcessIdentity, current_process
from ostinato.graph.events import EventKind
from ostinato.graph.sessions import SessionKind
from ostinato.graph.steering import LONGEST_NOTE
from ostinato.graph.types import Node, Status
from ostinato.store.store import Store
from tests.unit.store.garden import Garden
from tests.unit.store.work import add_task, claim_next


def test_notes_are_news_until_they_are_known_and_come_newest_first(store: Store, goal: Node, garden: Garden) -> None:
    first, second = store.steering.say(goal.id, "one"), store.steering.say(goal.id, "two\nlines")
    store.steering.say(garden.goal("another").id, "not about this")
    assert [note.text for note in store.steering.news(goal.id, 0).notes] == ["one", "two\nlines"]
    assert store.steering.news(goal.id, first.seq).notes == (second,)
    assert store.steering.news(goal.id, second.seq).notes == ()
    assert store.steering.notes(goal.id) == [second, first]
    assert store.steering.notes(goal.id, limit=1) == [second]
    told = garden.events(kind=EventKind.NOTE_ADDED)
    assert [(event.node_id, event.payload["text"], event.payload["by"]) for event in told[:2]] == [
        (goal.id, "one", "person"),
        (goal.id, "two\nlines", "person"),
    ]


@pytest.mark.parametrize("text", ["", " \n\t", "nul \0", "x" * (LONGEST_NOTE + 1), "é" * (LONGEST_NOTE // 2 + 1)])
def test_a_note_that_says_nothing_or_cannot_be_kept_is_refused(store: Store, goal: Node, text: str) -> None:
    before = store.events.last_seq()
    with pytest.raises(RuleError):
        store.steering.say(goal.id, text)
    assert (store.steering.notes(goal.id), store.events.last_seq()) == ([], before)


def test_the_longest_note_is_kept(store: Store, goal: Node) -> None:
    assert store.steering.say(goal.id, "x" * LONGEST_NOTE).text == "x" * LONGEST_NOTE


def test_nobody_is_told_about_a_cancelled_goal_or_a_task(store: Store, goal: Node) -> None:
    with pytest.raises(RuleError, match="is a task, not a goal"):
        store.steering.say(add_task(store, goal).id, "hello")
    with pytest.raises(NotFoundError):
        store.steering.say(NodeId("os-00000000"), "hello")
    store.graph.set_status(goal.id, Status.CANCELLED)
    with pytest.raises(RuleError, match="cancelled"):
        store.steering.say(goal.id, "hello")


def test_pausing_and_resuming_twice_changes_nothing_the_second_time(store: Store, goal: Node, garden: Garden) -> None:
    steering, seq = store.steering, garden.seq()
    assert (steering.pause(goal.id), steering.pause(goal.id)) == (True, False)
    assert steering.paused(goal.id)
    assert steering.news(goal.id, 0).paused
    assert steering.paused_goals(goal.project_id) == [goal.id]
    assert (steering.resume(goal.id), steering.resume(goal.id)) == (True, False)
    assert steering.paused_goals(goal.project_id) == []
    told = garden.events(seq, EventKind.NODE_UPDATED)
    assert [event.payload["paused"] for event in told] == [True, False]


def test_a_finished_goal_is_not_paused_but_an_old_pause_can_be_lifted(store: Store, goal: Node) -> None:
    store.steering.pause(goal.id)
    store.graph.set_status(goal.id, Status.CANCELLED)
    assert store.steering.resume(goal.id)
    with pytest.raises(RuleError, match="cancelled"):
        store.steering.pause(goal.id)


def test_the_loop_claims_nothing_of_a_paused_goal(store: Store, goal: Node) -> None:
    add_task(store, goal)
    session = store.sessions.start(goal.project_id, goal.id, SessionKind.RALPH, process=current_process())
    store.steering.pause(goal.id)
    claimed = store.tasks.claim_next(
        goal.id, "coder", session_id=session.id, lease_seconds=60, process=current_process()
    )
    assert claimed is None
    store.steering.resume(goal.id)
    assert claim_next(store, goal, session).agent == "coder"


def test_live_sessions_are_those_whose_process_may_still_work(store: Store, goal: Node, garden: Garden) -> None:
    mine = current_process()
    rebooted = ProcessIdentity(mine.host, "another-boot", mine.pid, mine.started)
    store.sessions.start(goal.project_id, goal.id, SessionKind.PLAN, process=rebooted)
    store.sessions.start(goal.project_id, goal.id, SessionKind.PLAN)
    other = garden.goal("another")
    store.sessions.start(goal.project_id, other.id, SessionKind.RALPH, process=mine)
    assert store.sessions.live(goal.id) == []
    alive = store.sessions.start(goal.project_id, goal.id, SessionKind.RALPH, process=mine)
    assert store.sessions.live(goal.id) == [(store.sessions.get(alive.id), mine)]
