"""Runs the project's checks on the base before any model call: the baseline, and a test of the environment."""

from __future__ import annotations

from ostinato.base.errors import MachineError
from ostinato.base.text import clip, one_line
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.loop.evidence import checks_in
from ostinato.loop.workbench import Run
from ostinato.verify.runs import describe


async def check_base(run: Run, base: str) -> None:
    """Set up the proof checkout at `base` and keep each check's result as the baseline.

    Raises MachineError for a setup that fails and for a check that cannot run; a red check is only kept.
    """
    bench = run.bench
    await bench.places.proof.reset(base)
    bench.progress("setting up", run.session.id)
    await bench.places.ensure_setup(bench.places.proof)
    checks = checks_in(run, None)
    for check in bench.policy.project_checks:
        bench.progress(f"on the base: {check.command}", run.session.id)
        done = await checks.run(check, CheckPhase.BASE)
        run.baseline[done.command] = done
        if done.status is CheckStatus.INCONCLUSIVE:
            raise MachineError(_cannot_run(done))
    run.base_checked = True


def _cannot_run(done: CheckRun) -> str:
    lines = [line for line in done.output.splitlines() if line.strip()]
    said = f" ({clip(one_line(lines[-1]), 200)})" if lines else ""
    return (
        f"the project's check `{done.command}` {describe(done)} on the base{said}: "
        "make it run with [setup] commands in .ostinato/config.toml, or mend [verify] commands there"
    )
