"""What becomes of a task: a table of facts and decisions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.graph.iterations import Ending
from ostinato.loop.circling import Course, Rung, Sign
from ostinato.loop.decide import PARK_AFTER, Action, Attempt, decide
from ostinato.verify.types import Verdict, VerdictKind

RED = Verdict(VerdictKind.FAILED, ("`check` exit 1",), fingerprint="f", ever_red=True)
GREEN = Verdict(VerdictKind.PASSED, ever_red=True)
UNPROVEN = Verdict(VerdictKind.PASSED, ever_red=False)
UNCLEAR = Verdict(VerdictKind.INCONCLUSIVE, ("`check` timed out after 1 s",), fingerprint="u", ever_red=True)
ASKS = Course(Sign.SAME_FAILURE, 3, Rung.PARK)
STRONGER = Course(Sign.SAME_AGAIN, 2, Rung.STRONGER)
OTHER = Course(Sign.SAME_FAILURE, 2, Rung.OTHER_APPROACH)
BASE = Attempt(Ending.COMPLETE, "", RED, 0, 3, 4, True, 0, False, 0)


@pytest.mark.parametrize(
    ("change", "action", "uses_attempt"),
    [
        ({"verdict": GREEN}, Action.DONE, False),
        ({"verdict": GREEN, "ending": Ending.TEXT}, Action.DONE, False),
        ({"verdict": GREEN, "ending": Ending.BLOCKED}, Action.DONE, False),
        ({"verdict": GREEN, "ending": Ending.STEP_LIMIT}, Action.DONE, False),
        ({"verdict": GREEN, "ending": Ending.SESSION_LIMIT}, Action.DONE, False),
        ({"verdict": UNPROVEN}, Action.REVIEW, False),
        ({"verdict": GREEN, "judged": True}, Action.REVIEW, False),
        ({"judged": True}, Action.RETRY, True),
        ({}, Action.RETRY, True),
        ({"changed": False}, Action.RETRY, True),
        ({"verdict": UNCLEAR}, Action.RETRY, True),
        ({"attempts": 2}, Action.FAIL, True),
        ({"verdict": UNCLEAR, "attempts": 2}, Action.FAIL, True),
        ({"seen_before": True}, Action.FAIL, True),
        ({"ending": Ending.CIRCLING}, Action.RETRY, True),
        ({"ending": Ending.CIRCLING, "verdict": GREEN}, Action.DONE, False),
        ({"course": ASKS, "attempts": 2}, Action.PARK, True),
        ({"course": ASKS}, Action.PARK, True),
        ({"course": ASKS, "verdict": GREEN}, Action.DONE, False),
        ({"course": ASKS, "children": 1}, Action.SPLIT, False),
        ({"course": ASKS, "ending": Ending.BLOCKED}, Action.BLOCK, False),
        ({"seen_before": True, "course": STRONGER}, Action.RETRY, True),
        ({"seen_before": True, "course": STRONGER, "attempts": 2}, Action.FAIL, True),
        ({"seen_before": True, "course": OTHER}, Action.FAIL, True),
        ({"ending": Ending.BLOCKED, "message": "needs a key"}, Action.BLOCK, False),
        ({"children": 2}, Action.SPLIT, False),
        ({"ending": Ending.INTERRUPTED, "verdict": None}, Action.RELEASE, False),
        ({"ending": Ending.SESSION_LIMIT}, Action.RELEASE, False),
        ({"ending": Ending.CLAIM_LOST, "verdict": None}, Action.RELEASE, False),
        ({"ending": Ending.PROVIDER, "verdict": None, "failures_in_a_row": 1}, Action.RELEASE, False),
        ({"ending": Ending.PROVIDER, "verdict": None, "failures_in_a_row": PARK_AFTER}, Action.PARK, False),
        ({"verdict": None, "tool_calls": 0, "changed": False}, Action.RELEASE, False),
    ],
)
def test_the_decision_follows_from_the_facts(change: dict[str, object], action: Action, uses_attempt: bool) -> None:
    decision = decide(replace(BASE, **change))  # type: ignore[arg-type]
    assert (decision.action, decision.uses_attempt) == (action, uses_attempt)


@pytest.mark.parametrize("ending", [Ending.COMPLETE, Ending.TEXT, Ending.EMPTY])
def test_it_is_no_work_when_nothing_was_called_and_nothing_changed(ending: Ending) -> None:
    decision = decide(replace(BASE, ending=ending, verdict=None, tool_calls=0, changed=False))
    assert decision.no_work


def test_parked_tasks_say_so() -> None:
    decision = decide(replace(BASE, ending=Ending.PROVIDER, verdict=None, failures_in_a_row=5, message="500"))
    assert decision.reason.startswith("parked: ")


@given(
    st.builds(
        Attempt,
        ending=st.sampled_from(Ending),
        message=st.just("m"),
        verdict=st.sampled_from([None, RED, GREEN, UNPROVEN, UNCLEAR]),
        attempts=st.integers(0, 5),
        max_attempts=st.integers(1, 5),
        tool_calls=st.integers(0, 3),
        changed=st.booleans(),
        children=st.integers(0, 2),
        seen_before=st.booleans(),
        failures_in_a_row=st.integers(0, 7),
        judged=st.booleans(),
        course=st.builds(Course, st.sampled_from(Sign), st.integers(1, 5), st.sampled_from(Rung)),
    )
)
def test_nothing_is_done_without_a_green_verdict_that_was_red(attempt: Attempt) -> None:
    decision = decide(attempt)
    proven = attempt.verdict in (GREEN,) and not attempt.judged
    assert (decision.action is Action.DONE) == proven
    assert not (decision.no_work and decision.uses_attempt)
