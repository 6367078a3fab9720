"""What was typed comes back, to the person alone, and a history that cannot be kept stops nobody."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ostinato.cli.prompt_history import PromptHistory


def kept(path: Path) -> list[str]:
    return list(PromptHistory(path).load_history_strings())


def test_the_newest_comes_first_and_any_text_comes_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history" / "goals"
    for text in ("the first", "two\nlines", "漢\x1b\udc80 text"):
        PromptHistory(path).store_string(text)
    assert kept(path) == ["漢\x1b\udc80 text", "two\nlines", "the first"]


def test_mere_commands_and_numbers_are_not_kept(tmp_path: Path) -> None:
    for text in ("a", " e 2 ", "3"):
        PromptHistory(tmp_path / "changes").store_string(text)
    assert kept(tmp_path / "changes") == []


def test_only_the_person_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "history" / "goals"
    path.parent.mkdir()
    path.touch(mode=0o644)
    PromptHistory(path).store_string("secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_does_not_grow_without_end(tmp_path: Path) -> None:
    path = tmp_path / "goals"
    for number in range(30):
        PromptHistory(path).store_string(f"{number:02}" * 50_000)
    assert path.stat().st_size < 2_100_000
    assert kept(path)[0].startswith("29")
    assert len(kept(path)) >= 9


def test_a_line_that_a_crash_cut_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "goals"
    path.write_bytes(b'"whole"\n{"no": 1}\n"cut')
    assert kept(path) == ["whole"]


@pytest.mark.parametrize("what", ["link", "directory"])
def test_a_place_that_cannot_be_written_stops_nobody(tmp_path: Path, what: str) -> None:
    path, elsewhere = tmp_path / "goals", tmp_path / "elsewhere"
    if what == "link":
        path.symlink_to(elsewhere)
    else:
        path.mkdir()
    PromptHistory(path).store_string("a goal")
    assert not elsewhere.exists()
    assert kept(path) == []
