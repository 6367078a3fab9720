"""Brings together what an attempt is judged by, and keeps every check's result as it comes."""

from __future__ import annotations

from ostinato.base.ids import IterationId, NodeId
from ostinato.graph.evidence import CheckRun
from ostinato.graph.types import Node
from ostinato.loop.workbench import Run, Workbench
from ostinato.verify.gates.gate import gates_of
from ostinato.verify.runs import CheckRunner
from ostinato.verify.verifier import Standards


def checks_in(run: Run, iteration: IterationId | None) -> CheckRunner:
    """Return a runner of checks in the proof checkout that stores each result before the next check begins."""
    bench = run.bench

    async def keep(done: CheckRun) -> None:
        await bench.store(
            lambda s: s.iterations.add_check_runs(
                bench.project.id, (done,), session_id=run.session.id, iteration_id=iteration
            )
        )

    return CheckRunner(bench.runner, bench.places.proof.path, bench.policy.check_timeout, keep)


async def standards_for(run: Run, task: Node) -> Standards:
    """Return what an attempt at `task` is judged by now."""
    policy = run.bench.policy
    red = await run.bench.store(lambda s: s.iterations.red_commands(task.id))
    forbidden = await run.bench.store(lambda s: s.decisions.prohibitions(task.project_id))
    return Standards(
        task=task,
        project_checks=policy.project_checks,
        proofs=await earlier_proofs(run.bench, run.goal.id, without=task.id),
        proof_cap=policy.proof_cap,
        protected=policy.protected,
        baseline=run.baseline,
        red=frozenset(red),
        prohibitions=tuple(forbidden),
        gates=gates_of(task, policy.gates),
    )


async def earlier_proofs(bench: Workbench, goal: NodeId, without: NodeId | None = None) -> tuple[Node, ...]:
    """Return the goal's completed tasks that have checks, the latest first: those most likely to be touched again."""
    done = await bench.store(lambda s: s.graph.completed(goal, with_checks=True))
    return tuple(task for task in done if task.id != without)


def baseline_after(run: Run, runs: tuple[CheckRun, ...]) -> None:
    """Take the project's checks of a committed attempt as the baseline of the next one."""
    for done in runs:
        if done.owner is None:
            run.baseline[done.command] = done
