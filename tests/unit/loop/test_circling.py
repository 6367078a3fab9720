"""The ladder: what the next attempt at a task is given when those before it went in circles."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.loop.circling import Course, Ladder, Rung, Sign, Tried, course_of


def diff(path: str, *added: str) -> str:
    body = "".join(f"+{line}\n" for line in added)
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -0,0 +1 @@\n{body}" if added else ""


A, B, C, D, E = (Tried(diff("a.py", name, f"{name}{name}"), "red") for name in "ABCDE")
"""Different changes that fail in the same way."""

OTHER = Tried(diff("a.py", "other"), "another red")
NOTHING = Tried("", "red")
THREE, TEN = Ladder(3), Ladder(10)
STRONG = Ladder(10, stronger=True)
AGAIN = Tried(A.diff, "red", again=True)


@pytest.mark.parametrize(
    ("tries", "ladder", "sign", "rung"),
    [
        ([], THREE, None, Rung.PLAIN),
        ([A], THREE, None, Rung.PLAIN),
        ([A, OTHER], THREE, None, Rung.PLAIN),
        ([A, OTHER], Ladder(3, stronger=True), None, Rung.STRONGER),
        ([A, B], THREE, Sign.SAME_FAILURE, Rung.SPLIT),
        ([A, B, C], THREE, Sign.SAME_FAILURE, Rung.PARK),
        ([A, B, C], Ladder(3, asks=False), Sign.SAME_FAILURE, Rung.PLAIN),
        ([A, B], Ladder(2), Sign.SAME_FAILURE, Rung.PLAIN),
        ([A, B], TEN, Sign.SAME_FAILURE, Rung.OTHER_APPROACH),
        ([A, B, C], TEN, Sign.SAME_FAILURE, Rung.SPLIT),
        ([A, B, C], STRONG, Sign.SAME_FAILURE, Rung.STRONGER),
        ([A, B, C, D], STRONG, Sign.SAME_FAILURE, Rung.SPLIT),
        ([A, B, C, D, E], STRONG, Sign.SAME_FAILURE, Rung.PARK),
        ([A, B, C, D, E], Ladder(10, park_after=0), Sign.SAME_FAILURE, Rung.SPLIT),
        ([A, B, C, D, E], Ladder(10, asks=False), Sign.SAME_FAILURE, Rung.SPLIT),
        ([A, OTHER, B], TEN, None, Rung.PLAIN),
        ([Tried(A.diff, "one"), Tried(B.diff, "two"), Tried(A.diff, "three")], TEN, Sign.ALTERNATING, Rung.SPLIT),
        ([Tried("", "one"), Tried("", "two")], TEN, Sign.NO_CHANGE, Rung.OTHER_APPROACH),
        ([Tried(A.diff, "one", circled=True)], THREE, Sign.CONVERSATION, Rung.OTHER_APPROACH),
        ([A, AGAIN], TEN, Sign.SAME_AGAIN, Rung.PLAIN),
        ([A, AGAIN], STRONG, Sign.SAME_AGAIN, Rung.STRONGER),
        ([A, AGAIN, AGAIN], STRONG, Sign.SAME_AGAIN, Rung.PLAIN),
        ([A, AGAIN], Ladder(2, stronger=True), Sign.SAME_AGAIN, Rung.PLAIN),
    ],
)
def test_the_rung_follows_from_what_was_tried(
    tries: list[Tried], ladder: Ladder, sign: Sign | None, rung: Rung
) -> None:
    course = course_of(tries, ladder)
    assert (course.sign, course.rung) == (sign, rung)


def test_nearly_the_same_change_is_the_same_approach() -> None:
    lines = [f"line {n}" for n in range(20)]
    tries = [Tried(diff("a.py", *lines), "red"), Tried(diff("a.py", *lines, "one more"), "red")]
    assert course_of(tries, TEN).sign is Sign.SAME_APPROACH


def test_what_repeats_is_said_with_what_follows() -> None:
    assert course_of([A, B, C], THREE).told == (
        "going in circles: other changes failed in the same way, 3 attempts in a row; next: a person is asked"
    )
    assert Course().told == ""


@given(
    st.lists(st.sampled_from([A, B, C, OTHER, NOTHING, AGAIN]), max_size=12),
    st.builds(Ladder, st.integers(1, 12), st.booleans(), st.integers(0, 8), st.booleans()),
)
def test_every_history_has_one_answer_and_the_person_is_asked_last(tries: list[Tried], ladder: Ladder) -> None:
    course = course_of(tries, ladder)
    if course.rung is Rung.PARK:
        assert ladder.asks
        assert course.times >= 3 or 0 < ladder.park_after <= course.times
    if course.sign is None:
        assert course.rung in {Rung.PLAIN, Rung.STRONGER}
        assert course.told == ""
    if len(tries) >= ladder.allowed:
        assert course.rung in {Rung.PLAIN, Rung.PARK}


@given(st.integers(5, 15), st.booleans())
def test_the_same_failure_only_ever_climbs(allowed: int, stronger: bool) -> None:
    tries = [Tried(diff("a.py", f"line {n}", f"more {n}"), "red") for n in range(allowed)]
    rungs = [course_of(tries[:n], Ladder(allowed, stronger)).rung for n in range(1, 6)]
    assert all(before <= after for before, after in pairwise(rungs))
    assert rungs[-1] is Rung.PARK
