"""Verifies one attempt: reads the diff, runs every check that counts, judges. The caller prepares the checkout."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ostinato.base.clock import Clock
from ostinato.base.ids import NodeId
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.prohibitions import Prohibition
from ostinato.graph.types import Check, Node
from ostinato.verify.diff_rules import ChangedFile, paths_named, violations
from ostinato.verify.forbidden import against
from ostinato.verify.gates.gate import Found, Gates, examined
from ostinato.verify.judge import judge, refused
from ostinato.verify.runs import CheckRunner
from ostinato.verify.types import Change, Files, Verdict


@dataclass(frozen=True, slots=True)
class Standards:
    """What an attempt at `task` is judged by.

    `proofs` are the completed tasks whose checks must stay green, newest first; `proof_cap` bounds their time in
    seconds, None for no bound. `baseline` holds the project's checks on the base; `red` the task's commands ever seen
    red. `prohibitions` are what the project's decisions forbid now, `gates` what no change may add.
    """

    task: Node
    project_checks: tuple[Check, ...] = ()
    proofs: tuple[Node, ...] = ()
    proof_cap: float | None = None
    protected: tuple[str, ...] = ()
    baseline: Mapping[str, CheckRun] = field(default_factory=dict)
    red: frozenset[str] = frozenset()
    prohibitions: tuple[Prohibition, ...] = ()
    gates: Gates = field(default_factory=Gates)

    @property
    def ever_red(self) -> bool:
        """True when a check of the task, as it stands now, was ever red."""
        return any(check.command in self.red for check in self.task.task.checks)


async def verify(change: Change, standards: Standards, files: Files, checks: CheckRunner, clock: Clock) -> Verdict:
    """Return the verdict on a change whose tree stands in the checkout of `checks`.

    A diff that breaks a rule fails without running anything; red checks of the task spare the project's. A check that
    is both runs once.
    """
    found = await _read(change, standards, files)
    if found.reasons:
        return replace(refused(change, found.reasons, standards.ever_red), notes=found.notes)
    task = standards.task
    runs = await checks.run_all(task.task.checks, CheckPhase.ATTEMPT, task.id)
    if all(run.status is CheckStatus.PASSED for run in runs):
        runs += await _project_runs(standards, runs, checks)
        runs += await prove_again(standards.proofs, checks, clock, standards.proof_cap)
    return replace(judge(change, runs, standards.baseline, standards.ever_red), notes=found.notes)


async def prove_again(
    tasks: tuple[Node, ...], checks: CheckRunner, clock: Clock, cap: float | None
) -> tuple[CheckRun, ...]:
    """Run the checks of completed tasks again, in the order given, until all have run or `cap` seconds have passed."""
    until = None if cap is None else clock.monotonic() + cap
    runs: list[CheckRun] = []
    for task in tasks:
        for check in task.task.checks:
            if until is not None and clock.monotonic() >= until:
                return tuple(runs)
            runs.append(await checks.run_twice_when_red(check, CheckPhase.PROOF, task.id))
    return tuple(runs)


def broken_proofs(runs: tuple[CheckRun, ...]) -> tuple[NodeId, ...]:
    """Return the tasks whose proofs are red now, each once, in order."""
    red = (run.owner for run in runs if run.status is CheckStatus.FAILED and run.owner is not None)
    return tuple(dict.fromkeys(red))


async def _project_runs(
    standards: Standards, passed: tuple[CheckRun, ...], checks: CheckRunner
) -> tuple[CheckRun, ...]:
    """Run the project's checks. One that is the task's too, as its guard often is, has `passed` a moment ago."""
    known = {check.as_run: run for check, run in zip(standards.task.task.checks, passed, strict=True)}
    return tuple(
        [
            replace(known[check.as_run], owner=None)
            if check.as_run in known
            else await checks.run_twice_when_red(check, CheckPhase.ATTEMPT)
            for check in standards.project_checks
        ]
    )


async def _read(change: Change, standards: Standards, files: Files) -> Found:
    """Read the change without running it: the rules that it breaks, and what could not be looked at."""
    if change.empty:
        return Found()
    before = await files.read(change.base_tree, change.paths)
    after = await files.read(change.tree, change.paths)
    changed = [ChangedFile(path, before[path], after[path]) for path in change.paths]
    broken = await _broken_rules(change, changed, standards, files)
    found = await examined(changed, standards.task, standards.gates, change.tree, files)
    return Found(broken + found.reasons, found.notes)


async def _broken_rules(
    change: Change, changed: list[ChangedFile], standards: Standards, files: Files
) -> tuple[str, ...]:
    existing = await files.paths(change.base_tree)
    # The checks of earlier tasks protect themselves: they run again.
    commands = [check.command for check in (*standards.task.task.checks, *standards.project_checks)]
    protected = (*standards.protected, *paths_named(commands, existing))
    broken = violations(changed, standards.task.task.file_scope, protected)
    if not standards.prohibitions:
        return broken
    gone = existing - await files.paths(change.tree)
    # In a thread: to read every changed file as code takes its time, and the claim is renewed meanwhile.
    return broken + await asyncio.to_thread(against, changed, standards.prohibitions, gone)
