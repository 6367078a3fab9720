"""Searching text, with patterns as models write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ostinato.tools import search
from tests.unit.tools.conftest import Call


async def test_matches_are_named_by_path_and_line(call: Call, root: Path) -> None:
    (root / "b.py").write_text("x\x0c\ndef parse(text):\n")
    (root / "a").mkdir()
    (root / "a/c.py").write_text("parse()\r\n")
    (root / "node_modules").mkdir()
    (root / "node_modules/d.py").write_text("parse\n")
    (root / "bin").write_bytes(b"\0parse")
    result = await call("search_code", pattern=r"parse\b")
    assert result.text.splitlines() == ["a/c.py:1: parse()", "b.py:2: def parse(text):"]
    assert (await call("search_code", pattern="parse", path="a")).text == "a/c.py:1: parse()"
    assert (await call("search_code", pattern="parse", path="b.py")).text == "b.py:2: def parse(text):"
    assert (await call("search_code", pattern="parse", glob="c.*")).text == "a/c.py:1: parse()"
    assert (await call("search_code", pattern="nowhere")).text == "(no match)"


async def test_a_bad_pattern_is_searched_as_plain_text(call: Call, root: Path) -> None:
    (root / "a.c").write_text("call(x[\n")
    result = await call("search_code", pattern="call(x[")
    assert "a.c:1: call(x[" in result.text
    assert "plain text" in result.text


async def test_results_are_bounded(call: Call, root: Path) -> None:
    (root / "a.txt").write_text("needle\n" * 1_000 + "needle" + "x" * 9_000)
    result = await call("search_code", pattern="needle", max_results=5)
    assert len(result.text.splitlines()) == 6
    assert "more matches" in result.text
    assert len((await call("search_code", pattern="^needlex")).text) < 400


async def test_a_pattern_that_never_ends_is_ended(call: Call, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_SECONDS", 1)
    # The search ends itself, since nobody else would when the harness is dead.
    monkeypatch.setattr(search, "_GRACE", 1_000)
    (root / "a.txt").write_text("a" * 60 + "!\n")
    result = await call("search_code", pattern="(a+)+$")
    assert result.is_error
    assert "simpler pattern" in result.text
