"""What happens at each start: what dead processes left is put back. It only re-queues and records."""

from __future__ import annotations

from ostinato.base.ids import IterationId, ProjectId
from ostinato.loop.ports import Bridge, GoalBranch
from ostinato.loop.workbench import Workbench


async def recover(bench: Workbench) -> list[str]:
    """Recover the project: claims, sessions and iterations of dead processes. Idempotent; returns a line for each.

    A commit on a goal's branch whose trailer names an unfinished iteration means that the crash came between commit
    and record: its task is completed with that commit, never done again.
    """
    lines = await recover_project(bench.store, bench.branch, bench.project.id)
    for line in lines:
        bench.progress(f"recovered: {line}")
    return lines


async def recover_project(store: Bridge, branch: GoalBranch, project_id: ProjectId) -> list[str]:
    """The same, without a workbench."""
    branch.clear_stale_locks()
    unfinished = await store(lambda s: s.iterations.unfinished(project_id))
    landed: dict[IterationId, str] = {}
    goals = await store(lambda s: {s.sessions.get(i.session_id).goal_id for i in unfinished})
    for goal_id in sorted(goals):
        on_branch = await branch.iterations_on(goal_id)
        landed.update({IterationId(iteration): commit for iteration, commit in on_branch.items()})
    return await store(lambda s: s.recover(project_id, landed))
