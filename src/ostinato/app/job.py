"""One run of the main job: opens the adapters for a project, and offers what plan, ralph and land do with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ostinato.app import open_store_for
from ostinato.app.goals import GoalChoice, chosen_goal, committed_work
from ostinato.app.opening import JobOptions as JobOptions
from ostinato.app.opening import Opened, open_adapters, open_bench
from ostinato.app.results import LandResult, RalphResult
from ostinato.base.errors import UsageError
from ostinato.base.ids import ProjectId, SessionId
from ostinato.base.spending import Spending
from ostinato.graph.sessions import StopReason
from ostinato.graph.types import Node, Status
from ostinato.loop.interruption import Interruption
from ostinato.loop.plan import Proposal, accept, give_up, propose
from ostinato.loop.ralph import ralph

if TYPE_CHECKING:
    from ostinato.loop.workbench import Workbench
    from ostinato.store.store import Store

_TITLE = 120


class Job:
    """The main job on one project. Make it with one of the three context managers; close is theirs."""

    def __init__(self, opened: Opened, interruption: Interruption) -> None:
        self._opened = opened
        self._interruption = interruption
        self._bench: Workbench | None = None
        self.running_now = ""

    @classmethod
    @asynccontextmanager
    async def planning(cls, options: JobOptions, interruption: Interruption) -> AsyncIterator[Job]:
        """Open a job with the planner's model. What is missing (key, sandbox …) is said before anything is made."""
        async with cls._open(options, interruption, "planner") as job:
            yield job

    @classmethod
    @asynccontextmanager
    async def working(cls, options: JobOptions, interruption: Interruption) -> AsyncIterator[Job]:
        """Open a job with the coder's model."""
        async with cls._open(options, interruption, "coder") as job:
            yield job

    @classmethod
    @asynccontextmanager
    async def without_model(cls, options: JobOptions, interruption: Interruption) -> AsyncIterator[Job]:
        """Open a job that asks no model."""
        async with cls._open(options, interruption, None) as job:
            yield job

    @classmethod
    @asynccontextmanager
    async def _open(cls, options: JobOptions, interruption: Interruption, role: str | None) -> AsyncIterator[Job]:
        opened = open_adapters(options, role)
        job = cls(opened, interruption)
        try:
            yield job
        finally:
            await opened.close()

    @property
    def project_id(self) -> ProjectId:
        """The project's id."""
        return self._opened.project.id

    @property
    def asks_nothing(self) -> bool:
        """True under full autonomy."""
        return self._opened.settings.autonomy == "full"

    def last_event(self) -> int:
        """Return the number of the newest event."""
        store = self.reader()
        try:
            return store.events.last_seq()
        finally:
            store.db.close()

    def reader(self) -> Store:
        """Open a connection for reading, for the thread that calls."""
        return open_store_for(self._opened.database, create=False)

    async def propose(self, text: str) -> Proposal:
        """Let the planner work on the goal in `text`."""
        title, description = _title_and_rest(text)
        return await propose(await self._ready(), title, description, self._opened.repository.head())

    async def accept(self, proposal: Proposal) -> list[Node]:
        """Make the plan part of the graph."""
        return await accept(await self._ready(), proposal)

    async def reject(self, proposal: Proposal, why: str, stop_reason: str = "rejected") -> None:
        """Drop the plan and cancel its goal."""
        await give_up(await self._ready(), proposal.goal, proposal.session, stop_reason, why)

    async def ask_about_plan(self, proposal: Proposal) -> None:
        """Leave the plan to a person who answers later, and end the session."""
        bench = await self._ready()
        tasks = len(proposal.draft.tasks) if proposal.draft else 0
        question = f"Accept the plan for {proposal.goal.title} ({tasks} tasks)?"

        def ask(store: Store) -> None:
            with store.db.transaction():
                store.approvals.ask(bench.project.id, proposal.goal.id, "plan", question, {"tasks": tasks})
                store.sessions.end(proposal.session.id, stop_reason="waiting_for_approval", summary=question)

        await self._opened.bridge(ask)

    async def ralph(self, goal: str | None) -> RalphResult:
        """Work on the goal with that id, or on the project's only open one."""
        choice: GoalChoice = await self._opened.bridge(lambda s: chosen_goal(s, self.project_id, goal))
        if choice.over is not None:
            return await self._result(choice.goal, None, choice.over, choice.why, 0, Spending())
        await self._refuse_lost_branch(choice.goal)
        end = await ralph(await self._ready(), choice.goal)
        return await self._result(
            choice.goal, end.session.id, end.stop.reason, end.stop.detail, end.iterations, end.session.spending
        )

    async def _refuse_lost_branch(self, goal: Node) -> None:
        """Raise UsageError when the goal's branch is gone with proven work on it: a new one would lack that work."""
        branch, git = self._opened.branch, self._opened.repository.git
        if branch.find(goal.id) is not None:
            return
        work = await self._opened.bridge(lambda s: committed_work(s, goal))
        lost = [(task, c) for task, c in work if not git.succeeds("merge-base", "--is-ancestor", c, "HEAD")]
        if lost:
            last, name = lost[-1][1], branch.name(goal.id)
            raise UsageError(
                f"the branch {name} is gone, and with it the proven work of {', '.join(task for task, _ in lost)}: "
                f"bring it back with `git branch {name} {last[:12]}`, "
                f"or, where your own branch holds that work already, with `git branch {name} HEAD`"
            )

    async def land(self, goal: str | None, *, partial: bool) -> LandResult:
        """Prove and land the goal with that id, or the project's only one that can be landed."""
        from ostinato.app.land import land_goal

        return await land_goal(self._opened, await self._ready(), goal, partial=partial)

    async def _ready(self) -> Workbench:
        """Return the workbench, made at first use: it takes a place for checkouts."""
        if self._bench is None:
            self._bench = open_bench(self._opened, self._interruption, self._show)
        return self._bench

    def _show(self, what: str, session: SessionId | None = None) -> None:
        self.running_now = what

    async def _result(
        self, goal: Node, session: SessionId | None, stopped: StopReason, detail: str, iterations: int, spent: Spending
    ) -> RalphResult:
        counts = await self._opened.bridge(lambda s: s.graph.counts(goal.id))
        branch = self._opened.branch.find(goal.id)
        done = counts.get(Status.COMPLETED, 0)
        failed = counts.get(Status.FAILED, 0)
        left = sum(counts.values()) - done - failed - counts.get(Status.CANCELLED, 0)
        name = self._opened.branch.name(goal.id) if branch else None
        return RalphResult(goal, session, stopped, detail, iterations, done, left, failed, name, spent)


def _title_and_rest(text: str) -> tuple[str, str]:
    """Return a goal's title, its first line without Markdown marks, and the whole text where there is more."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    first = lines[0].strip().lstrip("#").strip() or lines[0].strip()
    title = first if len(first) <= _TITLE else first[: _TITLE - 1].rstrip() + "…"
    return title, "" if len(lines) == 1 and title == first else text.strip()
