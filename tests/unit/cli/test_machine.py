"""`doctor` and `sandbox`: the two commands that look at the machine itself."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Shell


@pytest.fixture
def homes(tmp_path: Path) -> dict[str, str]:
    """Environment in which nothing of this machine's person is read."""
    return {
        **{f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("DATA", "STATE", "CONFIG")},
        **dict.fromkeys(("OSTINATO_MODEL", "OSTINATO_AUTONOMY", "OSTINATO_SANDBOX", "OPENAI_API_KEY"), ""),
    }


@pytest.fixture
def bwrap() -> None:
    if shutil.which("bwrap") is None and os.environ.get("CI") != "true":
        pytest.skip("bubblewrap is not installed: `make system` says how")


def _findings(shell: Shell, environ: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    ran = shell.run("doctor", "--json", **environ)
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in ran.document:
        assert set(finding) == {"name", "state", "message", "fix"}
        assert finding["state"] in {"ok", "warn", "fail"}
        found.setdefault(finding["name"], []).append(finding)
    failed = any(one["state"] == "fail" for findings in found.values() for one in findings)
    assert ran.code == (8 if failed else 0)
    return found


@pytest.mark.needs_bwrap
@pytest.mark.usefixtures("bwrap")
def test_doctor_is_content_when_nothing_is_missing(shell: Shell, homes: dict[str, str]) -> None:
    found = _findings(shell, homes)
    assert {name: found[name][0]["state"] for name in ("git", "sandbox", "database", "disk", "configuration")} == (
        dict.fromkeys(("git", "sandbox", "database", "disk", "configuration"), "ok")
    )
    assert found["model"][0]["state"] == "warn"
    assert "OSTINATO_MODEL" in found["model"][0]["fix"]
    # Looking makes nothing.
    assert not shell.database.parent.exists()


def test_doctor_names_keys_but_never_their_values(shell: Shell, homes: dict[str, str]) -> None:
    ran = shell.run("doctor", "--json", **{**homes, "OPENAI_API_KEY": "sk-very-secret", "OSTINATO_MODEL": "openai:x"})
    assert "OPENAI_API_KEY" in ran.out
    assert "very-secret" not in ran.out + ran.err


def test_doctor_fails_with_8_when_git_is_missing(shell: Shell, homes: dict[str, str], tmp_path: Path) -> None:
    from ostinato.git.run import git_binary

    git_binary.cache_clear()
    try:
        found = _findings(shell, {**homes, "PATH": str(tmp_path)})
    finally:
        git_binary.cache_clear()
    assert found["git"][0]["state"] == "fail"
    assert "install" in found["git"][0]["fix"]


def test_doctor_finds_a_damaged_database(shell: Shell, homes: dict[str, str]) -> None:
    shell.add("goal", "G")
    assert "sound" in _findings(shell, homes)["database"][0]["message"]
    shell.database.write_bytes(b"garbage " * 1000)
    (finding,) = _findings(shell, homes)["database"]
    assert finding["state"] == "fail"
    assert str(shell.database) in finding["message"]


def test_doctor_finds_a_wrong_setting_and_a_sandbox_that_is_off(
    shell: Shell, homes: dict[str, str], repository: Path
) -> None:
    (warning,) = [
        one for one in _findings(shell, {**homes, "OSTINATO_SANDBOX": "none"})["sandbox"] if one["state"] == "warn"
    ]
    assert "without a sandbox" in warning["message"]
    (repository / ".ostinato").mkdir()
    (repository / ".ostinato" / "config.toml").write_text("[limits]\nstep = 3\n")
    (finding,) = _findings(shell, homes)["configuration"]
    assert finding["state"] == "fail"
    assert "limits.steps" in finding["message"]


@pytest.mark.needs_bwrap
@pytest.mark.usefixtures("bwrap")
class TestSandbox:
    @pytest.fixture(autouse=True)
    def real_repository(self, repository: Path) -> None:
        shutil.rmtree(repository / ".git")

    def test_the_command_s_output_and_exit_code_come_through(self, shell: Shell, homes: dict[str, str]) -> None:
        ran = shell.run("sandbox", "--", "echo out; echo err >&2; exit 7", **homes)
        assert (ran.code, ran.out, ran.err) == (7, "out\n", "err\n")

    def test_several_words_are_quoted(self, shell: Shell, homes: dict[str, str]) -> None:
        ran = shell.run("sandbox", "--", "printf", "%s|", "a b", "$HOME", ";", **homes)
        assert ran.out == "a b|$HOME|;|"

    def test_options_of_the_command_are_its_own(self, shell: Shell, homes: dict[str, str]) -> None:
        assert shell.run("sandbox", "echo", "--json", **homes).out == "--json\n"

    def test_json_has_the_whole_result(self, shell: Shell, homes: dict[str, str]) -> None:
        ran = shell.run("--json", "sandbox", "--", "echo out; exit 3", **homes)
        assert ran.code == 3
        assert {**ran.document, "seconds": 0} == {
            "exit_code": 3,
            "stdout": "out\n",
            "stderr": "",
            "seconds": 0,
            "truncated": False,
        }

    def test_the_directory_is_work_and_may_be_changed(
        self, shell: Shell, homes: dict[str, str], repository: Path
    ) -> None:
        ran = shell.run("sandbox", "--", "pwd; touch made; ls $HOME", **homes)
        assert (ran.code, ran.out) == (0, "/work\n")
        assert (repository / "made").exists()

    def test_the_environment_and_the_network_are_gone(self, shell: Shell, homes: dict[str, str]) -> None:
        ran = shell.run("sandbox", "--", "env; cat /proc/net/dev", SECRET_TOKEN="hush", **homes)
        assert "hush" not in ran.out
        interfaces = [line.split(":")[0].strip() for line in ran.out.splitlines() if line.lstrip().startswith("eth")]
        assert interfaces == []

    def test_a_command_that_takes_too_long_is_ended(self, shell: Shell, homes: dict[str, str]) -> None:
        ran = shell.run("sandbox", "--timeout", "0.3", "--", "sleep 60", **homes)
        assert ran.code == 124
        assert "ended" in ran.err


def test_sandbox_refuses_when_the_sandbox_is_off(shell: Shell, homes: dict[str, str]) -> None:
    ran = shell.run("sandbox", "--", "touch made", **{**homes, "OSTINATO_SANDBOX": "none"})
    assert ran.code == 2
    assert "OSTINATO_SANDBOX" in ran.err
    assert not Path("made").exists()
