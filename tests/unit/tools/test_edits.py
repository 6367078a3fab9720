"""Editing by example: exact, then one normalisation, never by likeness."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.tools.edits import edited
from ostinato.tools.small_diff import small_diff
from ostinato.tools.tool import ToolRefusal


def test_the_only_place_is_replaced() -> None:
    assert edited("f", "a\nb\nc\n", "b", "B").text == "a\nB\nc\n"


def test_several_places_are_named_by_line_and_replaced_when_all_is_set() -> None:
    with pytest.raises(ToolRefusal, match="2 times in f, in lines 1, 3"):
        edited("f", "x = 1\ny\nx = 1\n", "x = 1", "z")
    assert edited("f", "x = 1\ny\nx = 1\n", "x = 1", "z", every=True).text == "z\ny\nz\n"


def test_the_nearest_places_are_shown_when_there_is_none() -> None:
    with pytest.raises(ToolRefusal, match=r"(?s)does not occur.*2\tdef parse_line\(text\):"):
        edited("f", "import re\ndef parse_line(text):\n    pass\n", "def parse_lines(text):\n    pass", "x")
    with pytest.raises(ToolRefusal, match="read the file again"):
        edited("f", "alpha\n", "something quite different", "x")


@pytest.mark.parametrize(
    ("content", "old", "new", "after"),
    [
        ("a = 1   \nb = 2\n", "a = 1\nb = 2", "c", "c\n"),
        ("a\r\nb\r\nc\r\n", "a\nb", "x\ny", "x\r\ny\r\nc\r\n"),
        ("a\r\nb\r\n", "a", "x\ny", "x\r\ny\r\nb\r\n"),
        ("say(\u201chi\u201d) # end\n", 'say("hi")', "shout()", "shout() # end\n"),
        ("it\u2019s\n", "it's", "its", "its\n"),
        ("say('hi')\n", "say(\u2018hi\u2019)", "x", "x\n"),
        ("a\u00a0b\n", "a b", "c", "c\n"),
        ("q = \u2018x\u2019   \n", "q = 'x'", "z", "z\n"),
        ("  keep\nx = 1  \nrest", "x = 1 \n", "y\n", "  keep\ny\nrest"),
    ],
)
def test_line_ends_trailing_blanks_and_quotes_are_set_aside_when_nothing_fits_exactly(
    content: str, old: str, new: str, after: str
) -> None:
    assert edited("f", content, old, new).text == after


@pytest.mark.parametrize(
    ("content", "old"),
    [
        ("    indented\n", "  indented\nx"),
        ("x\n\ny\n", "   "),
        ("x\n\ny\n", " \n"),
        ("value = compute(1)\n", "value = compute(2)"),
        ("foobar\n", "foo "),
    ],
)
def test_nothing_is_replaced_by_likeness(content: str, old: str) -> None:
    with pytest.raises(ToolRefusal):
        edited("f", content, old, "BOOM")


def test_an_edit_that_changes_nothing_is_refused() -> None:
    for old, new in (("", "x"), ("a", "a")):
        with pytest.raises(ToolRefusal):
            edited("f", "a\n", old, new)


LINES = st.lists(st.text(st.sampled_from("ab \t\u201c\"'\u2019\r"), max_size=6), min_size=1, max_size=8)


@given(LINES, LINES, st.data())
def test_an_exact_edit_changes_just_its_place(before: list[str], after: list[str], data: st.DataObject) -> None:
    content = "\n".join(before) + "\u2603unique\u2603" + "\n".join(after)
    assert edited("f", content, "\u2603unique\u2603", "new").text == content.replace("\u2603unique\u2603", "new")


@given(LINES, LINES)
def test_what_is_around_a_normalised_edit_stays_byte_for_byte(before: list[str], after: list[str]) -> None:
    head, tail = "\n".join([*before, ""]), "\n".join(["", *after])
    assert edited("f", f"{head}MARK \u201cx\u201d  {tail}", 'MARK "x"\n', "new\n").text == f"{head}new{tail}"


def test_the_diff_is_small_and_its_line_numbers_are_those_of_the_file() -> None:
    before = "".join(f"{n}\n" for n in range(1, 5001))
    diff = small_diff(before, before.replace("\n4000\n", "\nfour thousand\n"))
    assert diff.splitlines() == [
        *("@@ -3998,5 +3998,5 @@", " 3998", " 3999", "-4000", "+four thousand", " 4001", " 4002")
    ]
    assert len(small_diff(before, "x\n" * 5000).splitlines()) == 1
    assert len(small_diff("a\n" * 300, "b\n" * 300).splitlines()) <= 62


def test_a_refusal_stays_short_however_long_lines_and_files_are() -> None:
    content = "".join(f"value_{n} = compute({n}, {'x' * 400!r})\n" for n in range(20_000))
    old = f"value_7 = compute(8, {'x' * 400!r})\n" * 50
    with pytest.raises(ToolRefusal, match=r"nearest places:\n\d+\tvalue_") as caught:
        edited("f", content, old, "new")
    assert len(str(caught.value)) <= 600


def test_more_places_than_anybody_means_are_refused() -> None:
    with pytest.raises(ToolRefusal, match="more than 50000 times"):
        edited("f", "ab" * 60_000, "ab", "c", every=True)
