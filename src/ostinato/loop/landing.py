"""Landing as rules and proof: how a goal's commits may reach the person's branch, in which words, and proven by what.

Git's part is in `git.landing` (making the result) and `git.moving` (moving branch and checkout).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ostinato.base.errors import UsageError
from ostinato.base.text import clip, one_line, printable
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.types import Node
from ostinato.loop.evidence import checks_in, earlier_proofs
from ostinato.loop.workbench import Run
from ostinato.verify.judge import judge
from ostinato.verify.types import Change, Verdict, VerdictKind
from ostinato.verify.verifier import broken_proofs, prove_again

_SUBJECT = 72


class How(StrEnum):
    """How the goal's commits reach the person's branch."""

    FF = "ff"
    """The branch moves forward to the goal's tip; refused when it has commits of its own."""
    REBASE = "rebase"
    """Each commit is made again on top of the person's branch, with its author, words and trailers."""
    MERGE = "merge"
    """One merge commit, always, also where moving forward would do."""
    SQUASH = "squash"
    """One plain commit that holds all."""


@dataclass(frozen=True, slots=True)
class GoalCommit:
    """A commit of the goal's branch; `task` and `iteration` are "" where a person made it."""

    commit: str
    subject: str
    task: str = ""
    iteration: str = ""


class MovedOnError(UsageError):
    """The person's branch has commits that the goal's lacks, and moving forward was asked for."""

    kind = "moved_on"


class ConflictError(UsageError):
    """The goal's commits and the person's change the same places. Nothing was changed."""

    kind = "conflict"


class NotProvenError(UsageError):
    """The result is red. Nothing was changed."""

    kind = "not_proven"


class LandingInterruptedError(UsageError):
    """The person stopped the landing before anything was changed."""

    kind = "interrupted"
    exit_code = 130


def landing_message(title: str, goal: str, commits: Sequence[GoalCommit], how: How) -> str:
    """Return the message of a merge or a squashed commit: the goal, its tasks, and the trailers.

    A squashed commit carries the trailers of every task; a merge only the goal's, the commits below it have theirs.
    """
    said = printable(one_line(title).strip()) or goal
    subject = clip(f"Merge {said}" if how is How.MERGE else said, _SUBJECT)
    lines = [f"- {clip(printable(one_line(c.subject)), _SUBJECT)}{f' ({c.task})' if c.task else ''}" for c in commits]
    trailers = [f"Ostinato-Goal: {goal}"]
    for done in commits if how is How.SQUASH else ():
        trailers += [f"Ostinato-Task: {done.task}"] if done.task else []
        trailers += [f"Ostinato-Iteration: {done.iteration}"] if done.iteration else []
    return "\n\n".join(part for part in (subject, "\n".join(lines), "\n".join(trailers)) if part) + "\n"


@dataclass(frozen=True, slots=True)
class Proof:
    """The commit that was proven, and how many checks said so."""

    commit: str
    checks: int


async def prove_whole(run: Run, goal: Node, commit: str, base: str, advice: str) -> Proof:
    """Run the project's checks and those of every completed task of `goal` on `commit`, which is the result as a whole.

    The commits on the way were proven when they were made, each on its own base; only the end is proven here. What was
    red on `base` (where the person's branch stands) does not count. Raises NotProvenError that names the task and
    the check and ends in `advice`, LandingInterruptedError when the person asked to stop.
    """
    bench = run.bench
    await _set_up(run, commit)
    checks = checks_in(run, None)
    runs: tuple[CheckRun, ...] = ()
    for check in bench.policy.project_checks:
        bench.progress(f"proving: {check.command}")
        runs += (await checks.run_twice_when_red(check, CheckPhase.PROOF),)
        _stop_when_asked(run)
    for task in await earlier_proofs(bench, goal.id):
        bench.progress(f"proving: {task.id}")
        runs += await prove_again((task,), checks, bench.clock, None)
        _stop_when_asked(run)
    red = [r for r in runs if r.owner is None and r.status is CheckStatus.FAILED]
    baseline = await _on_base(run, base, red) if red else {}
    verdict = judge(Change(base, commit, ""), runs, baseline, ever_red=True)
    if verdict.kind is not VerdictKind.PASSED:
        raise NotProvenError(_refusal(goal, verdict, advice))
    return Proof(commit, len(runs))


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


def _stop_when_asked(run: Run) -> None:
    if run.bench.interruption.asked:
        raise LandingInterruptedError("stopped before anything was changed: land again when you like")


def _refusal(goal: Node, verdict: Verdict, advice: str) -> str:
    broken = " ".join(broken_proofs(verdict.runs))
    if broken:
        work = f"`ostinato tasks reopen` puts {broken} back to work"
    else:
        work = f"`ostinato node add task TITLE --parent {goal.id} --check COMMAND` makes it a task"
    said = "; ".join(verdict.reasons)
    return f"{goal.id} is not landed, {said}; nothing was changed: {advice}; {work}, `ostinato ralph` mends it"
