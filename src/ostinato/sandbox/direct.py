"""Runs commands without a sandbox, for people who said `sandbox = "none"`. It protects nothing.

What holds still: a clean environment without secrets, no input, time limits, bounded output, no process left.
"""

from __future__ import annotations

import os
import secrets
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from ostinato.sandbox.bubblewrap import inside_work
from ostinato.sandbox.capture import capture
from ostinato.sandbox.profile import Machine, SandboxProfile, environment
from ostinato.verify.types import CommandResult

_MARK = "OSTINATO_RUN"
_WORK_PREFIX = "/work"


class DirectRunner:
    """Runs commands in the checkout itself, with a HOME of its own below the state directory."""

    def __init__(self, profile: SandboxProfile, machine: Machine | None = None) -> None:
        self._profile = profile
        self._machine = machine or Machine.present()

    async def run(
        self, command: str, checkout: Path, *, timeout: float, working_dir: str | None = None
    ) -> CommandResult:
        """Run `command` with `sh -c`; see `verify.types.CommandRunner`."""
        home = checkout.parent / "plain-home"
        home.mkdir(exist_ok=True)
        inside = inside_work(working_dir).removeprefix(_WORK_PREFIX).lstrip("/")
        return await self._run(command, checkout / inside, home, timeout, setup=False)

    async def run_setup(self, command: str, checkout: Path, home: Path, timeout: float) -> CommandResult:
        """Run a setup command with `home` as HOME."""
        return await self._run(command, checkout, home, timeout, setup=True)

    async def _run(self, command: str, cwd: Path, home: Path, timeout: float, *, setup: bool) -> CommandResult:
        mark = secrets.token_hex(8)
        env = environment(self._profile, self._machine, setup=setup, home=str(home))
        env[_MARK] = mark
        try:
            argv = ("/bin/sh", "-c", 'ulimit -c 0; exec /bin/sh -c "$1"', "sh", command)
            done = await capture(argv, cwd=cwd, env=env, timeout=timeout)
        finally:
            _kill_marked(f"{_MARK}={mark}".encode())
        return CommandResult(done.exit_code, done.stdout, done.stderr, done.seconds, done.truncated)


def _kill_marked(mark: bytes) -> None:
    """Kill what left the process group but still carries the mark in its environment; Linux only."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in entry.read_bytes():
                os.kill(int(entry.parent.name), signal.SIGKILL)
        except OSError:
            continue


if TYPE_CHECKING:
    from ostinato.verify.types import CommandRunner

    def _fits(runner: DirectRunner) -> CommandRunner:
        return runner
