"""`ostinato plan`: a goal in words becomes a plan that the person accepts or rejects."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.documents import node_document
from ostinato.cli.main_job import goal_text, job_options, options_of, run_interruptible
from ostinato.cli.output import answer, clean
from ostinato.cli.plan_view import plan_lines

if TYPE_CHECKING:
    from ostinato.app.job import Job
    from ostinato.graph.types import Node
    from ostinato.loop.plan import Proposal

Answering = Literal["accept", "wait", "ask"]
WAITING = 5
REJECTED = 3
NO_PLAN = 6
LIMIT = 4
INTERRUPTED = 130


@click.command(
    cls=Command,
    examples=[
        'ostinato plan "Add a --json option to every list command"',
        "ostinato plan --file PRD.md --yes",
        'ostinato --json plan "Port the parser to Python 3.13" --no-input --max-tokens 200000',
    ],
)
@click.argument("goal", required=False)
@click.option("--file", type=click.Path(path_type=Path), help="Read the goal from a file (a PRD, an issue).")
@click.option("--yes", is_flag=True, help="Accept the plan without asking.")
@click.option("--no-input", is_flag=True, help="Ask nothing: the planner records its assumptions, the plan waits.")
@job_options
@pass_invocation
def plan(invocation: Invocation, goal: str | None, file: Path | None, yes: bool, no_input: bool, **chosen: Any) -> int:
    """Turn GOAL into a plan of small tasks with checks, and accept or reject it.

    The planner reads the repository at HEAD and changes nothing. Its plan is checked without a model before it is
    shown: dependencies, criteria, and that every check can run and is red now. Nothing becomes part of the graph
    before it is accepted.
    """
    text = goal_text(goal, file)
    outcome = plan_once(invocation, text, chosen, answering="accept" if yes else "wait" if no_input else "ask")
    answer(invocation, outcome.document, outcome.lines)
    return outcome.exit_code


class PlanOutcome:
    """What a planning ended in: a document, the lines for a person, and the exit code."""

    def __init__(self, document: dict[str, Any], lines: list[str], exit_code: int) -> None:
        self.document = document
        self.lines = lines
        self.exit_code = exit_code


def plan_once(invocation: Invocation, text: str, chosen: dict[str, Any], *, answering: Answering) -> PlanOutcome:
    """Plan `text`; `answering` says who accepts: nobody needs to, somebody later, or the person at the terminal."""
    from ostinato.app.job import Job
    from ostinato.cli.notifying import notifying
    from ostinato.loop.interruption import Interruption

    stop = Interruption()

    async def work() -> PlanOutcome:
        async with Job.planning(options_of(invocation, chosen), stop) as job:
            with notifying(invocation, job):
                proposal = await _proposed(invocation, job, text)
                return await _settle(invocation, job, proposal, "accept" if job.asks_nothing else answering)

    return run_interruptible(invocation, stop, work)


async def _proposed(invocation: Invocation, job: Job, text: str) -> Proposal:
    from ostinato.cli.progress import shown

    with shown(invocation, job):
        return await job.propose(text)


async def _settle(invocation: Invocation, job: Job, proposal: Proposal, answering: Answering) -> PlanOutcome:
    if proposal.draft is None:
        return await _without_plan(job, proposal)
    if not invocation.json:
        click.echo("\n".join(plan_lines(proposal.goal.title, proposal.draft)))
    if answering == "wait" or (answering == "ask" and not _somebody(invocation)):
        return await _waiting(job, proposal)
    if answering == "ask" and not click.confirm("Accept this plan?", default=True, err=True):
        await job.reject(proposal, "rejected by the person")
        return _outcome(proposal, [], REJECTED, [f"Rejected; {proposal.goal.id} is cancelled."])
    tasks = await job.accept(proposal)
    goal = proposal.goal.id
    return _outcome(proposal, tasks, 0, [f"Accepted: {goal} has {len(tasks)} tasks. Next: ostinato ralph {goal}"])


def _somebody(invocation: Invocation) -> bool:
    return not invocation.json and sys.stdin.isatty() and sys.stderr.isatty()


async def _waiting(job: Job, proposal: Proposal) -> PlanOutcome:
    goal = proposal.goal.id
    await job.leave_plan(proposal)
    line = f"The plan waits for you: ostinato approve {goal}, or ostinato reject {goal} --reason TEXT"
    return _outcome(proposal, [], WAITING, [line])


async def _without_plan(job: Job, proposal: Proposal) -> PlanOutcome:
    ending, goal = proposal.end.ending.value, proposal.goal.id
    said = f": {clean(proposal.end.message)}" if proposal.end.message else ""
    why = f"the planner proposed no plan that passes the checks (it ended by {ending}{said})"
    code = (
        INTERRUPTED
        if ending == "interrupted"
        else WAITING
        if ending == "left"
        else LIMIT
        if proposal.limit
        else NO_PLAN
    )
    if proposal.limit:
        why = f"the limit was reached before there was a plan ({proposal.limit})"
    kept = await job.leave_plan(proposal)
    what = f"what was learned is kept: ostinato plan --goal {goal}" if kept else f"{goal} is cancelled."
    return _outcome(proposal, [], code, [f"No plan: {why}; {what}"], detail=why)


def _outcome(proposal: Proposal, tasks: list[Node], code: int, lines: list[str], detail: str = "") -> PlanOutcome:
    document: dict[str, Any] = {
        "goal_id": proposal.goal.id,
        "session_id": proposal.session.id,
        "accepted": bool(tasks),
        "tasks": [node_document(task) for task in tasks],
    }
    if detail:
        document["detail"] = detail
    return PlanOutcome(document, lines, code)
