"""`init` on real repositories: what is written, what is left alone, what is asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Shell

CONFIG = ".ostinato/config.toml"
CHECK = "python3 -m unittest discover"


@pytest.fixture(autouse=True)
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    for name in ("OSTINATO_SANDBOX", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def _git(folder: Path, *arguments: str) -> None:
    named = ("-c", "user.name=Pat", "-c", "user.email=pat@example.org")
    subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python project without packages, tests by unittest."""
    top = tmp_path / "project"
    top.mkdir()
    _git(top, "init", "-q")
    (top / "test_a.py").write_text("import unittest\n")
    _git(top, "add", "-A")
    _git(top, "commit", "-qm", "first")
    monkeypatch.chdir(top)
    return top


def test_the_proposal_is_shown_with_its_reasons_and_written_when_the_person_agrees(shell: Shell, project: Path) -> None:
    ran = shell.run("init", stdin="y\n")
    assert ran.code == 0, ran.err
    assert f"  {CHECK}\n      test_a.py imports unittest\n" in ran.out
    assert f'"{CHECK}"' in (project / CONFIG).read_text()
    assert shell.json("config", "explain", "verify.commands")["value"] == [CHECK]
    # Who writes registers the repository.
    assert [one["path"] for one in shell.json("project", "list")] == [str(project)]


@pytest.mark.parametrize(("arguments", "stdin", "code"), [((), "n\n", 0), ((), "", 2), (("--dry-run",), "", 0)])
def test_nothing_is_written_unless_the_person_agrees(
    shell: Shell, project: Path, arguments: tuple[str, ...], stdin: str, code: int
) -> None:
    ran = shell.run("init", *arguments, stdin=stdin)
    assert ran.code == code
    assert not (project / ".ostinato").exists()
    assert not shell.database.exists()


def test_the_text_can_be_edited_before_it_is_written(
    shell: Shell, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf \'[verify]\\ncommands = ["make"]\\n\' > "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    assert shell.run("init", stdin="e\n").code == 0
    assert shell.json("config", "explain", "verify.commands")["value"] == ["make"]


def test_an_editor_that_fails_writes_nothing_and_says_so(
    shell: Shell, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", "false")
    ran = shell.run("init", stdin="e\n")
    assert ran.code == 2
    assert "nothing was written" in ran.err
    assert not (project / CONFIG).exists()


def test_an_edited_text_that_is_no_configuration_is_asked_about_again(
    shell: Shell, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "[verfy]" > "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    ran = shell.run("init", stdin="e\nn\n")
    assert "verfy" in ran.err
    assert not (project / CONFIG).exists()


def test_json_has_the_proposal_and_writes_only_with_yes(shell: Shell, project: Path) -> None:
    document = shell.json("init")
    assert (document["written"], document["path"]) == (False, str(project / CONFIG))
    assert document["settings"] == {"setup": {"commands": [], "inputs": []}, "verify": {"commands": [CHECK]}}
    assert document["found"][0]["checks"] == [{"command": CHECK, "why": "test_a.py imports unittest"}]
    assert not (project / CONFIG).exists()
    assert shell.json("init", "--yes")["written"] is True
    assert (project / CONFIG).read_text() == document["toml"]


def test_a_configuration_that_is_there_stays_and_the_difference_is_shown(shell: Shell, project: Path) -> None:
    (project / ".ostinato").mkdir()
    (project / CONFIG).write_text('[verify]\ncommands = ["mine"]\n')
    ran = shell.run("init")
    assert ran.code == 0
    assert '-commands = ["mine"]' in ran.out
    assert f'+    "{CHECK}",' in ran.out
    refused = shell.run("init", "--yes", "--json")
    assert (refused.code, refused.error["kind"]) == (2, "usage")
    assert "mine" in (project / CONFIG).read_text()


def test_forcing_keeps_a_copy_of_what_was_there(shell: Shell, project: Path) -> None:
    (project / ".ostinato").mkdir()
    (project / CONFIG).write_text("broken [")
    assert f"{project / CONFIG}: not valid TOML" in shell.run("init").out
    shown = shell.run("init", "--force", stdin="n\n").out
    assert "-broken [" in shown
    assert "a copy kept" in shown
    for name in ("config.toml.bak", "config.toml.bak2"):
        former = (project / CONFIG).read_text()
        document = shell.json("init", "--yes", "--force")
        assert document["backup"] == str(project / ".ostinato" / name)
        assert (project / ".ostinato" / name).read_text() == former
    assert shell.ok("init").out.rstrip().endswith("says the same already; it stays as it is")


def test_what_is_not_committed_is_not_seen_and_said(shell: Shell, project: Path) -> None:
    (project / "uv.lock").write_text("")
    document = shell.json("init")
    assert any("uv.lock is in your checkout but not committed" in one for one in document["undecided"])
    assert document["settings"]["setup"]["commands"] == []


def test_a_repository_that_says_nothing_gets_a_form_to_fill_in(shell: Shell, project: Path) -> None:
    _git(project, "rm", "-q", "test_a.py")
    _git(project, "commit", "-qm", "empty", "--allow-empty")
    ran = shell.run("init", "--yes")
    assert ran.code == 0
    assert "write your own commands" in ran.out
    assert '# commands = ["make test"]' in (project / CONFIG).read_text()
    assert shell.json("config", "explain", "verify.commands")["value"] == []


def test_a_link_in_the_place_of_the_file_is_not_followed(shell: Shell, project: Path, tmp_path: Path) -> None:
    (project / ".ostinato").mkdir()
    (tmp_path / "precious").write_text("precious")
    (project / CONFIG).symlink_to(tmp_path / "precious")
    ran = shell.run("init", "--yes", "--force")
    assert ran.code == 2
    assert (tmp_path / "precious").read_text() == "precious"


def test_without_a_commit_it_says_what_to_do(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    _git(bare, "init", "-q")
    monkeypatch.chdir(bare)
    ran = shell.run("init")
    assert ran.code == 2
    assert "make a first commit" in ran.err
