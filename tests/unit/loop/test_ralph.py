"""The loop itself on the double of the store: what it does with good work, bad work, no work and bad luck."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.loop.small_world import ROOT, World

from ostinato.base.process import current_process
from ostinato.graph.iterations import Ending
from ostinato.graph.sessions import SessionKind, StopReason
from ostinato.graph.types import NodeType, Status
from ostinato.loop.limits import SessionLimits
from ostinato.loop.ralph import ralph
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.memory_store import MemoryStore


@pytest.fixture
def world() -> World:
    clock = FakeClock()
    return World(MemoryStore(clock), clock)


async def test_each_task_is_one_commit_in_the_order_of_their_dependencies(world: World) -> None:
    first = world.task("one")
    second = world.task("two", first)
    end = await ralph(world.bench("write one", "signal complete", "write two", "signal complete"), world.goal)
    assert (end.stop.reason, end.iterations) == (StopReason.GOAL_COMPLETED, 2)
    assert list(world.commits.values()) == ["", "one", "one two"]
    assert world.branch_at == "c2"
    done = [world.store.iterations.of_task(task.id)[0].commit for task in (first, second)]
    assert done == ["c1", "c2"]
    assert world.store.graph.get(world.goal.id).status is Status.COMPLETED
    assert f"- {second.id}: Write two (completed)" in (end.session.handoff_notes or "")


async def test_saying_that_it_is_done_does_not_make_it_so(world: World) -> None:
    task = world.task("one")
    bench = world.bench("write wrong", "signal complete", "write one", "signal complete")
    end = await ralph(bench, world.goal)
    assert (end.stop.reason, end.iterations) == (StopReason.GOAL_COMPLETED, 2)
    verdicts = [(i.verdict, i.commit) for i in world.store.iterations.of_task(task.id)]
    assert verdicts == [("failed", None), ("passed", "c1")]
    assert world.commits["c1"] == "one", "what failed is not in what was committed"
    assert "no one" in bench.model.asked[2].messages[0].text, "the second attempt is told why the first failed"


async def test_a_task_fails_when_its_attempts_are_used_up_and_holds_up_what_waits(world: World) -> None:
    task = world.task("one")
    waits = world.task("two", task)
    end = await ralph(world.bench("write a", "signal complete", "write b", "signal complete", attempts=2), world.goal)
    assert end.stop.reason is StopReason.NOTHING_READY
    assert world.store.graph.get(task.id).status is Status.FAILED
    assert world.store.graph.get(waits.id).blocked_reason == f"{task.id} failed"
    seen = [n.title for n in world.store.graph.descendants(world.goal.id) if n.node_type is NodeType.OBSERVATION]
    assert seen == [f"{task.id} failed: Write one"]
    assert world.branch_at == ROOT


async def test_a_branch_that_moved_meanwhile_costs_no_attempt_and_no_work_is_recorded_twice(world: World) -> None:
    task = world.task("one")
    world.moved_meanwhile = True
    end = await ralph(world.bench(*("write one", "signal complete") * 2), world.goal)
    assert end.stop.reason is StopReason.GOAL_COMPLETED
    lost, done = world.store.iterations.of_task(task.id)
    assert (lost.ending, lost.commit, lost.attempt, done.attempt) == (Ending.CLAIM_LOST, None, 1, 1)
    assert done.commit == world.branch_at


async def test_what_a_dead_process_left_is_taken_up_first(world: World) -> None:
    task = world.task("one")
    gone = replace(current_process(), started="another life")
    session = world.store.sessions.start(world.project.id, world.goal.id, SessionKind.RALPH, process=gone)
    found = world.store.tasks.claim_next(world.goal.id, "coder", session_id=session.id, lease_seconds=60, process=gone)
    assert found is not None
    world.store.iterations.start(session.id, found[0], ROOT)
    end = await ralph(world.bench("write one", "signal complete"), world.goal)
    assert end.stop.reason is StopReason.GOAL_COMPLETED
    crashed, done = world.store.iterations.of_task(task.id)
    assert (crashed.ending, done.attempt) == (Ending.CRASHED, 1)
    assert world.store.sessions.get(session.id).stop_reason == "crashed"


async def test_a_limit_is_kept_and_the_rest_stays_for_the_next_run(world: World) -> None:
    first, second = world.task("one"), world.task("two")
    bench = world.bench("write one", "signal complete", limits=SessionLimits(iterations=1))
    end = await ralph(bench, world.goal)
    assert (end.stop.reason, end.iterations) == (StopReason.LIMIT_REACHED, 1)
    assert [world.store.graph.get(task.id).status for task in (first, second)] == [Status.COMPLETED, Status.READY]
    assert end.session.spending.calls == 2


async def test_what_the_agent_needs_of_a_person_blocks_its_task_alone(world: World) -> None:
    blocked, other = world.task("one"), world.task("two")
    bench = world.bench("signal blocked on the key of the service", "write two", "signal complete")
    end = await ralph(bench, world.goal)
    assert end.stop.reason is StopReason.NOTHING_READY
    found = world.store.graph.get(blocked.id)
    assert (found.status, "the key of the service" in (found.blocked_reason or "")) == (Status.BLOCKED, True)
    assert world.store.graph.get(other.id).status is Status.COMPLETED
