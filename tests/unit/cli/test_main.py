from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click
import pytest

from ostinato import __version__
from ostinato.cli.command import Command, Group
from ostinato.cli.main import COMMANDS, SECTIONS
from tests.unit.cli.conftest import Shell

OSTINATO = Path(sys.executable).parent / "ostinato"


def _all_commands() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name, entry in COMMANDS.items():
        command = getattr(import_module(entry.module), entry.attribute)
        found.append((name, command))
        if isinstance(command, click.Group):
            found.extend((f"{name} {inner}", command.commands[inner]) for inner in command.commands)
    return found


def test_every_command_of_the_table_exists_and_its_help_has_an_example() -> None:
    for name, command in _all_commands():
        assert isinstance(command, Command | Group), name
        assert command.examples, name
        assert all(example.startswith("ostinato ") for example in command.examples), name
        assert command.help, name


def test_no_help_holds_a_command_that_destroys() -> None:
    for name, command in _all_commands():
        text = f"{command.help} {command.examples}"
        assert not any(word in text for word in ("rm -", "--force", "reset --hard", "remove --yes")), name


def test_no_line_of_a_help_is_cut(shell: Shell) -> None:
    groups = [name for name, command in _all_commands() if isinstance(command, click.Group)]
    assert groups
    for words in ((), *((name,) for name in groups)):
        assert "..." not in shell.ok(*words, "--help").out.partition("Commands:")[2], words


def test_help_lists_every_command_with_one_line(shell: Shell) -> None:
    text = shell.ok("--help").out
    for name, entry in COMMANDS.items():
        assert name in text
        assert entry.help.split()[0] in text


def test_help_shows_every_command_once_in_its_section(shell: Shell) -> None:
    lines = shell.ok("--help").out.splitlines()
    for name in COMMANDS:
        assert sum(line.startswith(f"  {name} ") for line in lines) == 1, name
    named = [name for names in SECTIONS.values() for name in names]
    assert len(named) == len(set(named))
    assert set(COMMANDS) <= set(named), "name the new command in a section of the help"


def test_help_shows_the_examples_of_a_command(shell: Shell) -> None:
    assert "  ostinato tasks ready --limit 5\n" in shell.ok("tasks", "ready", "--help").out


def test_version_is_printed(shell: Shell) -> None:
    assert shell.ok("--version").out == f"ostinato {__version__}\n"
    assert shell.ok("--json", "--version").document == {"version": __version__}


def test_the_global_options_are_taken_before_between_and_after_the_subcommands(shell: Shell) -> None:
    for arguments in (
        ("--json", "tasks", "list"),
        ("tasks", "--json", "list"),
        ("tasks", "list", "--json"),
    ):
        assert shell.ok(*arguments).document == []


def test_the_environment_stands_in_for_the_options(shell: Shell) -> None:
    ran = shell.run("tasks", "list", OSTINATO_JSON="1")
    assert (ran.code, ran.document) == (0, [])
    assert shell.run("tasks", "list", OSTINATO_PROJECT="nowhere").code == 2


def test_an_option_wins_over_its_variable(shell: Shell, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    shell.ok("node", "add", "goal", "Elsewhere", "--db", str(other))
    assert other.exists()
    assert not shell.database.exists()
    shell.ok("--db", str(other), "project", "show")


def test_an_empty_database_path_is_refused_when_it_is_said(shell: Shell) -> None:
    ran = shell.run("--db", "", "node", "add", "goal", "Nowhere")
    assert (ran.code, ran.out) == (2, "")
    assert "--db" in ran.err
    assert not shell.database.exists()


def test_an_unknown_command_suggests_near_ones(shell: Shell) -> None:
    ran = shell.run("taks")
    assert ran.code == 2
    assert ran.out == ""
    assert "tasks" in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("tasks", "next", "--nonsense", "--json"),
        ("--json", "tasks", "nexxt"),
        ("--json", "--nonsense"),
        ("tasks", "--json"),
        ("--json",),
        ("node", "add", "nonsense", "T", "--json"),
        ("node", "add", "--json"),
        ("events", "--after", "-1", "--json"),
    ],
)
def test_a_usage_error_is_a_json_object_on_stderr_when_json_is_asked(shell: Shell, arguments: tuple[str, ...]) -> None:
    ran = shell.run(*arguments)
    assert ran.code == 2
    assert ran.error["kind"] == "usage"
    assert ran.error["message"]


