"""Runs checks and says how each ended. It does not judge what the results mean together (`verify.judge`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from ostinato.base.ids import NodeId
from ostinato.base.text import head_and_tail
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.types import Check
from ostinato.verify.failing_tests import failing_tests
from ostinato.verify.types import CommandResult, CommandRunner

OUTPUT_KEPT = 16_000
_NOT_EXECUTABLE = 126
_NOT_FOUND = 127
_SIGNAL_BASE = 128
_LAST_SIGNAL = 64
_KILLED = frozenset({-9, -15, _SIGNAL_BASE + 9, _SIGNAL_BASE + 15})

OnRun = Callable[[CheckRun], Awaitable[None]]


def status_of(exit_code: int | None) -> CheckStatus:
    """Tell passed, failed or inconclusive: a time-out, a signal, 126 and 127 prove nothing either way.

    A shell reports a child's death by signal n as 128 + n.
    """
    if exit_code == 0:
        return CheckStatus.PASSED
    if exit_code is None or exit_code < 0 or exit_code in {_NOT_EXECUTABLE, _NOT_FOUND}:
        return CheckStatus.INCONCLUSIVE
    if _SIGNAL_BASE < exit_code <= _SIGNAL_BASE + _LAST_SIGNAL:
        return CheckStatus.INCONCLUSIVE
    return CheckStatus.FAILED


def describe(run: CheckRun, timeout: float | None = None) -> str:
    """Say in a few words how a run ended: `exit 1`, `timed out after 5 s`, `cannot run (exit 127)`, `signal 9`."""
    code = run.exit_code
    if code is None:
        return f"timed out after {timeout or run.seconds:.0f} s"
    if code in {_NOT_EXECUTABLE, _NOT_FOUND}:
        return f"cannot run (exit {code})"
    if run.status is CheckStatus.INCONCLUSIVE:
        return f"ended by signal {-code if code < 0 else code - _SIGNAL_BASE}"
    return f"exit {code}"


class CheckRunner:
    """Runs checks in one checkout and tells `on_run` of each result before the next begins."""

    def __init__(self, runner: CommandRunner, checkout: Path, default_timeout: float, on_run: OnRun) -> None:
        self._runner = runner
        self._checkout = checkout
        self._default_timeout = default_timeout
        self._on_run = on_run

    async def run(self, check: Check, phase: CheckPhase, owner: NodeId | None = None) -> CheckRun:
        """Run one check once."""
        run = await self._once(check, phase, owner)
        await self._on_run(run)
        return run

    async def run_all(
        self, checks: Iterable[Check], phase: CheckPhase, owner: NodeId | None = None
    ) -> tuple[CheckRun, ...]:
        """Run the checks in order, all of them whatever their results."""
        return tuple([await self.run(check, phase, owner) for check in checks])

    async def run_twice_when_red(self, check: Check, phase: CheckPhase, owner: NodeId | None = None) -> CheckRun:
        """Run a check that was green before; when it is red now, run it once more: green then means flaky."""
        first = await self._once(check, phase, owner)
        if first.status is CheckStatus.FAILED:
            second = await self._once(check, phase, owner)
            if second.status is CheckStatus.PASSED:
                first = _marked_flaky(second, first)
        await self._on_run(first)
        return first

    async def _once(self, check: Check, phase: CheckPhase, owner: NodeId | None) -> CheckRun:
        result = await self._result(check)
        if result.exit_code in _KILLED:
            # Somebody else did that, short memory or a person: it says nothing about the tree, so it may try again.
            result = await self._result(check)
        return _record(check, result, phase, owner)

    async def _result(self, check: Check) -> CommandResult:
        timeout = check.timeout or self._default_timeout
        return await self._runner.run(check.command, self._checkout, timeout=timeout, working_dir=check.working_dir)


def _record(check: Check, result: CommandResult, phase: CheckPhase, owner: NodeId | None) -> CheckRun:
    output = result.stdout
    if result.stderr:
        output = f"{output.rstrip()}\n{result.stderr}" if output else result.stderr
    status = status_of(result.exit_code)
    return CheckRun(
        command=check.command,
        status=status,
        exit_code=result.exit_code,
        seconds=result.seconds,
        output=head_and_tail(output, OUTPUT_KEPT),
        phase=phase,
        owner=owner,
        failing_tests=failing_tests(output) if status is CheckStatus.FAILED else (),
    )


def _marked_flaky(green: CheckRun, red: CheckRun) -> CheckRun:
    return CheckRun(
        command=green.command,
        status=CheckStatus.PASSED,
        exit_code=green.exit_code,
        seconds=green.seconds + red.seconds,
        output=red.output,
        phase=green.phase,
        owner=green.owner,
        flaky=True,
        failing_tests=red.failing_tests,
    )
