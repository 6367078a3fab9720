"""`doctor` and `sandbox`: the two commands that look at the machine itself."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest

from ostinato.base.clock import SystemClock
from ostinato.store.store import open_store
from ostinato.testing.chat_server import Answer, Call, ChatServer
from tests.unit.cli.conftest import Shell


@pytest.fixture
def homes(tmp_path: Path) -> dict[str, str]:
    """Environment in which nothing of this machine's person is read."""
    return {
        **{f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("DATA", "STATE", "CONFIG")},
        **dict.fromkeys(("OSTINATO_MODEL", "OSTINATO_AUTONOMY", "OSTINATO_SANDBOX", "OPENAI_API_KEY"), ""),
    }


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


def test_doctor_names_what_a_model_lacks_by_variable(shell: Shell, homes: dict[str, str]) -> None:
    (finding,) = _findings(shell, {**homes, "OSTINATO_MODEL": "openai-chat:gpt"})["model"]
    assert finding["state"] == "fail"
    assert "OPENAI_API_KEY" in finding["fix"]
    (finding,) = _findings(shell, {**homes, "OSTINATO_MODEL": "openai-chat:gpt", "OPENAI_API_KEY": "sk-1"})["model"]
    assert finding["state"] == "ok"
    assert "planner, coder" in finding["message"]


def test_doctor_looks_at_profiles_and_at_the_models_that_only_they_name(
    shell: Shell, homes: dict[str, str], tmp_path: Path
) -> None:
    """What a night would find out at its first such task."""
    own = Path(homes["XDG_CONFIG_HOME"]) / "ostinato" / "profiles"
    own.mkdir(parents=True)
    (own / "scout.toml").write_text('extends = "researcher"\nmodel = "openai-chat:small"\n')
    found = _findings(shell, {**homes, "OSTINATO_MODEL": ""})
    assert "files say something about scout" in found["profiles"][0]["message"]
    assert found["model"][0]["message"] == "openai-chat:small for profile scout cannot be asked"
    assert found["model"][0]["state"] == "warn"
    (own / "scout.toml").write_text("tools = 3\n")
    (finding,) = _findings(shell, homes)["profiles"]
    assert finding["state"] == "fail"
    assert "scout.toml:1: tools must be a list of texts" in finding["message"]


def test_doctor_asks_each_model_once_when_told_to(shell: Shell, homes: dict[str, str]) -> None:
    with ChatServer(lambda body: Answer(tool_calls=(Call("pong", {}),))) as server:
        environ = {**homes, "OSTINATO_MODEL": "openai-chat:small", "OPENAI_BASE_URL": server.url}
        environ["OSTINATO_FALLBACK"] = "openai-chat:other"
        asked = len(server.requests)
        _findings(shell, environ)
        assert len(server.requests) == asked
        ran = shell.run("doctor", "--live", **environ)
    assert "ok    model: openai-chat:small for planner, coder, critic answers in " in ran.out
    assert "uses tools" in ran.out
    assert "openai-chat:other for planner (fallback), coder (fallback), critic (fallback) answers" in ran.out
    assert len(server.requests) == asked + 2


def test_doctor_warns_of_a_model_that_works_but_does_not_say_its_usage(shell: Shell, homes: dict[str, str]) -> None:
    with ChatServer(lambda body: Answer(tool_calls=(Call("pong", {}),), usage=None)) as server:
        environ = {**homes, "OPENAI_BASE_URL": server.url, "OSTINATO_MODEL": "openai-chat:small"}
        ran = shell.run("doctor", "--live", **environ)
    assert "warn  model: openai-chat:small" in ran.out
    assert "they are estimated" in ran.out
    assert ran.code == 0


