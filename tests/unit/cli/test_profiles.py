"""`profiles list` and `show`: what holds, and where each value comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Shell


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's directory of profiles."""
    for variable in ("OSTINATO_MODEL", "OSTINATO_FALLBACK"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "ostinato" / "profiles").mkdir(parents=True)
    return tmp_path / "config" / "ostinato" / "profiles"


def test_each_value_is_shown_with_its_place(shell: Shell, repository: Path, own: Path) -> None:
    (own.parent / "config.toml").write_text('[models]\ndefault = "ollama:usual"\nfallback = "ollama:small"\n')
    (own / "tester.toml").write_text('model = "ollama:mine"\n[limits]\nsteps = 50\n')
    its = repository / ".ostinato" / "profiles"
    its.mkdir(parents=True)
    (its / "e2e.toml").write_text('extends = "tester"\nfile_scope = ["tests/e2e/**"]\n[limits]\nsteps = 20\n')

    found = shell.json("profiles", "show", "e2e")

    assert (found["model"], found["fallback"], found["limits"]["steps"]) == ("ollama:mine", "ollama:small", 20)
    assert [len(scope) for scope in found["file_scope"]][1:] == [1], "the tester's scope holds beside it"
    assert {key: found["sources"][key] for key in ("model", "fallback", "steps", "tokens", "tools")} == {
        "model": [f"{own / 'tester.toml'}:1"],
        "fallback": [str(own.parent / "config.toml")],
        "steps": [f"{own / 'tester.toml'}:3", f"{its / 'e2e.toml'}:4"],
        "tokens": ["default"],
        "tools": ["built in"],
    }
    text = shell.ok("profiles", "show", "e2e").out
    assert f"20  ({own / 'tester.toml'}:3, {its / 'e2e.toml'}:4)" in text
    assert "You are a software engineer who writes tests." in text
    named = shell.run("profiles", "show", "e2e", "--json", OSTINATO_MODEL="ollama:run").document
    assert (named["model"], named["sources"]["model"]) == ("ollama:run", ["$OSTINATO_MODEL"])


def test_list_names_every_profile_and_escapes_what_a_file_says(shell: Shell, repository: Path, own: Path) -> None:
    (own / "loud.toml").write_text('description = "\\u001b[31mred"\n')
    assert [one["name"] for one in shell.json("profiles", "list")] == [
        *("planner", "coder", "reviewer", "tester", "researcher", "critic", "loud"),
    ]
    text = shell.ok("profiles", "list").out
    assert "\x1b" not in text
    assert "\\x1b[31mred" in text
    assert shell.ok("profiles", "list", "--fields", "name,output").out.splitlines()[1].split() == ["coder", "change"]


def test_wrong_name_and_wrong_file_are_said_with_what_to_do(shell: Shell, repository: Path, own: Path) -> None:
    ran = shell.run("profiles", "show", "tesr")
    assert (ran.code, ran.err) == (2, "ostinato: no profile tesr: did you mean tester?\n")
    (own / "odd.toml").write_text('tool = ["read_file"]\n')
    ran = shell.run("profiles", "list")
    assert (ran.code, ran.err) == (2, f"ostinato: {own / 'odd.toml'}:1: unknown key tool: did you mean tools?\n")