def test_a_usage_error_is_json_when_only_the_environment_asks_for_it(shell: Shell) -> None:
    assert shell.run("--nonsense", OSTINATO_JSON="1").error["kind"] == "usage"


def test_an_error_of_ours_keeps_its_kind_and_its_exit_code(shell: Shell) -> None:
    ran = shell.run("node", "show", "os-00000000", "--json")
    assert (ran.code, ran.error["kind"]) == (2, "not_found")
    plain = shell.run("node", "show", "os-00000000")
    assert plain.code == 2
    assert plain.err.startswith("ostinato: ")
    assert plain.err.count("\n") == 1


def test_a_database_that_is_none_is_one_line_and_exit_8(shell: Shell, tmp_path: Path) -> None:
    bad = tmp_path / "bad.db"
    bad.write_text("this is no database, but long enough to be looked at as one\n" * 100)
    for arguments in (("tasks", "list"), ("node", "add", "goal", "G")):
        ran = shell.run(*arguments, "--db", str(bad))
        assert ran.code == 8
        assert str(bad) in ran.err
        assert ran.err.count("\n") == 1


def test_a_bug_is_one_line_and_a_traceback_only_when_asked(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr("ostinato.cli.context.repository_top", broken)
    ran = shell.run("tasks", "list")
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert "ZeroDivisionError" in ran.err
    assert shell.run("tasks", "list", "--json").error["kind"] == "bug"
    assert "Traceback" in shell.run("tasks", "list", OSTINATO_DEBUG="1").err


def test_an_argument_that_is_no_utf8_is_refused(shell: Shell) -> None:
    command = [os.fsencode(OSTINATO), b"node", b"add", b"goal", b"caf\xe9", b"--json"]
    ran = subprocess.run(command, capture_output=True, check=False)
    assert ran.returncode == 2
    assert json.loads(ran.stderr)["error"]["kind"] == "usage"


def _environ(shell: Shell) -> dict[str, str]:
    return {**os.environ, "OSTINATO_DB": str(shell.database)}


def test_a_reader_that_goes_away_ends_it_quietly(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    for number in range(30):
        shell.add("task", f"T{number} " + "x" * 5000, "--parent", goal)
    with subprocess.Popen(
        [OSTINATO, "tasks", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environ(shell)
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        assert running.wait(timeout=30) == 141
        assert running.stderr.read() == b""


def test_ctrl_c_ends_with_130_and_says_nothing(shell: Shell) -> None:
    shell.add("goal", "G")
    with subprocess.Popen(
        [OSTINATO, "events", "--follow", "--after", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environ(shell),
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline()
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=30) == 130
        assert b"Traceback" not in running.stderr.read()


def test_the_installed_program_answers_json_on_stdout_only(shell: Shell) -> None:
    ran = subprocess.run([OSTINATO, "tasks", "next", "--json"], capture_output=True, env=_environ(shell), check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (3, b"null\n", b"")


def test_output_survives_a_terminal_that_cannot_show_a_character(shell: Shell) -> None:
    shell.add("goal", "Größe → 大")
    environ = {**_environ(shell), "PYTHONIOENCODING": "latin-1"}
    for arguments, seen in ((["status"], b"\\u5927"), (["status", "--json"], "→ 大".encode())):
        ran = subprocess.run([OSTINATO, *arguments], capture_output=True, env=environ, check=False)
        assert ran.returncode == 0, ran.stderr
        assert seen in ran.stdout


def test_a_directory_that_is_gone_is_said_as_such(shell: Shell, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"cd {gone} && rmdir {gone} && {OSTINATO} status"
    ran = subprocess.run(["sh", "-c", program], capture_output=True, text=True, env=_environ(shell), check=False)
    assert (ran.returncode, ran.stdout) == (8, "")
    assert ran.stderr == "ostinato: the present directory is gone or cannot be read: go into another\n"


def test_a_usage_error_is_one_line_of_plain_words(shell: Shell) -> None:
    missing = shell.run("node", "add").err
    assert "Choose from: goal, task, decision" in missing
    assert "\\x" not in missing
    assert "is not a whole number" in shell.run("events", "--after", "x").err


def on_terminal(command: Sequence[str | Path], where: Path, stream: str, columns: int) -> str:
    """Return what a command prints to one of its streams, a terminal of so many columns."""
    reader, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    other = {"stdout": "stderr", "stderr": "stdout"}[stream]
    subprocess.run(command, check=False, cwd=where, **{stream: terminal, other: subprocess.DEVNULL})  # type: ignore[call-overload]
    os.close(terminal)
    with os.fdopen(reader, "rb") as shown:
        return shown.read1().decode()


def test_an_error_is_one_line_but_broken_between_words_on_a_terminal_that_is_narrower(tmp_path: Path) -> None:
    command = [OSTINATO, "--db", tmp_path / "none.db", "show", "os-00000000"]
    piped = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert piped.stderr.count("\n") == 1
    said = on_terminal(command, tmp_path, "stderr", 30)
    lines = said.splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 30
    assert " ".join(said.split()) == " ".join(piped.stderr.split())


def test_the_last_column_of_a_table_goes_on_below_itself_on_a_narrow_terminal(shell: Shell, tmp_path: Path) -> None:
    goal = shell.add("goal", "A shop")
    shell.add("task", "A till that gives the change in the fewest coins of all", "--parent", goal)
    command = [OSTINATO, "--db", shell.database, "tasks", "list"]
    piped = subprocess.run(command, check=False, capture_output=True, text=True)
    assert piped.stdout.count("\n") == 1
    heads, first, *rest = on_terminal(command, Path.cwd(), "stdout", 60).splitlines()
    heads = heads.replace("\x1b[2m", "").replace("\x1b[0m", "")
    assert heads.split() == ["ID", "STATUS", "PRIORITY", "TITLE"]
    assert heads.index("TITLE") == first.index("A till")
    assert first == first[:60]
    assert rest
    assert {len(line) - len(line.lstrip()) for line in rest} == {first.index("A till")}
    assert " ".join(" ".join((first, *rest)).split()) == " ".join(piped.stdout.split())


def test_a_number_out_of_range_is_told_in_words(shell: Shell) -> None:
    assert "0 is too small, the least is 1" in shell.run("tasks", "ready", "--limit", "0").err
    assert "must be more than 0" in shell.run("ralph", "--max-cost", "0").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ralph", "--attach", "--detach"), "--detach and --attach do not go together: say one of them"),
        (("land", "--rebase", "--squash"), "--rebase and --squash do not go together: say one of them"),
    ],
)
def test_two_ways_at_once_are_refused(shell: Shell, words: tuple[str, ...], said: str) -> None:
    ran = shell.run(*words)
    assert (ran.code, ran.err) == (2, f"ostinato: {said}\n")


@pytest.mark.parametrize(
    "line",
    [
        ("tasks", "list", "--status", "ready", "--status", "blocked"),
        ("tasks", "claim", "--agent", "a", "--agent", "b"),
        ("node", "set", "os-1a2b3c4d", "--judge", "--no-judge"),
        ("--db", "one", "--db", "two", "tasks", "list"),
        ("search", "x", "--limit=1", "--limit=2"),
    ],
)
def test_an_option_for_one_value_is_refused_when_it_is_given_twice(shell: Shell, line: tuple[str, ...]) -> None:
    ran = shell.run(*line, "--json")
    assert ran.code == 2
    assert "is given twice: it takes one value" in ran.error["message"]


@pytest.mark.parametrize("line", [("taks",), ("tasks", "lst"), ("node", "list2"), ("tasks", "list", "extra")])
def test_an_unknown_word_is_refused_and_nothing_is_done(shell: Shell, line: tuple[str, ...]) -> None:
    assert shell.run(*line, "--json").error["kind"] == "usage"
    assert shell.run(*line).code == 2
    assert not shell.database.exists()
