"""Carries out what a person answered about tasks in review: commit what was approved, re-queue what was rejected.

Approved work was verified against the goal's branch as it was then. When the branch has moved on since, the change is
merged onto it and verified again before it counts.
"""

from __future__ import annotations

from functools import partial

from ostinato.base.ids import IterationId
from ostinato.graph.approvals import Approval
from ostinato.graph.types import Node, Status
from ostinato.loop.evidence import baseline_after, checks_in, standards_for
from ostinato.loop.ports import GoalBranch
from ostinato.loop.store_ports import StorePort, tasks_of
from ostinato.loop.workbench import Run
from ostinato.verify.types import Change, VerdictKind
from ostinato.verify.verifier import verify


def answered_review(store: StorePort, task: Node) -> Approval | None:
    """Return the newest answered question about a task that is still in review, or None."""
    if task.status is not Status.REVIEW:
        return None
    newest = [a for a in store.approvals.for_node(task.id) if a.kind == "review"][:1]
    return newest[0] if newest and newest[0].answer else None


async def integrate_answers(run: Run) -> None:
    """Carry out every answer about this goal's tasks that has not been carried out yet."""
    # Most goals have none in review, and to count costs a fifth of reading them all.
    if Status.REVIEW not in await run.bench.store(lambda s: s.graph.counts(run.goal.id)):
        return
    nodes = await run.bench.store(lambda s: s.graph.descendants(run.goal.id))
    for task in tasks_of(nodes):
        if task.status is not Status.REVIEW:
            continue
        answer = await run.bench.store(partial(answered_review, task=task))
        if answer and answer.answer == "approved":
            await _integrate(run, task, answer)
            run.since_completed = 0


async def _integrate(run: Run, task: Node, answer: Approval) -> None:
    bench = run.bench
    tip = await bench.branch.tip(run.goal.id)
    commit, base = str(answer.payload["commit"]), str(answer.payload["base"])
    iteration = IterationId(str(answer.payload["iteration"]))
    if not commit or tip == base:
        await bench.store(lambda s: approve_as_it_is(s, bench.branch, run.goal, task, answer))
        return
    change = await bench.branch.merged(tip, commit)
    if change is None:
        why = "approved, but it conflicts with commits made since"
        await bench.store(lambda s: s.reviews.reject(task.id, iteration, why, bench.policy.attempts))
        return
    await _prove_and_commit(run, task, iteration, change, tip)


async def _prove_and_commit(run: Run, task: Node, iteration: IterationId, change: Change, tip: str) -> None:
    bench = run.bench
    bench.progress(f"verifying {task.id} on the present branch", run.session.id)
    await bench.places.proof.reset_to_tree(change.tree, tip)
    await bench.places.ensure_setup(bench.places.proof)
    verdict = await verify(change, await standards_for(run, task), bench.files, checks_in(run, iteration), bench.clock)
    if verdict.kind is not VerdictKind.PASSED:
        why = f"approved, but red on the present branch: {'; '.join(verdict.reasons)}"
        await bench.store(lambda s: s.reviews.reject(task.id, iteration, why, bench.policy.attempts))
        return
    message = bench.commit_message(task, "", run.goal.id, iteration)
    commit = await bench.branch.prepare_commit(change.tree, tip, message)
    await bench.store(
        lambda s: s.reviews.approve(
            task.id, iteration, commit, before_commit=lambda: bench.branch.advance(run.goal.id, tip, commit)
        )
    )
    baseline_after(run, verdict.runs)


def approve_as_it_is(store: StorePort, branch: GoalBranch, goal: Node, task: Node, answer: Approval) -> None:
    """Complete approved work whose base is the tip of the branch; ClaimLostError when the branch moved meanwhile."""
    commit, base = str(answer.payload["commit"]), str(answer.payload["base"])
    iteration = IterationId(str(answer.payload["iteration"]))
    if not commit:
        store.reviews.approve(task.id, iteration, None, before_commit=None)
        return
    store.reviews.approve(task.id, iteration, commit, before_commit=lambda: branch.advance(goal.id, base, commit))
