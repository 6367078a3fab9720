"""`ostinato sandbox`: one command in the present directory, as an agent's command would run. It judges nothing."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from ostinato.base.errors import UsageError
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation, repository_top
from ostinato.cli.output import json_line, remark
from ostinato.config.load import load_settings
from ostinato.config.paths import user_config_file
from ostinato.config.settings import Settings
from ostinato.verify.types import CommandResult

_TIMED_OUT = 124
_SIGNAL_BASE = 128


@click.command(
    cls=Command,
    context_settings={"allow_interspersed_args": False},
    examples=("ostinato sandbox -- pytest -q", "ostinato sandbox -- 'ls -la /work; env'"),
)
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="A time limit.")
@click.argument("words", metavar="COMMAND", nargs=-1, required=True, type=click.UNPROCESSED)
@pass_invocation
def sandbox(invocation: Invocation, timeout: float | None, words: tuple[str, ...]) -> int:
    """Run COMMAND in the present directory exactly as an agent's command would run.

    The directory is seen as /work and may be changed; there is no network, no home and nothing of your environment.
    One word is given to the shell as it is, several are quoted. Exits with the command's code, with 124 when the time
    is over.
    """
    here = Path.cwd()
    found = repository_top(here)
    top = Path(found) if found else None
    loaded = load_settings(top, user_config_file(os.environ), os.environ)
    if loaded.settings.sandbox.mode == "none":
        where = loaded.sources.get("sandbox.mode", "the configuration")
        raise UsageError(f"the sandbox is turned off ({where}): commands run as in your own shell")
    command = words[0] if len(words) == 1 else shlex.join(words)
    result = _run(command, here, top, loaded.settings, timeout)
    if invocation.json:
        json_line(
            {
                "exit_code": result.exit_code,
                "stdout": result.stdout,
                "stderr": result.stderr,
                "seconds": round(result.seconds, 3),
                "truncated": result.truncated,
            }
        )
    else:
        # Not cleaned: it is the person's own command, and its bytes are the answer.
        click.echo(result.stdout.encode("utf-8", "replace"), nl=False)
        click.echo(result.stderr.encode("utf-8", "replace"), nl=False, err=True)
    if result.exit_code is None:
        remark(invocation, f"ostinato: the command was ended after {result.seconds:.0f} s")
        return _TIMED_OUT
    return result.exit_code if result.exit_code >= 0 else _SIGNAL_BASE - result.exit_code


def _run(command: str, here: Path, top: Path | None, settings: Settings, timeout: float | None) -> CommandResult:
    import asyncio

    from ostinato.git.repository import Repository
    from ostinato.sandbox.bubblewrap import BubblewrapRunner
    from ostinato.sandbox.profile import SandboxProfile

    profile = SandboxProfile(
        objects=() if top is None else Repository(top).object_directories(),
        read_only=settings.sandbox.read_only,
        env=settings.sandbox.env,
    )
    runner = BubblewrapRunner(profile)
    return asyncio.run(runner.run(command, here, timeout=timeout or settings.verify.timeout))
