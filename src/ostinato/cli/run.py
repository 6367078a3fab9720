"""`ostinato run`: plan and ralph in one go, and with --land the landing too."""

from __future__ import annotations

from typing import Any

import click

from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.main_job import job_options
from ostinato.cli.output import answer, folded
from ostinato.cli.plan import plan_once, plan_options, request_of
from ostinato.cli.ralph_run import ralph_document, ralph_lines, ralph_once

_OVER = ("  branch ", "  next: ")
"""The lines on a run that landing makes untrue."""


@click.command(
    cls=Command,
    examples=[
        'ostinato run "Add a --json option to every list command"',
        "ostinato run",
        "ostinato run --file PRD.md --yes --max-time 8h --land",
    ],
)
@plan_options
@click.option("--land", is_flag=True, help="Land the goal when it is completed, as [land] how says.")
@job_options
@pass_invocation
def run(
    invocation: Invocation,
    land: bool,
    **chosen: Any,
) -> int:
    """Plan GOAL, and once the plan is accepted work on it until it is reached or a limit stops it.

    On a terminal the plan is talked over as with `ostinato plan`. Limits hold for each of the two sessions. Exit codes
    are those of `ostinato plan` and `ostinato ralph`.
    """
    planned = plan_once(invocation, request_of(invocation, chosen), chosen)
    if planned.exit_code:
        answer(invocation, planned.document, folded(planned.lines))
        return planned.exit_code
    if not invocation.json:
        # What comes next is done here.
        click.echo("\n".join(folded(line.partition(" Next: ")[0] for line in planned.lines)))
    chosen["record_more"] = chosen["record"] is not None
    result = ralph_once(invocation, planned.document["goal_id"], chosen)
    document, lines = ralph_document(result), list(ralph_lines(result))
    document["tasks"] = planned.document["tasks"]
    if land and result.exit_code == 0:
        from ostinato.app.land import LandOptions
        from ostinato.cli.land import land_document, land_lines, land_once

        landed = land_once(invocation, result.goal.id, LandOptions())
        document["landed"] = land_document(landed)
        lines = [*(line for line in lines if not line.startswith(_OVER)), *land_lines(landed)]
    answer(invocation, document, lines)
    return result.exit_code
