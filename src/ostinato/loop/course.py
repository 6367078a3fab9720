"""Brings the attempts at a task together for `loop.circling`, before an attempt and after it, and asks the person.

What repeats, and what follows from it, is decided there; this only reads the store and words the question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ostinato.agent.another_way import another_way
from ostinato.agent.ports import Model
from ostinato.base.text import clip, many, one_line
from ostinato.graph.approvals import HELP
from ostinato.graph.iterations import Claim, Ending, Iteration
from ostinato.graph.tried import evidence_of, tried_lines
from ostinato.graph.types import Node
from ostinato.loop.circling import Course, Ladder, Rung, Tried, course_of, tries_of
from ostinato.loop.decide import Decision
from ostinato.loop.finished import FinishedIteration
from ostinato.loop.workbench import Run
from ostinato.verify.types import Verdict

_LISTED = 8
"""Attempts that are named; of more only the latest."""


def ladder_for(run: Run, task: Node) -> Ladder:
    """Return what may be done about a task that goes in circles."""
    policy = run.bench.policy
    return Ladder(
        allowed=task.task.max_attempts or policy.attempts,
        stronger=run.bench.stronger is not None,
        park_after=policy.park_after,
        asks=policy.asks,
    )


def course_before(run: Run, task: Node, attempt: int, earlier: Sequence[Iteration]) -> Course:
    """Return what attempt number `attempt` is given, `earlier` being the ended iterations, the oldest first."""
    return course_of(tries_of(earlier, attempt - 1), ladder_for(run, task))


def course_after(
    run: Run, task: Node, earlier: Sequence[Iteration], judged: tuple[str, Verdict | None, Ending], *, again: bool
) -> Course:
    """Return where the attempts stand with the one whose diff, verdict and ending are `judged`."""
    diff, verdict, ending = judged
    reasons = against(verdict)
    now = Tried(diff, evidence_of(reasons), again, ending is Ending.CIRCLING)
    return course_of([*tries_of(earlier, task.task.attempts), now], ladder_for(run, task))


def against(verdict: Verdict | None) -> tuple[str, ...]:
    """Return what a verdict says against the work, as it is kept with the iteration."""
    return (*verdict.reasons, *verdict.notes) if verdict else ()


async def model_for(run: Run, task: Node, iteration: Iteration, usual: Model) -> Model:
    """Return the model that makes this attempt: the stronger one where the ladder says so and there is one."""
    bench = run.bench
    if bench.stronger is None:
        return usual
    earlier = await bench.store(lambda s: s.iterations.of_task(task.id))
    course = course_before(run, task, iteration.attempt, _ended(earlier, iteration))
    return bench.stronger if course.rung >= Rung.STRONGER else usual


def direction(course: Course, earlier: Sequence[Iteration]) -> str:
    """Return what the next attempt is told to do otherwise, "" where the attempts do not go in circles."""
    if course.sign is None or course.rung is Rung.PLAIN:
        return ""
    return another_way(course.repeats, tried_lines(earlier, _LISTED), split=course.rung >= Rung.SPLIT)


def with_question(
    decision: Decision, task: Node, earlier: Sequence[Iteration], diff: str, verdict: Verdict | None
) -> Decision:
    """Return the decision with the one question to the person: what was tried, and what is needed of them."""
    lines = tried_lines(earlier, _LISTED, last=("the last", diff, against(verdict)))
    tried = "; ".join(f"({place}) {line}" for place, line in enumerate(lines, start=1))
    asked = (
        f"{clip(one_line(task.title), 120)}: {many(len(lines), 'attempt')} went in circles. Tried: {tried}. "
        "What should the next attempt know, or do differently?"
    )
    return replace(decision, question=asked)


async def park_with_question(
    run: Run, claim: Claim, task: Node, iteration: Iteration, finished: FinishedIteration
) -> None:
    """End the iteration and put its question, in one transaction. Raises ClaimLostError."""
    bench, actor = run.bench, run.actor(iteration.id)
    payload = {"iteration": iteration.id}
    question = finished.decision.question

    await bench.store(
        lambda s: s.iterations.finish(
            claim,
            finished,
            before_commit=lambda: _put(s.approvals.ask(bench.project.id, task.id, HELP, question, payload, actor)),
        )
    )


def _put(_approval: object) -> None:
    """Drop the answer: `before_commit` wants none."""


def _ended(iterations: Sequence[Iteration], but: Iteration) -> list[Iteration]:
    return [one for one in iterations if one.ended_at is not None and one.id != but.id]
