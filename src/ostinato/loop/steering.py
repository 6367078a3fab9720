"""A person's steering as the loop heeds it: a paused goal waits, and what was said reaches each conversation once.

It changes no status and ends nothing; stopping is `loop.interruption`.
"""

from __future__ import annotations

from collections.abc import Sequence

from ostinato.agent.fence import fenced
from ostinato.agent.steering import Inbox
from ostinato.chat.messages import UserMessage
from ostinato.graph.steering import PersonNote
from ostinato.loop.workbench import Run

PAUSE_POLL = 0.5
"""Seconds between two looks at a paused goal; a Ctrl-C is heard as quickly."""


async def notes_of(run: Run) -> list[PersonNote]:
    """Return what the person has said about the run's goal, the newest first."""
    return await run.bench.store(lambda s: s.steering.notes(run.goal.id))


async def unless_paused(run: Run) -> None:
    """Return at once when the goal is not paused, else when it goes on or the person asks to stop.

    What the wait takes counts against no limit of the session.
    """
    bench, goal_id = run.bench, run.goal.id
    began = bench.clock.monotonic()
    waited = False
    while not bench.interruption.asked and await bench.store(lambda s: s.steering.paused(goal_id)):
        bench.progress(f"paused: `ostinato resume {goal_id}` lets it go on", run.session.id)
        waited = True
        await bench.clock.sleep(PAUSE_POLL)
    if waited:
        run.waited += bench.clock.monotonic() - began
        bench.progress("going on", run.session.id)


def only_waiting(run: Run) -> Inbox:
    """Return the inbox of a conversation that nobody speaks to, a critic's say: it waits while the goal is paused."""

    async def inbox() -> tuple[UserMessage, ...]:
        await unless_paused(run)
        return ()

    return inbox


class GoalInbox:
    """The inbox of one conversation: `told` are the notes that its briefing holds already."""

    def __init__(self, run: Run, told: Sequence[PersonNote]) -> None:
        self._run = run
        self._after = max((note.seq for note in told), default=0)

    async def __call__(self) -> tuple[UserMessage, ...]:
        """Wait while the goal is paused, and return what is new; nothing when the conversation is about to be ended."""
        run = self._run
        news = await run.bench.store(lambda s: s.steering.news(run.goal.id, self._after))
        if news.paused:
            await unless_paused(run)
            news = await run.bench.store(lambda s: s.steering.news(run.goal.id, self._after))
        if run.bench.interruption.asked:
            return ()
        self._after = max((note.seq for note in news.notes), default=self._after)
        return tuple(UserMessage(f"A note from the person:\n{fenced(note.text)}") for note in news.notes)
