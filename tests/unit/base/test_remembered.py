"""What was made once is not made again for the same object, and nothing is kept beyond a round."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.remembered import Remembered


def test_each_object_is_made_once_while_it_is_asked_for() -> None:
    made: list[str] = []

    def make(words: list[str]) -> str:
        made.append(words[0])
        return words[0].upper()

    one, two, three = ["one"], ["two"], ["three"]
    remembered = Remembered(make)
    assert remembered.all([one, two]) == ["ONE", "TWO"]
    assert remembered.all([one, two, three]) == ["ONE", "TWO", "THREE"]
    assert made == ["one", "two", "three"]
    assert remembered.all([three]) == ["THREE"]
    assert remembered.all([one]) == ["ONE"]
    assert made == ["one", "two", "three", "one"], "what a round left out was not kept"


@given(st.lists(st.lists(st.integers(0, 5), max_size=8), max_size=6))
def test_it_gives_what_making_each_would_give(rounds: list[list[int]]) -> None:
    remembered = Remembered(lambda item: item[0] * 2)
    for numbers in rounds:
        # New objects each time: an id that was freed may come again with another value in it.
        assert remembered.all([[number] for number in numbers]) == [number * 2 for number in numbers]
