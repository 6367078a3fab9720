"""One ralph run before a person's eyes: live progress, and its result as a document and as lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ostinato.cli.context import Invocation
from ostinato.cli.documents import usage_document
from ostinato.cli.main_job import cost_text, options_of, run_interruptible
from ostinato.cli.output import clean

if TYPE_CHECKING:
    from ostinato.app.results import RalphResult


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
