"""The command line in this process, on a real database and a real repository in a temporary directory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ostinato.base.clock import SystemClock
from ostinato.cli.main import cli
from ostinato.store.store import Store, open_store
from tests.published import hold
from tests.unit.night import Night, night

Nights = Callable[..., Night]


@dataclass(frozen=True, slots=True)
class Ran:
    """What one invocation printed, and its exit code."""

    code: int
    out: str
    err: str
    raw: bytes

    @property
    def document(self) -> Any:
        """Stdout as JSON: exactly one document on one line."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, str]:
        """The error object; stdout is empty then."""
        assert self.out == ""
        found = json.loads(self.err)
        assert set(found) == {"error"}
        assert set(found["error"]) == {"kind", "message"}
        error: dict[str, str] = found["error"]
        return error


class Shell:
    """Runs `ostinato` in a directory; `ok` demands exit code 0. What --json prints must be as published."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self._runner = CliRunner(env={"OSTINATO_DB": str(database)})

    def run(self, *arguments: str, stdin: str | None = None, **environ: str) -> Ran:
        result = self._runner.invoke(cli, list(arguments), input=stdin, env=environ)
        hold(arguments, result.stdout, result.stderr)
        return Ran(result.exit_code, result.stdout, result.stderr, result.stdout_bytes)

    def ok(self, *arguments: str) -> Ran:
        ran = self.run(*arguments)
        assert ran.code == 0, ran.err
        return ran

    def json(self, *arguments: str) -> Any:
        """Return the document that the command prints with --json."""
        return self.ok(*arguments, "--json").document

    def add(self, *arguments: str) -> str:
        """Return the id of a new node."""
        return self.ok("node", "add", *arguments).out.strip()


def make_repository(folder: Path) -> Path:
    """Make what counts as a repository here: no git is run by these commands."""
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return folder


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for variable in ("OSTINATO_PROJECT", "OSTINATO_JSON", "OSTINATO_DEBUG"):
        monkeypatch.delenv(variable, raising=False)
    top = make_repository(tmp_path / "shop")
    monkeypatch.chdir(top)
    yield top


@pytest.fixture
def shell(repository: Path, tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data" / "test.db")


@pytest.fixture
def store(shell: Shell) -> Iterator[Store]:
    """Open the shell's database."""
    shell.database.parent.mkdir(parents=True, exist_ok=True)
    opened = open_store(shell.database, SystemClock())
    yield opened
    opened.close()


@pytest.fixture
def nights(store: Store, repository: Path) -> Nights:
    """Make a worked goal in the shell's database, in the repository or at `path`."""
    return lambda **facts: night(store, facts.pop("path", str(repository)), **facts)
