"""Patterns of paths: a table of what each covers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.globs import matches


@pytest.mark.parametrize(
    ("pattern", "covered", "left_out"),
    [
        ("src", ["src", "src/a.py", "src/a/b.py"], ["srcs/a", "lib/src/a", "xsrc"]),
        ("src/", ["src/a.py", "src/a/b.py"], ["srcs/a"]),
        ("./src/", ["src/a.py"], ["a"]),
        ("src/*.py", ["src/a.py", "src/.py"], ["src/a/b.py", "src/a.pyc", "a.py"]),
        ("*.md", ["README.md"], ["docs/README.md"]),
        ("**/*.md", ["README.md", "docs/a/README.md"], ["README.mdx"]),
        ("src/**", ["src/a", "src/a/b/c"], ["lib/a"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b", "a/b/c"], ["a/xb", "ab"]),
        ("tests/test_?.py", ["tests/test_a.py"], ["tests/test_ab.py", "tests/test_/.py"]),
        ("[ab].txt", ["a.txt", "b.txt"], ["c.txt", "[ab].txt"]),
        ("[!ab].txt", ["c.txt"], ["a.txt", "/.txt"]),
        ("[z-a].txt", ["[z-a].txt"], ["z.txt"]),
        ("[[]x", ["[x"], ["x"]),
        ("a.b+c", ["a.b+c"], ["aXb+c", "a.bbc"]),
        (".", ["anything", "at/all"], []),
        ("line\nbreak", ["line\nbreak"], ["line"]),
    ],
)
def test_a_pattern_covers_what_it_says(pattern: str, covered: list[str], left_out: list[str]) -> None:
    assert [path for path in covered if not matches(path, (pattern,))] == []
    assert [path for path in left_out if matches(path, (pattern,))] == []


def test_any_of_several_is_enough_and_none_covers_nothing() -> None:
    assert matches("b", ("a", "b"))
    assert not matches("b", ())


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_a_legal_pattern(pattern: str, path: str) -> None:
    matches(path, (pattern,))


@given(st.text(alphabet="abc/._- é", min_size=1, max_size=20).filter(lambda t: t.strip("./ ") == t))
def test_a_plain_path_covers_itself_and_what_is_below(path: str) -> None:
    assert matches(path, (path,))
    assert matches(f"{path}/below", (path,))
