"""What a used-up budget does to the loop: a task's parks the task, a goal's ends the session; both can go on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.loop.small_world import World

from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage
from ostinato.graph.actors import Actor
from ostinato.graph.budgets import Budget
from ostinato.graph.events import EventKind
from ostinato.graph.iterations import Ending
from ostinato.graph.sessions import StopReason
from ostinato.graph.types import Status
from ostinato.loop.ralph import ralph
from ostinato.loop.transcript import StoredTranscript
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.memory_store import MemoryStore


@pytest.fixture
def world() -> World:
    clock = FakeClock()
    return World(MemoryStore(clock), clock)


async def test_a_task_whose_budget_is_used_up_is_parked_and_the_others_go_on(world: World) -> None:
    dear, cheap = world.task("one"), world.task("two")
    world.store.budgets.set(dear.id, Budget(tokens=480))
    bench = world.bench("write a", "write two", "signal complete")
    end = await ralph(bench, world.goal)
    assert end.stop.reason is StopReason.NOTHING_READY
    parked = world.store.graph.get(dear.id)
    assert parked.status is Status.BLOCKED
    assert (parked.blocked_reason or "").startswith("parked: tokens: 110 of the 480 of")
    assert f"`ostinato budget {dear.id} --tokens 960` raises it" in (parked.blocked_reason or "")
    assert parked.task.attempts == 0
    assert world.store.graph.get(cheap.id).status is Status.COMPLETED
    assert [i.ending for i in world.store.iterations.of_task(dear.id)] == [Ending.TASK_BUDGET]


async def test_good_work_counts_although_it_used_the_budget_up(world: World) -> None:
    task = world.task("one")
    world.store.budgets.set(task.id, Budget(tokens=480))
    end = await ralph(world.bench("write one"), world.goal)
    assert (end.stop.reason, world.commits["c1"]) == (StopReason.GOAL_COMPLETED, "one")


async def test_a_goals_budget_ends_the_session_uses_no_attempt_and_holds_in_the_next(world: World) -> None:
    task = world.task("one")
    world.store.budgets.set(world.goal.id, Budget(tokens=480))
    for _ in range(2):
        end = await ralph(world.bench("write a", "write b", "write c"), world.goal)
        assert end.stop.reason is StopReason.LIMIT_REACHED
        assert end.stop.detail.startswith("tokens: ")
        assert f"`ostinato budget {world.goal.id} --tokens 960` raises it" in end.stop.detail
    assert world.store.budgets.account(world.goal.id).total.tokens == 110
    assert world.store.graph.get(task.id).task.attempts == 0
    world.store.budgets.set(world.goal.id, Budget(tokens=2500))
    end = await ralph(world.bench("write one", "signal complete"), world.goal)
    assert end.stop.reason is StopReason.GOAL_COMPLETED


async def test_settings_give_budgets_to_those_that_have_none_and_warn_once(world: World) -> None:
    world.task("one")
    bench = world.bench(*["write a"] * 9, goal_budget=Budget(cost_usd=2.0))
    bench = replace(bench, model=PricedAgent(bench.model, 0.25), quote=lambda *_: 0.0)
    end = await ralph(bench, world.goal)
    assert end.stop.reason is StopReason.LIMIT_REACHED
    told = [e.payload for e in world.store.events.after(0) if e.kind is EventKind.LIMIT_WARNED]
    warned = [payload["limit"] for payload in told if "limit" in payload]
    assert warned == ["cost"]
    assert world.store.budgets.account(world.goal.id).total.cost_usd == 2.0


async def test_one_attempt_may_cost_so_much_and_is_told_before(world: World) -> None:
    task = world.task("one")
    bench = world.bench(*["write a"] * 9, cost=1.0, attempts=1)
    priced = PricedAgent(bench.model, 0.25)
    await ralph(replace(bench, model=priced), world.goal)
    (attempt,) = world.store.iterations.of_task(task.id)
    assert (attempt.ending, attempt.steps) == (Ending.COST_LIMIT, 4)
    assert world.store.budgets.account(world.goal.id).total.cost_usd == 1.0


async def test_waiting_for_an_outage_is_not_the_goals_time(world: World) -> None:
    transcript = StoredTranscript(world.bench(), "sess-x", Actor("loop"), world.goal.id)
    await transcript.step_started(1, {"task": 10})
    before = world.clock.monotonic()
    world.clock.advance(630.0)
    await transcript.retrying(1, "overloaded", 600.0)
    await transcript.replied(1, AssistantMessage("hello", ()), Spending(input=10, calls=1), "m")
    await transcript.step_ended(1)
    seconds = world.store.budgets.account(world.goal.id).total.seconds
    assert seconds == pytest.approx(world.clock.monotonic() - before - 600.0, abs=5.0)


class PricedAgent:
    """An agent whose every answer has a price."""

    name = "priced:model"
    context_window = 100_000

    def __init__(self, agent: object, usd: float) -> None:
        self._agent = agent
        self._usd = usd

    async def reply(self, request, on_retry=None):  # type: ignore[no-untyped-def]
        reply = await self._agent.reply(request, on_retry)  # type: ignore[attr-defined]
        return replace(reply, spending=replace(reply.spending, cost_usd=self._usd))

    async def close(self) -> None:
        pass
