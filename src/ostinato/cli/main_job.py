"""What `plan`, `ralph`, `run` and `land` share: their options, how they run asyncio under Ctrl-C, their documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from ostinato.base.errors import UsageError
from ostinato.cli.layout import give_terminal_back, take_line_away
from ostinato.cli.output import remark

if TYPE_CHECKING:
    from ostinato.app.job import JobOptions
    from ostinato.cli.context import Invocation
    from ostinato.loop.interruption import Interruption

P = ParamSpec("P")
R = TypeVar("R")

_DURATION = re.compile(r"^(\d+(?:\.\d+)?)\s*(s|m|h|d)?$")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Duration(click.ParamType[float]):
    """A length of time: `90`, `90s`, `30m`, `2h`; a plain number is seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        found = _DURATION.match(str(value).strip())
        if not found or float(found[1]) <= 0:
            self.fail(f"{value!r} is no length of time; write 90s, 30m or 2h", param, ctx)
        return float(found[1]) * _SECONDS[found[2] or "s"]


def job_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add the options that plan, ralph and run take."""
    for option in reversed(
        (
            click.option(
                "--model",
                metavar="PROVIDER:MODEL",
                help="The model for every role, asked alone [env: OSTINATO_MODEL].",
            ),
            click.option(
                "--fallback",
                metavar="PROVIDER:MODEL",
                help="Asked while the model is down or out of quota [env: OSTINATO_FALLBACK].",
            ),
            click.option(
                "--autonomy",
                type=click.Choice(["full", "supervised"]),
                help="Whether planning waits for your word (supervised, the default) or not (full); what no check "
                "proves waits in both.",
            ),
            click.option(
                "--max-iterations", type=click.IntRange(min=1), metavar="N", help="Stop after this many iterations."
            ),
            click.option(
                "--max-tokens",
                type=click.IntRange(min=1),
                metavar="N",
                help="Stop before this many tokens are exceeded.",
            ),
            click.option(
                "--max-cost",
                type=click.FloatRange(min=0, min_open=True),
                metavar="DOLLARS",
                help="Stop when this many US dollars are spent.",
            ),
            click.option("--max-time", type=Duration(), help="Stop after this time: 90s, 30m, 2h."),
            click.option(
                "--record",
                type=click.Path(path_type=Path, dir_okay=False, resolve_path=True),
                metavar="FILE",
                help="Write down all that the run is told, for `ostinato replay`; secrets are cut out.",
            ),
            click.option("--replace", is_flag=True, help="Let --record replace a file."),
        )
    ):
        command = option(command)
    return command


def one_of(chosen: dict[str, Any], *names: str) -> str | None:
    """Take the flags `names` out of what was chosen; return the one that was given. Raises UsageError for two."""
    given = [name for name in names if chosen.pop(name)]
    if len(given) > 1:
        raise UsageError(f"--{given[0]} and --{given[1]} do not go together: say one of them")
    return given[0] if given else None


def options_of(invocation: Invocation, chosen: dict[str, Any]) -> JobOptions:
    """Return what the person chose, as the composition root takes it; from then on the command counts as writing."""
    from ostinato.app.job import JobOptions

    if chosen["replace"] and chosen["record"] is None:
        raise UsageError("--replace is about the file of --record: name that too")
    invocation.touched = True
    return JobOptions(
        database=invocation.database,
        project=invocation.project_name,
        model=chosen["model"],
        fallback=chosen["fallback"],
        autonomy=chosen["autonomy"],
        max_iterations=chosen["max_iterations"],
        max_tokens=chosen["max_tokens"],
        max_cost=chosen["max_cost"],
        max_time=chosen["max_time"],
        critique=chosen.get("critique", False),
        record=chosen["record"],
        record_over=chosen["replace"],
        record_more=chosen.get("record_more", False),
    )


def run_interruptible(
    invocation: Invocation, interruption: Interruption, work: Callable[[], Coroutine[Any, Any, R]]
) -> R:
    """Run `work` to its end. The first Ctrl-C (or SIGTERM) asks for a clean end, the second ends the process now.

    After the second nothing is tidied up: the next run recovers.
    """
    import asyncio
    import os
    import signal

    def interrupted() -> None:
        if interruption.diverted():
            return
        if interruption.asked:
            give_terminal_back()
            os._exit(130)
        interruption.ask()
        if not invocation.json:
            take_line_away()
        remark(invocation, "stopping after the present step; Ctrl-C again stops now (the next run recovers)")

    async def main() -> R:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, interrupted)
        return await work()

    return asyncio.run(main())


def goal_text(words: str | None, file: Any) -> str:
    """Return the goal in words from the argument or the file, exactly one of which must be given and hold text."""
    if words is not None and file is not None:
        raise UsageError("the goal is said twice: give it in words or by --file")
    if words is None and file is None:
        raise UsageError('say what is wanted: `ostinato plan "…"` or `ostinato plan --file FILE`')
    if file is None:
        text = words or ""
    else:
        try:
            text = file.read_text("utf-8-sig")
        except OSError as error:
            raise UsageError(f"cannot read {file}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"cannot read {file}: it is not UTF-8 text") from error
    if not text.strip():
        raise UsageError("the goal is empty: say in words what is wanted")
    if "\0" in text:
        raise UsageError("the goal holds NUL characters: it is not text")
    return text
