"""`ostinato ralph`: iterations until the goal is reached or a limit stops them."""

from __future__ import annotations

from typing import Any

import click

from ostinato.base.errors import UsageError
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.main_job import job_options, one_of
from ostinato.cli.output import answer
from ostinato.cli.ralph_run import ralph_document, ralph_lines, ralph_once


@click.command(
    cls=Command,
    examples=[
        "ostinato ralph",
        "ostinato ralph os-1f0c9a2e --max-time 8h --max-cost 20",
        "ostinato --json ralph --max-iterations 1",
        "ostinato ralph --detach --max-time 8h",
        "ostinato ralph --attach",
    ],
)
@click.argument("goal", required=False)
@click.option("--detach", is_flag=True, help="Run in the background, with a log; return once it runs.")
@click.option("--attach", is_flag=True, help="Show the run that is under way; Ctrl-C leaves it running.")
@click.option("--stop", is_flag=True, help="Ask the run that is under way to end after its present step.")
@job_options
@pass_invocation
def ralph(invocation: Invocation, goal: str | None, **chosen: Any) -> int:
    """Work on GOAL (an id; without one, on the project's only open goal) until it is reached or a limit stops it.

    Takes one ready task at a time in a fresh context and a checkout of its own; commits to the goal's branch what
    passed its checks, and keeps the rest as evidence. What dead runs left is recovered first.

    A run in the background survives the terminal. `ostinato say`, `pause` and `resume` steer any run.

    Exit codes: 0 goal completed, 3 nothing ready, 4 limit reached, 5 waiting for approval, 6 stuck, 7 provider failed,
    8 environment, 130 interrupted.
    """
    mode = one_of(chosen, "detach", "attach", "stop")
    if mode is not None:
        return _other_than_here(invocation, mode, goal, chosen)
    result = ralph_once(invocation, goal, chosen)
    answer(invocation, ralph_document(result), ralph_lines(result))
    return result.exit_code


def _other_than_here(invocation: Invocation, mode: str, goal: str | None, chosen: dict[str, Any]) -> int:
    if mode == "detach":
        from ostinato.cli.background import detach

        return detach(invocation, goal, chosen)
    if given := [name for name, value in chosen.items() if value is not None and _on_command_line(name)]:
        raise UsageError(f"--{mode} starts nothing: leave out --{given[0].replace('_', '-')}")
    from ostinato.cli.watching import attach, stop

    return attach(invocation, goal) if mode == "attach" else stop(invocation, goal)


def _on_command_line(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is click.core.ParameterSource.COMMANDLINE
