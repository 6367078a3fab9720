"""The plan side of one run of the main job: what a face does with a goal until its plan is accepted or left."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ostinato.app import open_store_for
from ostinato.app.goals import chosen_goal
from ostinato.app.opening import Opened
from ostinato.base.errors import UsageError
from ostinato.graph.estimate import Estimate, estimate
from ostinato.graph.plan import Finding, PlanDraft
from ostinato.graph.types import Node
from ostinato.loop import plan
from ostinato.loop.plan import Proposal
from ostinato.loop.planning import Planning
from ostinato.loop.ports import Asker

if TYPE_CHECKING:
    from ostinato.loop.workbench import Workbench
    from ostinato.store.store import Store

_TITLE = 120


class PlanSide(ABC):
    """Plan mode on one project, one plan session at a time.

    A proposal comes from `propose` or `resume_plan`, may be changed and edited, and is accepted, rejected or left.
    Until then its session is open.
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._planning: Planning | None = None

    @property
    def asks_nothing(self) -> bool:
        """True under full autonomy."""
        return self._opened.settings.autonomy == "full"

    def reader(self) -> Store:
        """Open a connection for reading, for the thread that calls."""
        return open_store_for(self._opened.database, create=False)

    async def propose(self, text: str, asker: Asker | None = None) -> Proposal:
        """Let the planner work on the goal in `text`; `asker` None means that nobody is there to ask.

        Raises ProviderError and MachineError, saying how to go on where anything was learned.
        """
        title, description = _title_and_rest(text)
        head = self._opened.repository.head()
        self._planning, proposal = await plan.propose(await self._ready(), title, description, head, self._heard(asker))
        return proposal

    async def resume_plan(self, goal_id: str, asker: Asker | None = None, words: str = "") -> Proposal:
        """Come back to a goal: its draft that waits, its conversation that stopped, or anew for what is left of it.

        `words` say what the person wants now: the planner is told, whatever state the goal is in. Raises as `propose`
        does, and UsageError for a goal that is over.
        """
        choice = await self._opened.bridge(lambda s: chosen_goal(s, self._opened.project.id, goal_id))
        if choice.over is not None:
            said = f"{choice.why}: there is nothing left to plan in {choice.goal.id}"
            raise UsageError(f'{said}; a new wish is a goal of its own: `ostinato plan "…"`')
        base = self._opened.branch.find(choice.goal.id) or self._opened.repository.head()
        bench = await self._ready()
        self._planning, proposal = await plan.come_back(bench, choice.goal.id, base, self._heard(asker), words.strip())
        return proposal

    async def change_plan(self, proposal: Proposal, words: str, asker: Asker | None = None) -> Proposal:
        """Let the planner change its plan as `words` say. Without a new draft the former one stays saved."""
        planning = self._planning_of(proposal)
        planning.questions.asker = self._heard(asker)
        return await plan.change(planning, words)

    async def edit_plan(self, proposal: Proposal, draft: PlanDraft) -> tuple[Proposal, list[Finding]]:
        """Take the draft as the person edited it; with findings nothing is saved and the proposal stays as it was."""
        edited, findings = await plan.edit(self._planning_of(proposal), draft)
        return (proposal, findings) if findings else (edited, [])

    def estimate(self, draft: PlanDraft) -> Estimate:
        """Return what the draft is likely to use, from what this project's completed tasks have used."""
        store = self.reader()
        try:
            return estimate(draft, store.plans.used(self._opened.project.id))
        finally:
            store.db.close()

    async def accept(self, proposal: Proposal) -> list[Node]:
        """Make the plan part of the graph; returns its tasks."""
        bench = await self._ready()
        tasks = await plan.accept(bench, proposal)
        await bench.share()
        return tasks

    async def reject(self, proposal: Proposal, why: str) -> Node:
        """Drop the plan and return the goal as it is then: cancelled, unless it has accepted work."""
        await plan.give_up(await self._ready(), proposal.goal, proposal.session, "rejected", why)
        return await self._opened.bridge(lambda s: s.graph.get(proposal.goal.id))

    async def leave_plan(self, proposal: Proposal | None) -> bool:
        """End the plan session and leave the rest for later; tells whether the goal stays.

        What waits for the person (the draft, or a question of the planner) is an open approval from then on. The goal
        is cancelled only where its planning never got as far as an answer of the model.
        """
        if self._planning is None:
            return False
        return await plan.leave(self._planning, proposal)

    @abstractmethod
    async def _ready(self) -> Workbench:
        """Return the workbench."""

    def _heard(self, asker: Asker | None) -> Asker | None:
        return None if self.asks_nothing else asker

    def _planning_of(self, proposal: Proposal) -> Planning:
        planning = self._planning
        if planning is None or planning.run.session.id != proposal.session.id:
            raise UsageError(f"{proposal.session.id} has ended: `ostinato plan --goal {proposal.goal.id}` goes on")
        return planning


def _title_and_rest(text: str) -> tuple[str, str]:
    """Return a goal's title, its first line without Markdown marks, and the whole text where there is more."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    first = lines[0].strip().lstrip("#").strip() or lines[0].strip()
    title = first if len(first) <= _TITLE else first[: _TITLE - 1].rstrip() + "…"
    return title, "" if len(lines) == 1 and title == first else text.strip()
