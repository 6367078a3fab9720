"""`say`, `pause` and `resume` as they are typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ostinato.graph.steering import LONGEST_NOTE
from tests.unit.cli.conftest import Shell


@pytest.fixture
def goal(shell: Shell) -> str:
    made = shell.add("goal", "A shop")
    shell.add("task", "A task", "--parent", made)
    return made


def notes(shell: Shell) -> list[Any]:
    """Return the texts that were kept, in order."""
    import json

    lines = shell.ok("events", "--json").out.splitlines()
    return [one["payload"]["text"] for one in map(json.loads, lines) if one["kind"] == "note.added"]


def test_a_note_is_about_the_only_open_goal_or_the_one_named(shell: Shell, goal: str) -> None:
    assert shell.ok("say", "use tabs").out == f"Noted for {goal}: the next briefing has it.\n"
    document = shell.json("say", goal, "use\nspaces")
    assert document == {"goal_id": goal, "note": 2, "text": "use\nspaces", "session_id": None}
    assert notes(shell) == ["use tabs", "use\nspaces"]


def test_a_note_is_read_from_standard_input(shell: Shell, goal: str) -> None:
    assert shell.run("say", "-", stdin="\ufefflong text\nof two lines\n").code == 0
    assert shell.run("say", goal, "-", stdin="x" * LONGEST_NOTE).code == 0
    assert [text[:9] for text in notes(shell)] == ["long text", "x" * 9]


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        (b"", "the note is empty"),
        (b"caf\xe9", "standard input is not UTF-8 text"),
        (b"x" * (LONGEST_NOTE + 1), "longer than 64 kB"),
        (b"a\0b", "NUL"),
    ],
)
def test_standard_input_that_is_no_note_is_refused(shell: Shell, goal: str, stdin: bytes, said: str) -> None:
    ran = shell.run("say", goal, "-", "--json", stdin=stdin)  # type: ignore[arg-type]
    assert ran.code == 2
    assert said in ran.error["message"]
    assert notes(shell) == []


def test_several_open_goals_are_named_and_none_is_chosen(shell: Shell, goal: str) -> None:
    other = shell.add("goal", "Another")
    shell.add("task", "A task", "--parent", other)
    for command in (("say", "hello"), ("pause",), ("resume",)):
        ran = shell.run(*command)
        assert (ran.code, ran.out) == (2, "")
        assert goal in ran.err
        assert other in ran.err
    # The only paused one is what `resume` is about, however many are open.
    assert shell.ok("pause", other).out == f"{other} is paused.\n"
    assert "ostinato ralph" in shell.ok("resume").out
    shell.ok("pause", goal)
    shell.ok("pause", other)
    assert "several goals are paused" in shell.run("resume").err


def test_what_holds_already_is_said_and_changes_nothing(shell: Shell, goal: str) -> None:
    assert shell.ok("resume").out == f"{goal} was not paused.\n"
    shell.ok("pause")
    assert shell.ok("pause").out == f"{goal} was paused already.\n"
    assert shell.json("resume", goal) == {"goal_id": goal, "paused": False, "changed": True}


def test_without_an_open_goal_or_a_repository_it_is_said(shell: Shell, tmp_path: Path, monkeypatch: Any) -> None:
    assert shell.run("say", "hello").code == 3
    made = shell.add("goal", "Over", "--status", "cancelled")
    assert "no goal is open" in shell.run("pause").err
    assert "cancelled" in shell.run("say", made, "hello").err
    monkeypatch.chdir(tmp_path)
    assert "not in a git repository" in shell.run("say", "hello").err


def test_a_note_with_escapes_is_shown_without_them(shell: Shell, goal: str) -> None:
    shell.ok("say", goal, "a\x1b[31mred\x07")
    assert notes(shell) == ["a\x1b[31mred\x07"]
    assert "\x1b" not in shell.ok("events").out
