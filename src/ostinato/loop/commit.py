"""Ends an iteration for good: commit, record and branch move together, or not at all."""

from __future__ import annotations

from dataclasses import replace

from ostinato.base.errors import ClaimLostError
from ostinato.graph.iterations import Claim, Ending, Iteration
from ostinato.graph.types import Node
from ostinato.loop.course import park_with_question
from ostinato.loop.decide import Action, Decision
from ostinato.loop.evidence import baseline_after
from ostinato.loop.finished import FinishedIteration
from ostinato.loop.workbench import Run
from ostinato.verify.types import Change


async def conclude(
    run: Run, claim: Claim, task: Node, iteration: Iteration, change: Change, finished: FinishedIteration
) -> Decision:
    """Record the iteration and, when it passed, move the goal's branch inside the same transaction.

    The claim's token is checked there, so a late worker neither writes nor commits. When the branch has moved or the
    claim is gone, nothing is recorded but a release. Returns the decision that was carried out.
    """
    bench = run.bench
    action = finished.decision.action
    try:
        if action is Action.DONE and not change.empty:
            await _commit(run, claim, task, iteration, change, finished)
        elif action is Action.REVIEW:
            await _put_to_review(run, claim, task, iteration, change, finished)
        elif finished.decision.question:
            await park_with_question(run, claim, task, iteration, finished)
        else:
            await bench.store(lambda s: s.iterations.finish(claim, finished))
    except ClaimLostError as error:
        return await _lost(run, claim, finished, error)
    if action is Action.DONE and finished.verdict is not None:
        baseline_after(run, finished.verdict.runs)
    return finished.decision


async def _commit(
    run: Run, claim: Claim, task: Node, iteration: Iteration, change: Change, finished: FinishedIteration
) -> None:
    bench, goal, base = run.bench, run.goal.id, iteration.base_commit
    # What ended a circle is the harness's word, and no news for who reads the history.
    said = "" if finished.ending is Ending.CIRCLING else finished.message
    message = bench.commit_message(task, said, goal, iteration.id)
    commit = await bench.branch.prepare_commit(change.tree, base, message)
    recorded = replace(finished, commit=commit)
    await bench.store(
        lambda s: s.iterations.finish(claim, recorded, before_commit=lambda: bench.branch.advance(goal, base, commit))
    )


async def _put_to_review(
    run: Run, claim: Claim, task: Node, iteration: Iteration, change: Change, finished: FinishedIteration
) -> None:
    """Keep the verified commit under a ref of ours and ask a person, in one transaction with the record."""
    bench, base = run.bench, iteration.base_commit
    commit = ""
    if not change.empty:
        message = bench.commit_message(task, finished.message, run.goal.id, iteration.id)
        commit = await bench.branch.prepare_commit(change.tree, base, message)
        await bench.branch.keep(iteration.id, commit)
    payload = {"iteration": iteration.id, "commit": commit, "base": base}
    question = f"{task.title}: {finished.decision.reason}"
    asked = run.actor(iteration.id)
    await bench.store(
        lambda s: s.iterations.finish(
            claim,
            finished,
            before_commit=lambda: _asked(
                s.approvals.ask(bench.project.id, task.id, "review", question, payload, asked)
            ),
        )
    )


def _asked(_approval: object) -> None:
    """Drop the answer: `before_commit` wants none."""


async def _lost(run: Run, claim: Claim, finished: FinishedIteration, error: ClaimLostError) -> Decision:
    """The branch moved or the claim is gone: nothing was written; release the task if it is still ours."""
    decision = Decision(Action.RELEASE, error.message)
    released = replace(finished, ending=Ending.CLAIM_LOST, message=error.message, decision=decision, commit=None)
    try:
        await run.bench.store(lambda s: s.iterations.finish(claim, released))
    except ClaimLostError:
        # Another process took the task over; recovery there has already ended this iteration.
        return decision
    return decision
