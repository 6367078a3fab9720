"""`ostinato land`: brings a goal's proven branch into the person's branch, the only command that does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.main_job import run_interruptible
from ostinato.cli.output import answer, clean

if TYPE_CHECKING:
    from ostinato.app.results import LandResult


@click.command(cls=Command, examples=["ostinato land", "ostinato land os-1f0c9a2e", "ostinato land --partial"])
@click.argument("goal", required=False)
@click.option("--partial", is_flag=True, help="Land the commits of a goal that is not completed; it stays open.")
@pass_invocation
def land(invocation: Invocation, goal: str | None, partial: bool) -> int:
    """Bring the branch of GOAL into the present branch (fast-forward), after proving it whole once more.

    The checkout must be clean. All checks of the goal's completed tasks and the project's run on the tip first.
    """
    result = land_once(invocation, goal, partial=partial)
    answer(invocation, land_document(result), land_lines(result))
    return 0


def land_once(invocation: Invocation, goal: str | None, *, partial: bool) -> LandResult:
    """Prove and land once."""
    from ostinato.app.job import Job, JobOptions
    from ostinato.cli.progress import shown
    from ostinato.loop.interruption import Interruption

    stop = Interruption()

    async def work() -> LandResult:
        options = JobOptions(database=invocation.database, project=invocation.project_name)
        async with Job.without_model(options, stop) as job:
            with shown(invocation, job):
                return await job.land(goal, partial=partial)

    return run_interruptible(invocation, stop, work)


def land_document(result: LandResult) -> dict[str, Any]:
    """Return what was landed where."""
    return {
        "goal_id": result.goal.id,
        "branch": result.branch,
        "from": result.before,
        "to": result.after,
        "commits": result.commits,
        "checks": result.checks,
    }


def land_lines(result: LandResult) -> Iterator[str]:
    """Yield what a person reads."""
    yield f"Landed {result.goal.id} {clean(result.goal.title)} on {clean(result.branch)}: {result.commits} commits"
    yield f"  {result.before[:10]}..{result.after[:10]}, proven by {result.checks} checks"
