from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.text import display_width
from ostinato.cli.layout import Look
from ostinato.cli.table import folded_rows
from tests.examples import examples

WORDS = st.lists(st.sampled_from(["a", "two", "os-1a2b3c4d.12", "日本語の題名", "x" * 40, "e\u0301" * 9]), max_size=12)


def test_the_widest_columns_become_narrower_and_ids_stay_whole() -> None:
    rows = [["os-1a2b3c4d.1", "a reason that is long enough to be folded", "high", "a title that is long too"]]
    assert folded_rows(rows, Look(width=60), headed=False) == [
        "os-1a2b3c4d.1  a reason that is    high  a title that is",
        "               long enough to be         long too",
        "               folded",
    ]


def test_a_long_word_begins_beside_the_other_cells() -> None:
    first, second = folded_rows([["os-1", "ready", "日本語" * 8]], Look(width=40), headed=False)
    assert first == "os-1  ready  " + ("日本語" * 8)[:13]
    assert second == " " * 13 + ("日本語" * 8)[13:]


def test_there_is_no_table_when_not_even_the_ids_have_room() -> None:
    assert folded_rows([["os-1a2b3c4d.1"] * 4], Look(width=40), headed=False) == []


@examples(60)
@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=4), st.integers(60, 130), st.booleans())
def test_no_line_is_too_wide_and_nothing_is_lost(rows: list[tuple[list[str], ...]], width: int, headed: bool) -> None:
    cells = [[" ".join(words) for words in row] for row in rows]
    lines = folded_rows(cells, Look(width=width), headed=headed)
    assert lines
    assert all(display_width(line) <= width for line in lines)
    said = "".join(lines).replace(" ", "")
    assert sorted(said) == sorted("".join(map("".join, cells)).replace(" ", ""))
