"""Sessions: their ends happen once, with notes; their facts are never guessed; two live loops never share a goal."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import NodeId, SessionId
from ostinato.base.process import ProcessIdentity, current_process
from ostinato.base.spending import Spending
from ostinato.graph.events import EventKind
from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Node, NodeType, Status
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from tests.unit.store.work import add_task, claim_next

RALPH = SessionKind.RALPH
OTHER_HOST = ProcessIdentity("another-host", "boot", 7, "1")


def test_a_session_starts_open_with_its_event(store: Store, project: Project, goal: Node) -> None:
    session = store.sessions.start(project.id, goal.id, SessionKind.PLAN, agent_ids=("b", "a", "b"))
    assert session.id.startswith("sess-")
    assert (session.ended_at, session.handoff_notes, session.agent_ids) == (None, None, ("b", "a"))
    assert store.sessions.get(session.id) == session
    assert [e.kind for e in store.events.after(0) if e.session_id == session.id] == [EventKind.SESSION_STARTED]


@pytest.mark.parametrize(("kind", "status"), [(RALPH, Status.ACTIVE), (SessionKind.PLAN, Status.PENDING)])
def test_only_a_ralph_session_makes_a_pending_goal_active(
    store: Store, project: Project, goal: Node, kind: SessionKind, status: Status
) -> None:
    store.sessions.start(project.id, goal.id, kind)
    assert store.graph.get(goal.id).status is status


def test_a_session_is_refused_when_its_goal_is_none(store: Store, project: Project, goal: Node) -> None:
    task = add_task(store, goal)
    other = store.projects.add("/other")
    with pytest.raises(NotFoundError):
        store.sessions.start(project.id, NodeId("os-none"), RALPH)
    with pytest.raises(RuleError, match="is a task"):
        store.sessions.start(project.id, task.id, RALPH)
    with pytest.raises(RuleError, match="another project"):
        store.sessions.start(other.id, goal.id, RALPH)
    assert store.sessions.list() == []
    # A failed start leaves no transaction open: the next write works.
    assert store.sessions.start(project.id, goal.id, RALPH).goal_id == goal.id


def test_ending_writes_notes_and_end_together(store: Store, project: Project, goal: Node) -> None:
    session = store.sessions.start(project.id, goal.id, RALPH)
    add_task(store, goal, "Next")
    ended = store.sessions.end(session.id, stop_reason="nothing_ready", summary="one task")
    assert ended.handoff_notes == store.graph.notes(goal.id)
    assert "Next [ready]" in (ended.handoff_notes or "")
    assert ended.ended_at is not None
    assert (ended.stop_reason, ended.summary) == ("nothing_ready", "one task")
    last = store.events.after(0)[-1]
    assert (last.kind, last.session_id) == (EventKind.SESSION_ENDED, session.id)
    assert last.payload["stop_reason"] == "nothing_ready"


def test_ending_twice_is_refused_and_overwrites_nothing(store: Store, project: Project, goal: Node) -> None:
    session = store.sessions.start(project.id, goal.id, RALPH)
    ended = store.sessions.end(session.id, summary="first")
    add_task(store, goal)
    before = store.events.last_seq()
    with pytest.raises(RuleError, match="ended already"):
        store.sessions.end(session.id, summary="second", stop_reason="stuck")
    assert store.sessions.get(session.id) == ended
    assert store.events.last_seq() == before


def test_an_unknown_session_is_an_error(store: Store) -> None:
    unknown = SessionId("sess-none")
    assert store.sessions.find(unknown) is None
    for call in (store.sessions.get, store.sessions.end, lambda s: store.sessions.add_agent(s, "a")):
        with pytest.raises(NotFoundError, match="sess-none"):
            call(unknown)


def test_the_session_that_started_last_comes_first(store: Store, project: Project, goal: Node) -> None:
    assert store.sessions.list(goal.id) == []
    first = store.sessions.start(project.id, goal.id, RALPH)
    second = store.sessions.start(project.id, goal.id, RALPH)
    assert store.sessions.list(goal.id) == [second, first]
    assert store.sessions.list(project_id=store.projects.add("/other").id) == []


def test_agents_are_kept_once_in_their_order(store: Store, project: Project, goal: Node) -> None:
    session = store.sessions.start(project.id, goal.id, RALPH)
    for agent in ("zoe", "adam", "zoe"):
        store.sessions.add_agent(session.id, agent)
    assert store.sessions.get(session.id).agent_ids == ("zoe", "adam")


def test_spending_adds_up_and_an_unknown_cost_stays_unknown(store: Store, project: Project, goal: Node) -> None:
    session = store.sessions.start(project.id, goal.id, RALPH)
    store.sessions.add_spending(session.id, Spending(10, 2, 1, 5, 3, 1, 0.5))
    store.sessions.add_spending(session.id, Spending(1, 0, 0, 1, 0, 1, 0.25))
    assert store.sessions.get(session.id).spending == Spending(11, 2, 1, 6, 3, 2, 0.75)
    store.sessions.add_spending(session.id, Spending(calls=1, cost_usd=None))
    assert store.sessions.get(session.id).spending.cost_usd is None


def test_a_second_ralph_session_is_refused_when_another_live_process_has_one(
    store: Store, project: Project, goal: Node
) -> None:
    mine = current_process()
    session = store.sessions.start(project.id, goal.id, RALPH, process=mine)
    other = replace(mine, pid=mine.pid + 1, started="later")
    with pytest.raises(RuleError, match=f"process {mine.pid} .*{session.id}"):
        store.sessions.start(project.id, goal.id, RALPH, process=other)
    # Planning, another goal and the same process are no rivals; nor is a session that has ended.
    second = store.graph.add_node(project.id, NewNode(NodeType.GOAL, "Second"))
    store.sessions.start(project.id, goal.id, SessionKind.PLAN, process=other)
    store.sessions.start(project.id, second.id, RALPH, process=other)
    store.sessions.end(store.sessions.start(project.id, goal.id, RALPH, process=mine).id)
    store.sessions.end(session.id)
    assert store.sessions.start(project.id, goal.id, RALPH, process=other).ended_at is None


def test_a_dead_process_hinders_nobody(store: Store, project: Project, goal: Node) -> None:
    mine = current_process()
    store.sessions.start(project.id, goal.id, RALPH, process=replace(mine, started="another life"))
    assert store.sessions.start(project.id, goal.id, RALPH, process=mine).ended_at is None


def test_another_host_counts_as_live_only_while_it_holds_a_lease(
    store: Store, project: Project, goal: Node, clock: FakeClock
) -> None:
    add_task(store, goal)
    there = store.sessions.start(project.id, goal.id, RALPH, process=OTHER_HOST)
    claim_next(store, goal, there, OTHER_HOST)
    with pytest.raises(RuleError, match="process 7 on another-host"):
        store.sessions.start(project.id, goal.id, RALPH, process=current_process())
    clock.advance(61)
    assert store.sessions.start(project.id, goal.id, RALPH, process=current_process()).ended_at is None


def test_open_sessions_come_with_their_process(store: Store, project: Project, goal: Node) -> None:
    by_hand = store.sessions.start(project.id, goal.id, RALPH)
    there = store.sessions.start(project.id, goal.id, RALPH, process=OTHER_HOST)
    store.sessions.end(store.sessions.start(project.id, goal.id, RALPH).id)
    assert store.sessions.open(project.id) == [(by_hand, None), (there, OTHER_HOST)]


def test_a_start_joins_an_outer_transaction_and_goes_with_it(store: Store, project: Project, goal: Node) -> None:
    with pytest.raises(KeyError), store.db.transaction():
        store.sessions.start(project.id, goal.id, RALPH)
        raise KeyError
    assert store.sessions.list() == []
    assert list(itertools.islice(store.events.after(0), 5))[-1].kind is EventKind.NODE_CREATED
