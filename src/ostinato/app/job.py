"""One run of the main job: opens the adapters for a project, and offers what plan, ralph and land do with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ostinato.app.goals import GoalChoice, chosen_goal, committed_work
from ostinato.app.opening import JobOptions as JobOptions
from ostinato.app.opening import Opened, open_adapters, open_bench
from ostinato.app.planning import PlanSide
from ostinato.app.results import LandResult, RalphResult, ralph_result
from ostinato.app.tidying import tidy
from ostinato.base.clock import SystemClock
from ostinato.base.errors import UsageError
from ostinato.base.ids import ProjectId, SessionId
from ostinato.git.goal_branch import require_not_checked_out
from ostinato.graph.sessions import Session, StopReason
from ostinato.graph.types import Node
from ostinato.loop.interruption import Interruption, WakingClock
from ostinato.loop.ralph import ralph

if TYPE_CHECKING:
    from ostinato.app.land import LandOptions
    from ostinato.base.spending import Spending
    from ostinato.loop.workbench import Workbench


class Job(PlanSide):
    """The main job on one project. Make it with one of the three context managers; close is theirs."""

    def __init__(self, opened: Opened, interruption: Interruption) -> None:
        super().__init__(opened)
        self._interruption = interruption
        self._bench: Workbench | None = None
        self.running_now = ""
        self.spent_before: Spending | None = None
        self.project = opened.project
        self.notify = opened.settings.notify

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
        opened = open_adapters(options, role, WakingClock(SystemClock(), interruption))
        job = cls(opened, interruption)
        try:
            yield job
            if opened.recorder is not None:
                await opened.recorder.end("ended", "")
            await tidy(opened)
        finally:
            await opened.close()

    @property
    def project_id(self) -> ProjectId:
        """The project's id."""
        return self._opened.project.id

    def last_event(self) -> int:
        """Return the number of the newest event."""
        store = self.reader()
        try:
            return store.events.last_seq()
        finally:
            store.db.close()

    async def ralph(self, goal: str | None) -> RalphResult:
        """Work on the goal with that id, or on the project's only open one."""
        choice: GoalChoice = await self._opened.bridge(lambda s: chosen_goal(s, self.project_id, goal))
        if choice.over is not None:
            return await self._result(choice.goal, None, choice.over, choice.why, 0)
        if await self._opened.bridge(lambda s: s.steering.paused(choice.goal.id)):
            raise UsageError(f"{choice.goal.id} is paused: `ostinato resume {choice.goal.id}` lets it go on")
        await self._refuse_lost_branch(choice.goal)
        # Moving a branch under a person's feet makes their checkout look as if they had taken its commits back.
        await asyncio.to_thread(require_not_checked_out, self._opened.repository.git, choice.goal.id)
        bench = self._made_bench()
        await asyncio.to_thread(self._opened.branch.committer().require_signing)
        await self._recording(bench, choice.goal)
        end = await ralph(bench, choice.goal)
        if self._opened.recorder is not None:
            await self._opened.recorder.end(end.stop.reason.value, end.stop.detail)
        return await self._result(choice.goal, end.session, end.stop.reason, end.stop.detail, end.iterations)

    async def _refuse_lost_branch(self, goal: Node) -> None:
        """Raise UsageError when the goal's branch is gone with proven work on it: a new one would lack that work."""
        branch, git = self._opened.branch, self._opened.repository.git
        if branch.find(goal.id) is not None:
            return
        work = await self._opened.bridge(lambda s: committed_work(s, goal))
        lost = [(task, c) for task, c in work if not git.succeeds("merge-base", "--is-ancestor", c, "HEAD")]
        # A rebased or squashed landing made other commits, which carry the tasks' trailers.
        landed = branch.tasks_in("HEAD", goal.id) if lost else set()
        lost = [(task, c) for task, c in lost if task not in landed]
        if lost:
            last, name = lost[-1][1], branch.name(goal.id)
            raise UsageError(
                f"the branch {name} is gone, and with it the proven work of {', '.join(task for task, _ in lost)}: "
                f"bring it back with `git branch {name} {last[:12]}`, "
                f"or, where your own branch holds that work already, with `git branch {name} HEAD`"
            )

    async def land(self, goal: str | None, options: LandOptions) -> LandResult:
        """Prove and land the goal with that id, or the project's only one that can be landed."""
        from ostinato.app.land import land_goal

        return await land_goal(self._opened, await self._ready(), goal, options)

    async def _ready(self) -> Workbench:
        """Return the workbench, made at first use: it takes a place for checkouts."""
        bench = self._made_bench()
        await self._recording(bench, None)
        return bench

    @property
    def recording_failed(self) -> str:
        """Why the recording stopped before the run, "" where it did not."""
        recorder = self._opened.recorder
        return "" if recorder is None else recorder.writer.failed

    async def _recording(self, bench: Workbench, goal: Node | None) -> None:
        recorder = self._opened.recorder
        if recorder is not None and not recorder.on:
            await recorder.begin(self._opened, bench, goal)

    def _made_bench(self) -> Workbench:
        if self._bench is None:
            self._bench = open_bench(self._opened, self._interruption, self._show)
        return self._bench

    def _show(self, what: str, session: SessionId | None = None) -> None:
        self.running_now = what

    async def _result(
        self, goal: Node, session: Session | None, stopped: StopReason, detail: str, iterations: int
    ) -> RalphResult:
        name = self._opened.branch.name(goal.id) if self._opened.branch.find(goal.id) else None
        return await self._opened.bridge(lambda s: ralph_result(s, goal, session, stopped, detail, iterations, name))
