"""What counts as going in circles inside a conversation: a corpus of traces, all of them judged rightly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.agent.circles import Circle, CircleKind, CircleLimits, Trace
from ostinato.agent.reading_commands import reads_only
from tests.unit.agent.traces import CIRCLING, HONEST, Made, honest_night, missed, read, run, write
from tests.unit.agent.traces import pytest as red

LIMITS = CircleLimits(idle=40)


def seen(trace: list[Made], limits: CircleLimits = LIMITS) -> list[Circle | None]:
    kept = Trace(limits)
    return [kept.saw(*made) for made in trace]


@pytest.mark.parametrize("name", CIRCLING)
def test_each_circling_trace_is_told_by_its_name(name: str) -> None:
    kind, trace = CIRCLING[name]
    found = [circle for circle in seen(trace) if circle]
    assert found, "nothing was seen"
    assert found[0].kind is CircleKind(kind)
    assert not found[0].over, "it is told before it is ended"


@pytest.mark.parametrize("name", HONEST)
def test_no_honest_trace_is_ever_told(name: str) -> None:
    assert [circle for circle in seen(HONEST[name]) if circle] == []


@pytest.mark.parametrize("seed", range(12))
def test_long_honest_conversations_are_never_told(seed: int) -> None:
    assert [circle for circle in seen(honest_night(seed)) if circle] == []


@pytest.mark.parametrize(
    ("round_of", "calls"),
    [
        ([read("a.py")], 6),
        ([read("a.py"), read("b.py", "1\ty")], 12),
        ([red()], 6),
        ([red(), missed("a.py", "p")], 12),
        ([run("make all", 0, "nothing to be done")], 12),
        ([write("a", "1"), write("a", "2")], 12),
    ],
)
def test_who_goes_on_is_ended_after_so_many_calls(round_of: list[Made], calls: int) -> None:
    over = [circle is not None and circle.over for circle in seen(round_of * 30)]
    assert over.index(True) + 1 == calls


def test_the_same_error_with_edits_between_is_told_and_never_ends() -> None:
    trace = [m for n in range(60) for m in (write("a.py", f"x = {n}"), red(seconds=n))]
    found = [circle for circle in seen(trace) if circle]
    assert {circle.kind for circle in found} == {CircleKind.SAME_ERROR}
    assert not any(circle.over for circle in found)


def test_reading_alone_never_ends_a_conversation() -> None:
    found = [circle for circle in seen([read(f"m{n}.py", str(n)) for n in range(400)]) if circle]
    assert found
    assert not any(circle.over for circle in found)


def test_zero_turns_each_answer_off() -> None:
    trace = [read("a.py")] * 50
    assert not any(seen(trace, CircleLimits(repeats=0)))
    assert not any(circle.over for circle in seen(trace, CircleLimits(end=0)) if circle)
    assert not any(seen([read(f"m{n}", str(n)) for n in range(90)], CircleLimits(idle=0)))


@given(st.lists(st.integers(0, 3), max_size=60))
def test_a_circle_needs_its_rounds_and_an_end_comes_only_after_a_hint(picks: list[int]) -> None:
    kinds = [read("a.py"), read("b.py", "1\ty"), red(), write("a.py", "x")]
    found = seen([kinds[pick] for pick in picks])
    assert not any(found[:2])
    for place, circle in enumerate(found):
        assert circle is None or circle.times >= LIMITS.repeats
        assert circle is None or not circle.over or any(found[:place])


@given(st.lists(st.integers(), unique=True, max_size=200))
def test_calls_that_all_differ_and_change_things_are_never_told(numbers: list[int]) -> None:
    assert not any(seen([write(f"f{number}", str(number)) for number in numbers]))


@pytest.mark.parametrize(
    ("command", "reads"),
    [
        ("cat a.py | grep x", True),
        ("cd src && ls -la", True),
        ("git log --oneline -5 2>/dev/null", True),
        ("sed -n 1,40p a.py", True),
        ("sed -i s/a/b/ a.py", False),
        ("cat a > b", False),
        ("find . -name '*.pyc' -delete", False),
        ("git checkout a.py", False),
        ("echo $(rm a)", False),
        ("ls; make", False),
        ("ls & make", False),
        ("python a.py", False),
        ("sort -o a a", False),
    ],
)
def test_only_what_surely_reads_counts_as_reading(command: str, reads: bool) -> None:
    assert reads_only(command) is reads
