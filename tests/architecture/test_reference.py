"""The pages on the commands are what the commands say, and every command says enough."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from ostinato.cli.main import COMMANDS, cli
from tests.programs import need

ROOT = Path(__file__).resolve().parents[2]


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None, f"{path} {name}"
            yield from _commands(found, f"{path} {name}")


EVERY = list(_commands(cli, "ostinato"))


def test_the_pages_are_what_the_script_writes() -> None:
    ran = subprocess.run(
        [sys.executable, ROOT / "scripts" / "reference.py", "--check"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_command_has_a_help_of_sentences_and_an_example_of_its_own() -> None:
    assert len(EVERY) > len(COMMANDS)
    for path, command in EVERY:
        assert command.help, path
        assert command.help.strip().split("\n\n")[0].rstrip().endswith("."), path
        examples: tuple[str, ...] = getattr(command, "examples", ())
        assert examples, f"{path} has no example"
        assert all(example.startswith("ostinato ") for example in examples), path
        if path.count(" "):
            assert any(example.startswith(path) for example in examples), f"no example of {path} shows it"


def test_every_option_says_what_it_is_for() -> None:
    for path, command in EVERY:
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.help, f"{path} {parameter.opts[0]}"


def test_every_example_is_a_line_that_its_command_understands() -> None:
    for path, command in EVERY:
        for example in getattr(command, "examples", ()):
            words = shlex.split(example.partition(" > ")[0].partition(" | ")[0].partition(" < ")[0])
            here: click.Command = cli
            context = click.Context(cli)
            rest = [word for word in words[1:] if word != "--json"]
            while isinstance(here, click.Group) and rest and not rest[0].startswith("-"):
                found = here.get_command(context, rest[0])
                assert found is not None, f"{path}: {example}"
                here, rest = found, rest[1:]
            known = {name for parameter in here.get_params(click.Context(here)) for name in parameter.opts}
            known |= {name for parameter in here.get_params(click.Context(here)) for name in parameter.secondary_opts}
            options = rest[: rest.index("--")] if "--" in rest else rest
            given = {word.partition("=")[0] for word in options if word.startswith("--")}
            assert given <= known | {"--json", "--db", "--project", "--version", "--help"}, f"{path}: {example}"


def test_the_manual_is_read_by_man_without_a_warning() -> None:
    need("groff")
    page = ROOT / "docs" / "man" / "ostinato.1"
    ran = subprocess.run(
        ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", page],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert ran.returncode == 0
    assert ran.stderr == ""
    assert "may be deleted while nothing runs" in ran.stdout
