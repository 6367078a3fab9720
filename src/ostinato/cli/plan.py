"""`ostinato plan`: a goal in words becomes a plan that the person accepts or rejects."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ostinato.base.errors import UsageError
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.layout import look_of, somebody_there
from ostinato.cli.main_job import goal_text, job_options, options_of, run_interruptible
from ostinato.cli.output import answer, folded, remark

if TYPE_CHECKING:
    from ostinato.app.job import Job
    from ostinato.cli.plan_outcome import PlanOutcome
    from ostinato.cli.plan_talk import Talk
    from ostinato.loop.plan import Proposal

Answering = Literal["accept", "wait", "ask"]


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What is to be planned: a new goal in words, None where the person is to be asked for it; or what is left of a
    goal, by id, `text` then being what is wanted of the new plan. `answering` says who accepts: nobody needs to,
    somebody later, or the person at the terminal."""

    text: str | None
    goal: str | None
    answering: Answering


def plan_options(command: Any) -> Any:
    """Add the argument and the options that plan and run share."""
    for option in reversed(
        (
            click.argument("goal", required=False),
            click.option("--file", type=click.Path(path_type=Path), help="Read the goal from a file."),
            click.option(
                "--goal",
                "goal_id",
                metavar="ID",
                help="Come back to a goal: its plan or question that waits, or what is left of it; GOAL is your wish.",
            ),
            click.option("--critique", is_flag=True, help="Let a second agent look for what the plan misses."),
            click.option("--yes", is_flag=True, help="Accept the plan without asking."),
            click.option(
                "--no-input", is_flag=True, help="Ask nothing: the planner records its assumptions, the plan waits."
            ),
        )
    ):
        command = option(command)
    return command


@click.command(
    cls=Command,
    examples=[
        "ostinato plan",
        'ostinato plan "Add a --json option to every list command"',
        "ostinato plan --file PRD.md --critique --yes",
        "ostinato plan --goal os-1f0c9a2e",
        'ostinato plan --goal os-1f0c9a2e "leave the web pages for later"',
        'ostinato --json plan "Port the parser to Python 3.13" --no-input --max-tokens 200000',
    ],
)
@plan_options
@job_options
@pass_invocation
def plan(invocation: Invocation, **chosen: Any) -> int:
    """Turn GOAL into a plan of small tasks with checks; accept, edit, change or reject it.

    On a terminal it is a conversation: without GOAL you are asked for it, the planner may ask you questions, and you
    may leave at any time and come back with --goal. The planner reads the repository at HEAD and changes nothing. Its
    plan is checked without a model before it is shown: dependencies, criteria, and that every check can run and is
    red now. Nothing becomes part of the graph before it is accepted.

    Exit codes: 0 accepted, 3 rejected, 4 limit reached, 5 waits for you, 6 no plan, 7 provider failed, 8 environment,
    130 interrupted.
    """
    found = plan_once(invocation, request_of(invocation, chosen), chosen)
    answer(invocation, found.document, folded(found.lines))
    return found.exit_code


def request_of(invocation: Invocation, chosen: dict[str, Any]) -> PlanRequest:
    """Return what the options of `plan_options` ask for. Raises UsageError where that cannot be told or asked."""
    words, file, goal = chosen["goal"], chosen["file"], chosen["goal_id"]
    answering: Answering = "accept" if chosen["yes"] else "wait" if chosen["no_input"] else "ask"
    asked_for = goal is None and answering == "ask" and _somebody(invocation)
    unsaid = words is None and file is None
    text = None if unsaid and (goal is not None or asked_for) else goal_text(words, file)
    return PlanRequest(text, goal, answering)


def plan_once(invocation: Invocation, request: PlanRequest, chosen: dict[str, Any]) -> PlanOutcome:
    """Plan what is asked for, in a conversation where somebody is there."""
    from ostinato.app.job import Job
    from ostinato.cli.notifying import notifying
    from ostinato.loop.interruption import Interruption

    stop = Interruption()

    async def work() -> PlanOutcome:
        async with Job.planning(options_of(invocation, chosen), stop) as job:
            with notifying(invocation, job):
                if request.answering == "ask" and not job.asks_nothing and _somebody(invocation):
                    from ostinato.cli.plan_talk import Talk

                    outcome = await _talked(job, request, Talk(invocation, job, stop))
                else:
                    outcome = await _alone(invocation, job, request)
                if job.recording_failed:
                    remark(invocation, job.recording_failed)
                return outcome

    return run_interruptible(invocation, stop, work)


async def _talked(job: Job, request: PlanRequest, talk: Talk) -> PlanOutcome:
    from ostinato.cli.plan_outcome import nothing_begun, without_plan
    from ostinato.loop.plan import Left

    text = request.text
    if text is None and request.goal is None:
        try:
            text = await talk.goal()
        except Left:
            return nothing_begun()
    with talk.progress():
        proposal = await _proposed(job, request.goal, text, talk)
    return await (without_plan(job, proposal) if proposal.draft is None else talk.settle(proposal))


async def _alone(invocation: Invocation, job: Job, request: PlanRequest) -> PlanOutcome:
    """Plan with nobody to ask: accepted where that was said, else the plan waits."""
    from ostinato.cli.plan_outcome import accepted, waiting, without_plan
    from ostinato.cli.plan_view import beside, plan_lines
    from ostinato.cli.progress import shown

    if request.goal is None and request.text is None:
        raise UsageError("say what is wanted: full autonomy asks nobody")
    with shown(invocation, job):
        proposal = await _proposed(job, request.goal, request.text, None)
    if proposal.draft is None:
        return await without_plan(job, proposal)
    look = look_of(sys.stdout)
    lines = [] if invocation.json else plan_lines(proposal.goal.title, proposal.draft, look, beside(job, proposal))
    if request.answering == "accept" or job.asks_nothing:
        outcome = accepted(proposal, await job.accept(proposal))
    else:
        await job.leave_plan(proposal)
        outcome = waiting(proposal)
    if lines:
        # Last: whoever does not read it to its end (`| head`) takes nothing away from what was decided.
        click.echo("\n".join(lines), color=look.colour or None)
    return outcome


async def _proposed(job: Job, goal: str | None, text: str | None, asker: Talk | None) -> Proposal:
    if goal is None:
        return await job.propose(text or "", asker)
    return await job.resume_plan(goal, asker, text or "")


def _somebody(invocation: Invocation) -> bool:
    return not invocation.json and somebody_there()
