"""From evidence to verdict: pure rules. The model is not asked."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping

from ostinato.base.text import clip, one_line
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.verify.runs import describe
from ostinato.verify.types import Change, Verdict, VerdictKind


def judge(change: Change, runs: tuple[CheckRun, ...], baseline: Mapping[str, CheckRun], ever_red: bool) -> Verdict:
    """Judge an attempt from the runs of its checks; `baseline` holds the project's checks as they were on the base.

    Inconclusive evidence never makes a pass; a red one makes a fail whatever else is inconclusive.
    """
    red = [(run, reason) for run in runs if (reason := _red_reason(run, baseline))]
    unclear = [run for run in runs if run.status is CheckStatus.INCONCLUSIVE and not _was_unclear(run, baseline)]
    reasons = tuple(reason for _, reason in red) + tuple(f"`{_short(r.command)}` {describe(r)}" for r in unclear)
    kind = VerdictKind.FAILED if red else VerdictKind.INCONCLUSIVE if unclear else VerdictKind.PASSED
    return Verdict(
        kind=kind,
        reasons=reasons,
        runs=runs,
        fingerprint="" if kind is VerdictKind.PASSED else fingerprint(change, [*[r for r, _ in red], *unclear]),
        ever_red=ever_red,
        flaky=tuple(run.command for run in runs if run.flaky),
    )


def refused(change: Change, reasons: tuple[str, ...], ever_red: bool) -> Verdict:
    """Return the failed verdict of a change whose diff already breaks a rule; no check was run."""
    digest = hashlib.sha256("\0".join((change.tree, *reasons)).encode()).hexdigest()
    return Verdict(VerdictKind.FAILED, reasons, (), digest, ever_red)


def fingerprint(change: Change, runs: Iterable[CheckRun]) -> str:
    """Return a digest equal for the same tree with the same failing evidence (commands, exit codes, failing tests).

    Output is left out on purpose: it holds times and addresses.
    """
    lines = sorted(f"{run.command}\0{run.exit_code}\0{'|'.join(run.failing_tests)}" for run in runs)
    return hashlib.sha256("\n".join((change.tree, *lines)).encode()).hexdigest()


def newly_failing(run: CheckRun, before: CheckRun) -> Collection[str] | None:
    """Return the tests that fail now and did not on the base, or None when the runner told no names."""
    if not run.failing_tests or not before.failing_tests:
        return None
    return sorted(set(run.failing_tests) - set(before.failing_tests))


def _red_reason(run: CheckRun, baseline: Mapping[str, CheckRun]) -> str | None:
    if run.status is not CheckStatus.FAILED:
        return None
    name = f"`{_short(run.command)}`"
    before = baseline.get(run.command) if run.owner is None else None
    if before is not None and before.status is CheckStatus.FAILED:
        new = newly_failing(run, before)
        return f"{name} fails tests that passed before: {', '.join(new)}" if new else None
    tests = f": {', '.join(run.failing_tests[:10])}" if run.failing_tests else _last_line(run.output)
    broken = f"breaks {run.owner}, which was proven: " if run.phase is CheckPhase.PROOF else ""
    return f"{broken}{name} {describe(run)}{tests}"


def _was_unclear(run: CheckRun, baseline: Mapping[str, CheckRun]) -> bool:
    before = baseline.get(run.command) if run.owner is None else None
    return before is not None and before.status is CheckStatus.INCONCLUSIVE


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return f": {clip(one_line(lines[-1]), 160)}" if lines else ""


def _short(command: str) -> str:
    return clip(one_line(command), 100)
