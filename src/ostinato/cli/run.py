"""`ostinato run`: plan and ralph in one go, and with --land the landing too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.main_job import goal_text, job_options
from ostinato.cli.output import answer
from ostinato.cli.plan import plan_once
from ostinato.cli.ralph import ralph_document, ralph_lines, ralph_once


@click.command(
    cls=Command,
    examples=[
        'ostinato run "Add a --json option to every list command"',
        "ostinato run --file PRD.md --yes --max-time 8h --land",
    ],
)
@click.argument("goal", required=False)
@click.option("--file", type=click.Path(path_type=Path), help="Read the goal from a file (a PRD, an issue).")
@click.option("--yes", is_flag=True, help="Accept the plan without asking.")
@click.option("--no-input", is_flag=True, help="Ask nothing: the planner records its assumptions, the plan waits.")
@click.option("--land", is_flag=True, help="Land the goal when it is completed, as [land] how says.")
@job_options
@pass_invocation
def run(
    invocation: Invocation,
    goal: str | None,
    file: Path | None,
    yes: bool,
    no_input: bool,
    land: bool,
    **chosen: Any,
) -> int:
    """Plan GOAL, and once the plan is accepted work on it until it is reached or a limit stops it.

    Limits hold for each of the two sessions. Exit codes are those of `ostinato plan` and `ostinato ralph`.
    """
    text = goal_text(goal, file)
    planned = plan_once(invocation, text, chosen, answering="accept" if yes else "wait" if no_input else "ask")
    if planned.exit_code:
        answer(invocation, planned.document, planned.lines)
        return planned.exit_code
    if not invocation.json:
        click.echo("\n".join(planned.lines))
    result = ralph_once(invocation, planned.document["goal_id"], chosen)
    document, lines = ralph_document(result), list(ralph_lines(result))
    document["tasks"] = planned.document["tasks"]
    if land and result.exit_code == 0:
        from ostinato.app.land import LandOptions
        from ostinato.cli.land import land_document, land_lines, land_once

        landed = land_once(invocation, result.goal.id, LandOptions())
        document["landed"] = land_document(landed)
        lines = [*lines[:-1], *land_lines(landed)]
    answer(invocation, document, lines)
    return result.exit_code
