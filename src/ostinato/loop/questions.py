"""The planner's questions to the person: kept before they are put, and the answers before the planner hears them.

A question that nobody answers stays open in the database, where any face can answer it.
"""

from __future__ import annotations

from datetime import datetime

from ostinato.agent.ports import Suspended
from ostinato.base.clock import Clock
from ostinato.graph.actors import PERSON
from ostinato.graph.approvals import Approval
from ostinato.loop.ports import Asker
from ostinato.loop.store_ports import StorePort
from ostinato.loop.workbench import Run

QUESTION = "question"
NOBODY = "Nobody is there to answer. Take the most likely answer and record it with `record_observation`."
DECLINED = "The person does not want to answer this"


class Left(Suspended):
    """The person went away instead of answering; what was asked waits in the database."""


class Questions:
    """The questions of one plan session. `waited` are the seconds that the person thought about them."""

    def __init__(self, run: Run, asker: Asker | None) -> None:
        self._run = run
        self.asker = asker
        self.waited = 0.0

    @property
    def somebody(self) -> bool:
        """True when there is a person to ask."""
        return self.asker is not None

    async def put(self, question: str, options: tuple[str, ...]) -> str:
        """Ask the person and return the answer, which may have come over another face. Raises Left."""
        bench, goal = self._run.bench, self._run.goal
        payload = {"options": list(options)}
        actor = self._run.actor()
        asked = await bench.store(
            lambda s: s.approvals.ask(bench.project.id, goal.id, QUESTION, question, payload, actor)
        )
        answer = await self._ask(question, options)
        return await bench.store(lambda s: _settled(s, asked, answer))

    async def put_again(self, question: str, options: tuple[str, ...]) -> str:
        """Return the answer to a question of an earlier session: the one given meanwhile, or the person's now."""
        bench = self._run.bench
        known = await bench.store(lambda s: _latest(s, self._run, question, options))
        if known is not None and known.answered_at is not None:
            return said(known)
        if self.asker is not None:
            return await self.put(question, options)
        if known is not None:
            await bench.store(lambda s: s.approvals.answer(known.id, "rejected", "nobody was there", self._run.actor()))
        return NOBODY

    async def _ask(self, question: str, options: tuple[str, ...]) -> str:
        if self.asker is None:
            raise Left
        clock = self._run.bench.clock
        begun = clock.monotonic()
        self._run.bench.progress("waiting for your answer", self._run.session.id)
        try:
            return (await self.asker.ask(question, options)).strip() or "(no answer)"
        finally:
            gone = clock.monotonic() - begun
            self.waited += gone
            self._run.waited += gone


class WorkingClock:
    """The clock as the conversation sees it: it stands still while the person thinks."""

    def __init__(self, clock: Clock, questions: Questions) -> None:
        self._clock = clock
        self._questions = questions

    def now(self) -> datetime:
        """Return the present moment."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Return seconds without those that the person took."""
        return self._clock.monotonic() - self._questions.waited

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._clock.sleep(seconds)


def said(approval: Approval) -> str:
    """Return what the planner is told of an answered question."""
    if approval.answer == "rejected":
        return f"{DECLINED}: {approval.reason}. Decide yourself, and record it with `record_observation`."
    return approval.reason or "(no answer)"


def _settled(store: StorePort, asked: Approval, answer: str) -> str:
    """Keep the answer, unless another face was quicker: then that one holds."""
    now = next((a for a in store.approvals.for_node(asked.node_id) if a.id == asked.id), asked)
    if now.answered_at is not None:
        return said(now)
    return said(store.approvals.answer(asked.id, "answered", answer, PERSON))


def _latest(store: StorePort, run: Run, question: str, options: tuple[str, ...]) -> Approval | None:
    same = (
        a
        for a in store.approvals.for_node(run.goal.id)
        if a.kind == QUESTION and a.question == question and a.payload.get("options", []) == list(options)
    )
    return next(same, None)
