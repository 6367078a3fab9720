"""After a night of 200 tasks an agent is told no more than after 20, and what it is told begins with the same bytes."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.loop.small_world import Agent, World

from ostinato.agent.sizes import tokens_of
from ostinato.chat.messages import Request
from ostinato.graph.actors import Actor
from ostinato.graph.plan import DecisionDraft, OptionDraft
from ostinato.graph.types import Status
from ostinato.loop.limits import SessionLimits
from ostinato.loop.ralph import ralph
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.memory_store import MemoryStore

OBSERVED = "It reads slowly where a line is long; the parser keeps them all. " * 3
WHY = "It was measured to be faster on the largest file, and nobody needs the other form. "
CONVENTIONS = "# Build\nmake all\n# Tests\nEach says why it matters.\n" * 10


async def asked_after(tasks: int) -> Request:
    """Return the first request of an iteration that follows so many completed tasks."""
    clock = FakeClock()
    world = World(MemoryStore(clock), clock)
    store, goal, actor = world.store, world.goal.id, Actor("agent")
    for number in range(tasks):
        done = world.task(f"word{number:03}")
        store.reasoning.record_outcome(done.id, "Done", f"The word {number:03} is written. {WHY}", True, actor)
        store.reasoning.record_observation(goal, f"Learned {number:03}", OBSERVED, None, actor)
        options = (OptionDraft("yes"), OptionDraft("no"))
        draft = DecisionDraft(f"Question {number:03}", "It matters.", options, "yes", WHY)
        store.reasoning.log_decision(goal, draft, actor)
        store.graph.set_status(done.id, Status.COMPLETED)
    world.task("last")
    agent = Agent(("write last", "signal complete"))
    bench = replace(world.bench(limits=SessionLimits(iterations=1)), model=agent, conventions=lambda: CONVENTIONS)
    await ralph(bench, world.goal)
    return agent.asked[0]


def size(request: Request) -> int:
    return tokens_of(request.system) + tokens_of(request.messages[0].text)


async def test_a_briefing_does_not_grow_with_the_past_and_its_fixed_part_stays_the_same() -> None:
    early, late = await asked_after(20), await asked_after(200)
    assert "## Completed work" in late.messages[0].text
    assert abs(size(late) - size(early)) <= 0.05 * size(early), (size(early), size(late))
    assert size(late) <= 4_000
    assert (late.system, late.tools) == (early.system, early.tools)
    assert CONVENTIONS.strip() in late.system
