from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Shell


@pytest.fixture(autouse=True)
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    for name in ("OSTINATO_MODEL", "OSTINATO_AUTONOMY", "OSTINATO_SANDBOX"):
        monkeypatch.delenv(name, raising=False)


def test_one_setting_is_explained_on_a_few_lines(shell: Shell) -> None:
    out = shell.ok("config", "explain", "sandbox.mode").out
    assert out.startswith('sandbox.mode = "bubblewrap"\n')
    for words in ("default", "bubblewrap or none", "OSTINATO_SANDBOX", "never a project"):
        assert words in out


def test_all_settings_are_a_list_and_one_is_an_object_in_json(shell: Shell, repository: Path) -> None:
    (repository / ".ostinato").mkdir()
    (repository / ".ostinato" / "config.toml").write_text("[limits]\nsteps = 7\n")
    found = {one["key"]: one for one in shell.json("config", "explain")}
    assert found["limits.steps"]["value"] == 7
    assert found["limits.steps"]["source"] == str(repository / ".ostinato" / "config.toml")
    assert found["limits.steps"]["line"] == 2
    assert shell.json("config", "explain", "limits.steps") == found["limits.steps"]


def test_an_unknown_setting_is_a_usage_error(shell: Shell) -> None:
    ran = shell.run("config", "explain", "limit.steps", "--json")
    assert (ran.code, ran.error["kind"]) == (2, "not_found")
    assert "limits.steps" in ran.error["message"]


def test_the_places_are_named_whether_they_are_there_or_not(shell: Shell, repository: Path, tmp_path: Path) -> None:
    document = shell.json("config", "path")
    assert document == {
        "project": str(repository / ".ostinato" / "config.toml"),
        "user": str(tmp_path / "config" / "ostinato" / "config.toml"),
        "database": str(shell.database),
        "state": str(tmp_path / "state" / "ostinato"),
    }
    assert "not there yet" in shell.ok("config", "path").out
