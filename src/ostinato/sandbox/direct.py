"""Runs commands without a sandbox, for people who said `sandbox = "none"`. It protects nothing.

What holds still: a clean environment without secrets, no input, time limits, bounded output, and no process left
behind. When the harness is killed, the command's process group dies with it; only what left that group by itself
(setsid) lives on then. There is no /work here: commands see the checkout at its own path.
"""

from __future__ import annotations

import os
import secrets
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from ostinato.sandbox.bubblewrap import LIMITS, inside_work
from ostinato.sandbox.capture import Given, capture
from ostinato.sandbox.profile import WORK, Machine, SandboxProfile, configuration_variables, environment
from ostinato.verify.types import CommandResult, OutputSink

_MARK = "OSTINATO_RUN"
# Standard input is a pipe that the harness holds open: its end means that the harness is dead, and takes the group with
# it. Forked twice, so that the command does not find a child that it did not make.
_SHELL = (
    "/bin/sh",
    "-c",
    "exec 3<&0 </dev/null; ( ( cat <&3; kill -KILL 0 ) >/dev/null 2>&1 & ); exec 3<&-; "
    f'{LIMITS} cd "$1" && exec /bin/sh -c "$2"',
    "sh",
)
_SWEEPS = 100


class DirectRunner:
    """Runs commands in the checkout itself, with a HOME of its own beside it."""

    def __init__(self, profile: SandboxProfile, machine: Machine | None = None) -> None:
        self._profile = profile
        self._machine = machine or Machine.present()

    async def run(
        self,
        command: str,
        checkout: Path,
        *,
        timeout: float,
        working_dir: str | None = None,
        sink: OutputSink | None = None,
    ) -> CommandResult:
        """Run `command` with `sh -c`; see `verify.types.CommandRunner`."""
        home = checkout.parent / "plain-home"
        home.mkdir(exist_ok=True)
        inside = Path(inside_work(working_dir)).relative_to(WORK)
        return await self._run(command, checkout, str(inside), home, timeout, sink=sink)

    async def run_setup(self, command: str, checkout: Path, home: Path, timeout: float) -> CommandResult:
        """Run a setup command with `home` as HOME."""
        return await self._run(command, checkout, ".", home, timeout, setup=True)

    async def _run(
        self,
        command: str,
        checkout: Path,
        inside: str,
        home: Path,
        timeout: float,
        *,
        setup: bool = False,
        sink: OutputSink | None = None,
    ) -> CommandResult:
        mark = f"{_MARK}={secrets.token_hex(8)}"
        kept = self._profile.setup_home
        env = environment(self._profile, self._machine, setup=setup, home=str(home), setup_home=kept)
        if setup:
            env |= configuration_variables(self._machine)
        older = _processes()
        lifeline, held = os.pipe()
        try:
            done = await capture(
                [*_SHELL, inside, command],
                cwd=checkout,
                env={**env, _MARK: mark.partition("=")[2]},
                timeout=timeout,
                given=Given(lifeline),
                sweep=lambda: _kill_marked(mark.encode(), older),
                sink=sink,
            )
        finally:
            os.close(lifeline)
            os.close(held)
        return CommandResult(done.exit_code, done.stdout, done.stderr, done.seconds, done.truncated)


def _kill_marked(mark: bytes, older: frozenset[str]) -> None:
    """Kill what left the process group but still carries the mark in its environment; Linux only.

    `older` ran before the command began, and are not looked at: a machine has hundreds of processes. A process that
    forks and ends while /proc is read leaves a child that was not listed, and what was listed cannot be read any more.
    So it looks again until a look kills nothing and nothing has become unreadable since the one before.
    """
    before: set[str] = set()
    for _ in range(_SWEEPS):
        again, unreadable = False, set[str]()
        for number in _processes() - older:
            process = Path("/proc", number)
            try:
                variables = (process / "environ").read_bytes()
                if mark in variables.split(b"\0"):
                    os.kill(int(number), signal.SIGKILL)
                    again = True
                elif not variables:
                    again |= _begins(process)
            except PermissionError:
                continue  # Another person's.
            except OSError:
                unreadable.add(number)
        if not again and unreadable <= before:
            return
        before = unreadable


def _processes() -> frozenset[str]:
    """Return the numbers of all processes, none where there is no /proc."""
    try:
        return frozenset(filter(str.isdecimal, os.listdir("/proc")))  # noqa: PTH208 - names are all that is wanted
    except OSError:
        return frozenset()


def _begins(process: Path) -> bool:
    """Tell whether it is about to run a program, and Linux has not laid out the environment yet (`env_end` is 0)."""
    (process / "exe").readlink()  # Fails for kernel threads and for what has ended: they have no environment at all.
    return (process / "stat").read_bytes().rpartition(b")")[2].split()[48] == b"0"


if TYPE_CHECKING:
    from ostinato.verify.types import CommandRunner

    def _fits(runner: DirectRunner) -> CommandRunner:
        return runner
