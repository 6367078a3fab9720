"""Completion as a shell asks for it: the protocol for all three, and the script in a real bash."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from ostinato.cli.completing import ARGUMENTS, OPTIONS
from ostinato.cli.main import cli
from ostinato.store.database import queries
from tests.programs import need
from tests.unit.cli.conftest import Shell

OSTINATO = Path(sys.executable).parent / "ostinato"


def _complete(shell: Shell, line: str, *, instruction: str = "bash_complete", **environ: str) -> str:
    words = line.split(" ")
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_OSTINATO_COMPLETE": instruction}
    env = {**os.environ, "OSTINATO_DB": str(shell.database), **asked, **environ}
    ran = subprocess.run([OSTINATO], capture_output=True, text=True, env=env, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def _words(shell: Shell, line: str, **environ: str) -> list[str]:
    return [row.partition(",")[2] for row in _complete(shell, line, **environ).split()]


def test_commands_and_options_are_completed(shell: Shell) -> None:
    assert _words(shell, "ostinato ta") == ["tasks"]
    assert {"init", "plan", "ralph", "land"} <= set(_words(shell, "ostinato "))
    assert set(_words(shell, "ostinato tasks re")) == {"ready", "release", "retry", "reopen"}
    assert "--check" in _words(shell, "ostinato init --")
    assert _words(shell, "ostinato node add obs") == ["observation"]


def test_ids_are_completed_from_the_database_for_the_command_that_takes_them(shell: Shell) -> None:
    goal = shell.add("goal", "A goal")
    task = shell.add("task", "A task", "--parent", goal)
    session = shell.json("sessions", "start", "--goal", goal)["id"]
    assert _words(shell, "ostinato ralph ") == [goal]
    assert _words(shell, "ostinato tasks list --goal os-") == [goal]
    assert _words(shell, "ostinato tasks claim ") == [task]
    assert set(_words(shell, "ostinato node show ")) == {goal, task}
    assert _words(shell, "ostinato sessions end sess-") == [session]
    assert _words(shell, "ostinato --project sh") == ["shop"]
    assert _words(shell, "ostinato ralph os-nothing") == []


def test_other_shells_get_a_word_on_each_id_and_no_escapes(shell: Shell) -> None:
    goal = shell.add("goal", "A \x1b[31mred\ngoal")
    zsh = _complete(shell, "ostinato ralph ", instruction="zsh_complete")
    assert zsh.splitlines()[:2] == ["plain", goal]
    assert "\\x1b[31mred goal" in zsh
    assert "\x1b" not in zsh
    # Fish hands over the word at the cursor in the place of its number.
    assert goal in _complete(shell, "ostinato ralph ", instruction="fish_complete", COMP_CWORD="os-")


def test_settings_are_completed(shell: Shell) -> None:
    assert _words(shell, "ostinato config explain verify.t") == ["verify.timeout"]
    assert _words(shell, "ostinato node set os-1 --profile rese") == ["researcher"]
    assert _words(shell, "ostinato profiles show cod") == ["coder"]


def test_a_database_that_cannot_be_read_completes_nothing_and_says_nothing(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_text("this is no database, but long enough to be looked at as one\n" * 100)
    assert _words(shell, "ostinato ralph ", OSTINATO_DB=str(tmp_path / "bad.db")) == []
    # A command that takes no id is none of its business.
    assert _words(shell, "ostinato ta", OSTINATO_DB=str(tmp_path / "bad.db")) == ["tasks"]


def test_completing_makes_no_database(shell: Shell) -> None:
    assert _words(shell, "ostinato ralph ") == []
    assert not shell.database.exists()


def test_every_command_that_completes_ids_exists() -> None:
    for path in ARGUMENTS:
        command: click.Command | None = cli
        for name in path.split():
            assert isinstance(command, click.Group)
            command = command.get_command(click.Context(command), name)
        assert command is not None, path
        assert any(isinstance(one, click.Argument) for one in command.params), path
    assert {*ARGUMENTS.values(), *OPTIONS.values()} <= {*queries("completion"), "setting", "profile"}


def test_the_script_works_in_a_real_bash(shell: Shell) -> None:
    need("bash")
    goal = shell.add("goal", "A goal")
    program = """
        eval "$(ostinato completion bash)"
        try() { COMPREPLY=(); COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); { _ostinato_completion ostinato; }
                 echo "${COMPREPLY[*]}"; }
        complete -p ostinato
        try ostinato sea
        try ostinato ralph ""
        try ostinato sessions latest --go
    """
    path = f"{OSTINATO.parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "--norc", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path, "OSTINATO_DB": str(shell.database)},
    )
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        "complete -o nosort -F _ostinato_completion ostinato",
        "search",
        goal,
        "--goal",
    ]


def test_the_script_is_for_the_person_s_shell_unless_one_is_named(shell: Shell) -> None:
    assert "compdef" in shell.run("completion", SHELL="/usr/bin/zsh").out
    document = shell.json("completion", "fish")
    assert document["shell"] == "fish"
    assert "complete --no-files --command ostinato" in document["script"]
    assert "fish" in document["install"]
    refused = shell.run("completion", SHELL="/bin/tcsh")
    assert refused.code == 2
    assert "say `ostinato completion bash`, zsh or fish" in refused.err
