"""`ostinato ralph`: iterations until the goal is reached or a limit stops them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.documents import usage_document
from ostinato.cli.main_job import cost_text, job_options, options_of, run_interruptible
from ostinato.cli.output import answer, clean

if TYPE_CHECKING:
    from ostinato.app.results import RalphResult


@click.command(
    cls=Command,
    examples=[
        "ostinato ralph",
        "ostinato ralph os-1f0c9a2e --max-time 8h --max-cost 20",
        "ostinato --json ralph --max-iterations 1",
    ],
)
@click.argument("goal", required=False)
@job_options
@pass_invocation
def ralph(invocation: Invocation, goal: str | None, **chosen: Any) -> int:
    """Work on GOAL (an id; without one, on the project's only open goal) until it is reached or a limit stops it.

    Takes one ready task at a time in a fresh context and a checkout of its own; commits to the goal's branch what
    passed its checks, and keeps the rest as evidence. What dead runs left is recovered first.

    Exit codes: 0 goal completed, 3 nothing ready, 4 limit reached, 5 waiting for approval, 6 stuck, 7 provider failed,
    8 environment, 130 interrupted.
    """
    result = ralph_once(invocation, goal, chosen)
    answer(invocation, ralph_document(result), ralph_lines(result))
    return result.exit_code


def ralph_once(invocation: Invocation, goal: str | None, chosen: dict[str, Any]) -> RalphResult:
    """Run ralph mode once with live progress."""
    from ostinato.app.job import Job
    from ostinato.cli.notifying import notifying
    from ostinato.cli.progress import shown
    from ostinato.loop.interruption import Interruption

    stop = Interruption()

    async def work() -> RalphResult:
        async with Job.working(options_of(invocation, chosen), stop) as job:
            with notifying(invocation, job), shown(invocation, job):
                return await job.ralph(goal)

    return run_interruptible(invocation, stop, work)


def ralph_document(result: RalphResult) -> dict[str, Any]:
    """Return the document of DESIGN §11."""
    return {
        "goal_id": result.goal.id,
        "session_id": result.session_id,
        "stopped": result.stopped.value,
        "detail": result.detail,
        "iterations": result.iterations,
        "completed": result.completed,
        "remaining": result.remaining,
        "failed": result.failed,
        "branch": result.branch,
        "usage": usage_document(result.spending),
        "cost_usd": result.spending.cost_usd,
    }


def ralph_lines(result: RalphResult) -> Iterator[str]:
    """Yield what a person reads at the end."""
    goal = result.goal
    yield f"{goal.id} {clean(goal.title)}: {result.stopped.value.replace('_', ' ')} ({clean(result.detail)})"
    counts = f"{result.completed} completed, {result.remaining} remaining, {result.failed} failed"
    spent = f"{result.spending.tokens:,} tokens, {cost_text(result.spending.cost_usd)}"
    yield f"  {result.iterations} iterations, {counts}; {spent}"
    if result.branch:
        yield f"  branch {result.branch}"
    if result.exit_code == 0 and result.branch:
        yield f"  next: ostinato land {goal.id}"
    elif result.exit_code:
        yield "  look: ostinato notes, ostinato tasks list --status failed, ostinato status"
