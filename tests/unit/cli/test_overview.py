"""`ostinato` alone: the state of the directory and what to do next."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Shell


@pytest.fixture(autouse=True)
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.delenv("OSTINATO_MODEL", raising=False)


def _steps(shell: Shell, **environ: str) -> list[str]:
    ran = shell.run(**environ)
    assert (ran.code, ran.err) == (0, "")
    return [line.strip().split("  ")[0] for line in ran.out.splitlines() if line.startswith("  ostinato ")]


def test_a_new_repository_is_led_from_init_to_plan(shell: Shell, repository: Path) -> None:
    assert _steps(shell)[:2] == ["ostinato init", 'ostinato plan "…"']
    assert "OSTINATO_MODEL" in shell.run().out
    (repository / ".ostinato").mkdir()
    (repository / ".ostinato" / "config.toml").write_text("")
    assert _steps(shell, OSTINATO_MODEL="openai:x")[0] == 'ostinato plan "…"'
    assert "export" not in shell.run(OSTINATO_MODEL="openai:x").out
    # Looking registers nothing.
    assert not shell.database.exists()


def test_what_comes_next_follows_the_goal(shell: Shell) -> None:
    goal = shell.add("goal", "A goal")
    assert _steps(shell)[0] == f"ostinato plan --goal {goal}"
    assert "no tasks yet" in shell.run().out
    task = shell.add("task", "A task", "--parent", goal, "--check", "true")
    assert _steps(shell)[0] == f"ostinato ralph {goal}"
    assert "0 of 1 task done" in shell.run().out
    shell.ok("node", "set", task, "--status", "completed")
    shell.ok("node", "set", goal, "--status", "completed")
    assert _steps(shell)[0] == f"ostinato land {goal}"
    assert 'ostinato plan "…"' in _steps(shell)


def test_a_goal_in_an_open_goal_is_told_with_that(shell: Shell) -> None:
    outer = shell.add("goal", "Outer")
    shell.add("task", "A task", "--parent", shell.add("goal", "Inner", "--parent", outer))
    for ran in (shell.run(), shell.ok("status")):
        assert "Inner" not in ran.out
        assert "over" not in ran.out
        assert f"ostinato ralph {outer}" in ran.out


def test_outside_of_a_repository_it_says_where_to_go(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "not in a git repository" in shell.run().out
    assert _steps(shell) == ["ostinato demo"]


def test_titles_are_harmless_and_the_page_fits_a_narrow_terminal(shell: Shell) -> None:
    shell.add("goal", "red \x1b[31m")
    ran = shell.run(COLUMNS="40")
    assert "\x1b" not in ran.out
    assert all(len(line) <= 40 for line in ran.out.splitlines() if line.startswith("  "))


def test_what_cannot_be_read_is_said_with_its_exit_code(shell: Shell, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_text("this is no database, but long enough to be looked at as one\n" * 100)
    ran = shell.run("--db", str(tmp_path / "bad.db"))
    assert ran.code == 8
    assert "bad.db" in ran.out
    assert "ostinato doctor" in ran.out
    assert shell.run("--project", "nowhere").code == 2
    (repository / ".ostinato").mkdir()
    (repository / ".ostinato" / "config.toml").write_text("[limit]\n")
    assert "limit" in shell.run().out
