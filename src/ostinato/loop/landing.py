"""Proves a goal's branch once more, whole, before it reaches the person's branch. Git's part is behind a port."""

from __future__ import annotations

from dataclasses import dataclass

from ostinato.base.errors import UsageError
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.types import Node
from ostinato.loop.evidence import checks_in, earlier_proofs
from ostinato.loop.workbench import Run
from ostinato.verify.judge import judge
from ostinato.verify.types import Change, Verdict, VerdictKind
from ostinato.verify.verifier import broken_proofs, prove_again


@dataclass(frozen=True, slots=True)
class Proof:
    """The tip that was proven, and how many checks said so."""

    tip: str
    checks: int


async def prove_whole(run: Run, goal: Node, tip: str, base: str) -> Proof:
    """Run the project's checks and those of every completed task of `goal` on `tip`; red ones raise UsageError by name.

    What was red on `base` (where the person's branch stands) does not count.
    """
    bench = run.bench
    await _set_up(run, tip)
    checks = checks_in(run, None)
    runs: tuple[CheckRun, ...] = ()
    for check in bench.policy.project_checks:
        bench.progress(f"proving: {check.command}")
        runs += (await checks.run_twice_when_red(check, CheckPhase.PROOF),)
    proofs = await earlier_proofs(bench, goal.id)
    runs += await prove_again(proofs, checks, bench.clock, None)
    red = [r for r in runs if r.owner is None and r.status is CheckStatus.FAILED]
    baseline = await _on_base(run, base, red) if red else {}
    verdict = judge(Change(base, tip, ""), runs, baseline, ever_red=True)
    if verdict.kind is not VerdictKind.PASSED:
        raise UsageError(_refusal(goal, verdict))
    return Proof(tip, len(runs))


async def _on_base(run: Run, base: str, red: list[CheckRun]) -> dict[str, CheckRun]:
    await _set_up(run, base)
    checks = checks_in(run, None)
    wanted = {r.command for r in red}
    return {
        check.command: await checks.run(check, CheckPhase.BASE)
        for check in run.bench.policy.project_checks
        if check.command in wanted
    }


async def _set_up(run: Run, commit: str) -> None:
    await run.bench.places.proof.reset(commit)
    await run.bench.places.ensure_setup(run.bench.places.proof)


def _refusal(goal: Node, verdict: Verdict) -> str:
    broken = ", ".join(broken_proofs(verdict.runs))
    tasks = f"; `ostinato tasks reopen` puts {broken} back to work" if broken else ""
    return f"{goal.id} is not landed, its branch is not proven: {'; '.join(verdict.reasons)}{tasks}"
