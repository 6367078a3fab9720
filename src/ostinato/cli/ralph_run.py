"""One ralph run before a person's eyes: live progress, and its result as a document and as lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ostinato.base.text import many
from ostinato.cli.context import Invocation
from ostinato.cli.documents import spending_document
from ostinato.cli.layout import look_of
from ostinato.cli.main_job import options_of, run_interruptible
from ostinato.cli.output import clean, remark
from ostinato.cli.screen import spent

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
                result = await job.ralph(goal)
            if job.recording_failed:
                remark(invocation, job.recording_failed)
            return result

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
        **spending_document(result.spending),
    }


def ralph_lines(result: RalphResult) -> Iterator[str]:
    """Yield what a person reads at the end."""
    goal, look = result.goal, look_of(sys.stdout)
    said = f"{goal.id} {goal.title}: {result.stopped.value.replace('_', ' ')} ({result.detail})"
    yield from look.lines(clean(said), hang="  ")
    counts = f"{result.completed} completed, {result.remaining} remaining, {result.failed} failed"
    yield from look.lines(f"{many(result.iterations, 'iteration')}, {counts}; {spent(result.spending)}", "  ")
    if result.branch:
        yield f"  branch {result.branch}"
    if (after := next_after(result)) is not None:
        yield f"  next: {after}"


def next_after(result: RalphResult) -> str | None:
    """Return the command that a person would type next, None where nothing is left to do."""
    match result.stopped.value:
        case "goal_completed":
            return f"ostinato land {result.goal.id}" if result.branch else None
        case "interrupted" | "limit_reached":
            return f"ostinato ralph {result.goal.id}  (goes on from here)"
        case "waiting_for_approval":
            return "ostinato approvals"
        case "provider_failed":
            return "ostinato doctor --live  (asks each model one tiny question)"
        case "environment":
            return "ostinato doctor  (says what the machine lacks)"
        case _:
            return "ostinato status  (what stands still, and why)"
