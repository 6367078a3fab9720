"""Where a project stands, and the one thing to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ostinato.app.standing import GoalStanding, Running, Standing, next_step, read_standing, state_of
from ostinato.base.ids import NodeId
from ostinato.base.process import ProcessIdentity, current_process
from ostinato.base.spending import Spending
from ostinato.graph.requests import NewNode
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Node, NodeType, Status
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.prepared_database import open_memory
from tests.unit.night import COMMIT, SPENT, Night, night
from tests.unit.store.work import begin


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> Iterator[Store]:
    opened = open_memory(clock)
    yield opened
    opened.close()


@pytest.fixture
def worked(store: Store, tmp_path: Path) -> Night:
    return night(store, str(tmp_path / "repository"))


def _standing(store: Store) -> Standing:
    return read_standing(store, store.projects.list()[0])


def _only(store: Store) -> GoalStanding:
    (goal,) = _standing(store).goals
    return goal


def test_the_morning_after_tells_done_failed_waiting_and_spent(store: Store, worked: Night) -> None:
    one = _only(store)
    assert (one.done, one.tasks, one.done_since) == (1, 4, 1)
    # The task that only waits for the failed one is no failure of its own.
    assert [line.id for line in one.failed] == [worked.failed]
    assert [asked.node_id for asked in one.waiting] == [worked.review]
    assert [made.commit for made, _ in one.commits] == [COMMIT]
    assert one.last == worked.session
    assert one.cost_per_task == pytest.approx(0.08)
    assert one.spending == worked.session.spending


def test_only_what_happened_since_the_moment_counts(store: Store, worked: Night, clock: FakeClock) -> None:
    clock.advance(3600)
    (one,) = read_standing(store, store.projects.list()[0], clock.now()).goals
    assert (one.done, one.done_since, one.commits, one.recent) == (1, 0, (), False)
    # What failed and what waits is told however old it is.
    assert one.failed
    assert one.waiting


def test_a_session_at_work_names_its_task_and_step(store: Store, worked: Night) -> None:
    store.tasks.retry(worked.failed)
    work = begin(store, worked.goal)
    store.iterations.begin_step(work.iteration.id, 3, {})
    (running,) = _standing(store).running
    assert (running.state, running.attempt, running.step) == ("alive", 1, 3)
    assert running.task
    assert running.task.id == worked.failed
    assert running.heard_at
    step = next_step(_only(store))
    assert step
    assert step.command == f"ostinato ralph --attach {worked.goal.id}"


def test_what_is_spent_includes_the_conversations_that_run(store: Store, worked: Night) -> None:
    before = _only(store).spending
    store.tasks.retry(worked.failed)
    work = begin(store, worked.goal)
    store.iterations.end_step(work.iteration.id, 1, SPENT, "m")
    assert _only(store).spending == before + SPENT
    planning = store.sessions.start(worked.goal.project_id, worked.goal.id, SessionKind.PLAN)
    for owner in (planning.id, f"{planning.id}/critic-1"):
        store.iterations.end_step(owner, 1, SPENT, "m")
    assert _only(store).spending == before + SPENT + SPENT + SPENT
    # What was added up already, when a conversation ended, counts once.
    store.sessions.add_spending(planning.id, SPENT + SPENT)
    assert _only(store).spending == before + SPENT + SPENT + SPENT


def test_a_session_of_a_dead_process_is_told_as_such(store: Store, worked: Night) -> None:
    gone = replace(current_process(), pid=2**22 - 1, started="0")
    store.sessions.start(worked.goal.project_id, worked.goal.id, SessionKind.RALPH, process=gone)
    (running,) = _standing(store).running
    assert running.state == "dead"


def test_states_of_processes() -> None:
    assert state_of(None) == "by hand"
    assert state_of(ProcessIdentity("another-host", "b", 1, "s")) == "elsewhere"
    assert state_of(replace(current_process(), boot="another boot")) == "dead"


def test_tasks_below_tasks_count_and_so_do_those_of_a_goal_below_for_both_goals(store: Store, worked: Night) -> None:
    def add(node_type: NodeType, parent: Node) -> Node:
        return store.graph.add_node(parent.project_id, NewNode(node_type, "x", parent_id=parent.id))

    inner = add(NodeType.GOAL, worked.goal)
    task = add(NodeType.TASK, inner)
    add(NodeType.TASK, task)
    standing = {one.goal.id: one for one in _standing(store).goals}
    assert standing[inner.id].tasks == 2
    assert standing[worked.goal.id].tasks == 4 + 2


def test_the_number_of_statements_does_not_grow_with_tasks_and_goals(store: Store, worked: Night) -> None:
    def statements() -> int:
        ran: list[str] = []
        store.db._connection.exec_trace = lambda _cursor, sql, _bindings: bool(ran.append(sql)) or True
        _standing(store)
        store.db._connection.exec_trace = None
        return len(ran)

    before = statements()
    for number in range(30):
        goal = store.graph.add_node(worked.goal.project_id, NewNode(NodeType.GOAL, f"Goal {number}"))
        store.graph.add_node(goal.project_id, NewNode(NodeType.TASK, "A task", parent_id=goal.id))
    assert before > 5
    assert statements() <= before + 2


def _goal(node: Node, **facts: object) -> GoalStanding:
    base = GoalStanding(node, {Status.COMPLETED: 1}, Spending(), True)
    return replace(base, **facts)  # type: ignore[arg-type]


def test_the_next_step_is_what_unblocks_most(store: Store, worked: Night) -> None:
    waiting = tuple(store.approvals.open())
    active = store.graph.get(worked.goal.id)
    failed = _only(store).failed
    done = replace(active, status=Status.COMPLETED)
    landed = replace(done, metadata={"landed_commit": COMMIT})
    alive = Running(worked.session, current_process(), "alive")
    planning = replace(alive, session=replace(worked.session, kind=SessionKind.PLAN))
    dead, far = replace(alive, state="dead"), replace(alive, state="elsewhere")
    ready = {Status.READY: 1, Status.COMPLETED: 1}
    table = [
        (_goal(active, counts=ready), f"ostinato ralph {active.id}"),
        (_goal(active, counts=ready, running=(alive,)), f"ostinato ralph --attach {active.id}"),
        (_goal(active, counts=ready, running=(far,)), f"ostinato events --follow --goal {active.id}"),
        (_goal(active, counts=ready, running=(dead,)), f"ostinato ralph {active.id}"),
        (_goal(active, counts=ready, paused_at=active.created_at), f"ostinato resume {active.id}"),
        (_goal(active, running=(alive,), paused_at=active.created_at), f"ostinato resume {active.id}"),
        (_goal(done, paused_at=active.created_at), f"ostinato land {done.id}"),
        (_goal(active, counts=ready, waiting=waiting), f"ostinato show {worked.review}"),
        (
            _goal(active, waiting=(replace(waiting[0], kind="plan", node_id=active.id),)),
            f"ostinato plan --goal {active.id}",
        ),
        (_goal(active, waiting=(replace(waiting[0], kind="question"),)), f"ostinato show {waiting[0].id}"),
        (_goal(active, counts={Status.FAILED: 1}, failed=failed), f"ostinato show {worked.failed}"),
        (_goal(active, counts={}), f"ostinato plan --goal {active.id}"),
        (_goal(active, counts={}, running=(planning,)), f"ostinato events --follow --goal {active.id}"),
        (_goal(done), f"ostinato land {done.id}"),
    ]
    for standing, command in table:
        step = next_step(standing)
        assert step
        assert step.command == command
    assert next_step(_goal(landed)) is None
    assert next_step(_goal(replace(active, status=Status.CANCELLED))) is None


def _inside(store: Store) -> tuple[NodeId, NodeId]:
    """Add an open goal with one in it that holds the only task, and return both."""
    project = store.projects.list()[0].id
    outer = store.graph.add_node(project, NewNode(NodeType.GOAL, "Outer"))
    inner = store.graph.add_node(project, NewNode(NodeType.GOAL, "Inner", parent_id=outer.id))
    store.graph.add_node(project, NewNode(NodeType.TASK, "Work", parent_id=inner.id))
    return outer.id, inner.id


def test_a_goal_counts_the_tasks_of_the_goals_in_it_since_a_run_works_on_them(store: Store, worked: Night) -> None:
    outer, inner = _inside(store)
    told = {one.goal.id: one for one in _standing(store).goals}
    step = next_step(told[outer])
    assert step
    assert (told[outer].tasks, step.command) == (1, f"ostinato ralph {outer}")
    assert [one.goal.id for one in told.values() if one.told_with_another] == [inner]
    # Who works on the inner one alone is told of it alone.
    begin(store, store.graph.get(inner))
    assert not {one.goal.id: one for one in _standing(store).goals}[inner].told_with_another


def test_a_goal_in_one_that_is_over_is_told_by_itself(store: Store, worked: Night) -> None:
    outer, inner = _inside(store)
    store.graph.set_status(outer, Status.COMPLETED)
    assert not {one.goal.id: one for one in _standing(store).goals}[inner].told_with_another
