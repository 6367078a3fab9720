"""What happens after an iteration: pure rules. The verdict, the ending and the counts are arguments; nothing acts here.

The ending never decides whether work is good: only the verdict does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ostinato.graph.iterations import Ending
from ostinato.loop.circling import Course, Rung
from ostinato.verify.types import Verdict, VerdictKind


class Action(StrEnum):
    """What becomes of the task."""

    DONE = "done"  # completed
    REVIEW = "review"  # passed, but nothing was ever red, or the task asks for it: a person must judge
    RETRY = "retry"  # ready again, one attempt used up
    FAIL = "fail"  # failed, an observation says why
    BLOCK = "block"  # the agent needs something: blocked with its reason
    SPLIT = "split"  # pending: the agent made child tasks
    PARK = "park"  # blocked with `parked: …` until `tasks retry`
    RELEASE = "release"  # ready again, no attempt used up


@dataclass(frozen=True, slots=True)
class Decision:
    """The action, why (one line), whether an attempt is used up, and whether the iteration did no work at all.

    `note` says what repeats over the attempts and what the next one is given; `question` is what a person is asked.
    """

    action: Action
    reason: str = ""
    uses_attempt: bool = False
    no_work: bool = False
    note: str = ""
    question: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The facts of a finished iteration that the decision rests on.

    `attempts` counts those used up before this one; `failures_in_a_row` the provider's failures on this task in this
    session, this one included; `answered` tells whether the model answered anything at all in this session;
    `seen_before` whether an earlier attempt had the same failing evidence and diff; `judged` whether the task says that
    a person must judge its result. `course` is where the attempts stand, this one included.
    """

    ending: Ending
    message: str
    verdict: Verdict | None
    attempts: int
    max_attempts: int
    tool_calls: int
    changed: bool
    children: int
    seen_before: bool
    failures_in_a_row: int
    answered: bool = True
    judged: bool = False
    course: Course = field(default_factory=Course)


PARK_AFTER = 5
_FREE = {Ending.INTERRUPTED, Ending.CRASHED, Ending.CLAIM_LOST, Ending.SESSION_LIMIT}


def decide(attempt: Attempt) -> Decision:
    """Return what becomes of the task. Total: every combination of facts has one answer."""
    verdict = attempt.verdict
    if verdict is not None and verdict.kind is VerdictKind.PASSED:
        if verdict.ever_red and attempt.judged:
            return Decision(Action.REVIEW, "its checks pass, and a person must judge the result")
        if verdict.ever_red:
            return Decision(Action.DONE, "all checks passed")
        return Decision(Action.REVIEW, "its checks pass, but none was ever red: a person must judge")
    if attempt.ending is Ending.PROVIDER:
        return _after_provider_failure(attempt)
    if attempt.ending is Ending.TASK_BUDGET:
        return Decision(Action.PARK, f"parked: {attempt.message}")
    if attempt.ending in _FREE:
        return Decision(Action.RELEASE, attempt.message or str(attempt.ending))
    if attempt.children:
        return Decision(Action.SPLIT, f"split into {attempt.children} tasks")
    if attempt.ending is Ending.BLOCKED:
        return Decision(Action.BLOCK, attempt.message or "the agent says that it is blocked")
    if not attempt.tool_calls and not attempt.changed:
        return Decision(Action.RELEASE, "no work: no tool call and no change", no_work=True)
    return _after_red(attempt)


def _after_provider_failure(attempt: Attempt) -> Decision:
    # A model that never answered fails for every task: the session stops then, and no task is to blame.
    if attempt.failures_in_a_row >= PARK_AFTER and attempt.answered:
        return Decision(
            Action.PARK, f"parked: {attempt.failures_in_a_row} provider failures in a row: {attempt.message}"
        )
    return Decision(Action.RELEASE, attempt.message)


def _after_red(attempt: Attempt) -> Decision:
    verdict = attempt.verdict
    why = "; ".join(verdict.reasons) if verdict and verdict.reasons else "not verified"
    course, note = attempt.course, attempt.course.told
    if attempt.seen_before and course.rung < Rung.STRONGER:
        return Decision(Action.FAIL, f"the same change failed in the same way twice: {why}", True, note=note)
    if course.rung is Rung.PARK:
        return Decision(Action.PARK, f"parked: it goes in circles, a person is asked: {why}", True, note=note)
    used = attempt.attempts + 1
    if used >= attempt.max_attempts:
        return Decision(Action.FAIL, f"{used} of {attempt.max_attempts} attempts failed: {why}", True, note=note)
    return Decision(Action.RETRY, why, True, note=note)