def test_doctor_says_what_is_wrong_with_a_model_that_does_not_answer(shell: Shell, homes: dict[str, str]) -> None:
    environ = {**homes, "OSTINATO_MODEL": "openai-chat:small", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    ran = shell.run("doctor", "--live", "--json", **environ)
    assert ran.code == 8
    (finding,) = [one for one in ran.document if one["name"] == "model"]
    assert finding["state"] == "fail"
    assert "127.0.0.1:9" in finding["fix"]


def test_doctor_names_the_programs_that_setup_and_checks_lack(
    shell: Shell, homes: dict[str, str], repository: Path
) -> None:
    (repository / ".ostinato").mkdir()
    config = repository / ".ostinato" / "config.toml"
    config.write_text(
        '[setup]\ncommands = ["X=1 no-such-manager install"]\ninputs = ["absent.lock"]\n'
        '[verify]\ncommands = ["cd web && no-such-tester", ".venv/bin/python -m pytest", "for x in a; do nope; done"]\n'
    )
    found = _findings(shell, homes)
    assert [one["state"] for one in found["setup"] if "no-such-manager" in one["message"]] == ["fail"]
    assert [one["state"] for one in found["verify"]] == ["fail"]
    assert "no-such-tester is not on PATH" in found["verify"][0]["message"]
    config.write_text('[setup]\ncommands = ["true"]\n')
    found = _findings(shell, homes)
    assert found["setup"][0]["state"] == "ok"
    assert found["verify"][0]["state"] == "warn"
    assert "ostinato init" in found["verify"][0]["fix"]


def test_doctor_finds_setup_inputs_that_no_file_matches(
    shell: Shell, homes: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tmp_path / "real"
    (top / ".ostinato").mkdir(parents=True)
    (top / ".ostinato" / "config.toml").write_text('[setup]\ncommands = ["true"]\ninputs = ["a.lock", "b.lock"]\n')
    (top / "a.lock").write_text("")
    named = ("-c", "user.name=Pat", "-c", "user.email=pat@example.org")
    for arguments in (["init", "-q"], ["add", "-A"], [*named, "commit", "-qm", "first"]):
        subprocess.run(["git", *arguments], cwd=top, check=True)
    monkeypatch.chdir(top)
    (finding,) = _findings(shell, homes)["setup"]
    assert finding["state"] == "warn"
    assert "b.lock" in finding["message"]


def test_doctor_says_who_commits_and_fails_when_nobody_does(
    shell: Shell, homes: dict[str, str], tmp_path: Path
) -> None:
    none = {"GIT_CONFIG_NOSYSTEM": "1", "XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    (finding,) = _findings(shell, {**homes, **none})["identity"]
    assert finding["state"] == "fail"
    assert "user.email" in finding["fix"]
    (tmp_path / ".gitconfig").write_text("[user]\nname = Pat\nemail = pat@example.org\n")
    (finding,) = _findings(shell, {**homes, **none})["identity"]
    assert finding["message"].endswith("Pat <pat@example.org>")


def test_doctor_finds_a_session_whose_process_died_and_a_repository_that_is_gone(
    shell: Shell, homes: dict[str, str], repository: Path
) -> None:
    goal = shell.add("goal", "G")
    session = shell.json("sessions", "start", "--goal", goal)["id"]
    assert _findings(shell, homes)["sessions"][0]["state"] == "ok"
    store = open_store(shell.database, SystemClock())
    dead = {"host": os.uname().nodename, "boot": "an earlier boot", "id": session}
    store.db.execute("UPDATE sessions SET host = :host, boot = :boot, pid = 1, started = '1' WHERE id = :id", dead)
    store.close()
    found = _findings(shell, homes)
    assert found["sessions"][0]["state"] == "warn"
    assert session in found["sessions"][0]["message"]
    assert "projects" not in found
    repository.rename(repository.with_name("elsewhere"))
    os.chdir(repository.with_name("elsewhere"))
    assert "gone" in _findings(shell, homes)["projects"][0]["message"]


def test_doctor_tells_checkouts_in_use_from_what_may_be_deleted(
    shell: Shell, homes: dict[str, str], tmp_path: Path
) -> None:
    shell.add("goal", "G")
    project = shell.json("project", "show")["id"]
    root = tmp_path / "state" / "ostinato" / "checkouts"
    for folder in (root / project / "slot-0", root / "proj-00000000" / "slot-0", root / "trial-x" / "slot-0"):
        folder.mkdir(parents=True)
    os.utime(root / "trial-x", (0, 0))
    (root / project / "slot-0" / "big").write_bytes(b"x" * 100_000)
    with (root / project / "slot-0.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        whole, *others = _findings(shell, homes)["checkouts"]
    assert "3 in" in whole["message"]
    assert "1 in use" in whole["message"]
    assert [one["message"].split(" ")[0] for one in others] == [str(root / "proj-00000000"), str(root / "trial-x")]
    assert all(one["state"] == "warn" and "may be deleted" in one["fix"] for one in others)
    # It asked for no lock and made nothing.
    assert not (root / "proj-00000000" / "slot-0.lock").exists()


def test_doctor_names_proxies_but_never_their_values(shell: Shell, homes: dict[str, str]) -> None:
    ran = shell.run("doctor", **{**homes, "HTTPS_PROXY": "http://me:hush@proxy.example:3128"})
    assert "HTTPS_PROXY" in ran.out
    assert "hush" not in ran.out


def test_doctor_sends_a_test_by_each_way_of_notification_only_when_asked(
    shell: Shell, homes: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "config" / "ostinato" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f'[notify]\ncommand = "cat > {tmp_path}/told"\n')
    assert "command set" in _findings(shell, homes)["notify"][0]["message"]
    assert not (tmp_path / "told").exists()
    ran = shell.run("doctor", "--notify", **homes)
    assert "ok    notify: command: a test was sent" in ran.out
    assert "this is a test" in (tmp_path / "told").read_text()
    file.write_text('[notify]\ncommand = "echo nobody home >&2; exit 3"\n')
    assert "warn  notify: command: " in shell.run("doctor", "--notify", **homes).out


def test_doctor_warns_of_a_terminal_that_cannot_show_every_character(shell: Shell, homes: dict[str, str]) -> None:
    environ = {**os.environ, **homes, "OSTINATO_DB": str(shell.database), "PYTHONIOENCODING": "ascii"}
    program = Path(sys.executable).parent / "ostinato"
    ran = subprocess.run([program, "doctor"], capture_output=True, text=True, env=environ, check=False)
    assert "warn  terminal" in ran.stdout
    assert "C.UTF-8" in ran.stdout


@pytest.mark.needs_bwrap
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


def test_doctor_mends_what_follows_from_facts_when_it_may(shell: Shell, homes: dict[str, str]) -> None:
    goal = shell.add("goal", "G")
    task = shell.add("task", "T", "--parent", goal)
    plain = apsw.Connection(str(shell.database))
    plain.execute("UPDATE standings SET ready = 0; INSERT INTO node_search (node_search) VALUES ('delete-all')")
    plain.close()
    found = _findings(shell, homes)
    assert {name for name in found if any(one["state"] == "fail" for one in found[name])} >= {"database", "graph"}
    assert "--mend" in found["graph"][0]["fix"]
    shell.run("doctor", "--mend", **homes)
    assert [one["state"] for one in _findings(shell, homes)["graph"]] == ["ok"]
    assert shell.json("tasks", "next")["id"] == task
    assert [node["id"] for node in shell.json("search", "G")] == [goal]


def test_mending_makes_no_database(shell: Shell, homes: dict[str, str]) -> None:
    shell.run("doctor", "--mend", **homes)
    assert not shell.database.parent.exists()
