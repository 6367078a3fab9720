"""A person's repository on disk, with real git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ostinato.git.checkouts import Place, SetupPlan, acquire
from ostinato.git.repository import Repository
from ostinato.verify.types import CommandResult


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a repository; `git` is theirs, with their configuration and their hooks."""

    root: Path

    @property
    def repo(self) -> Path:
        return self.root / "repo"

    def git(self, *arguments: str, check: bool = True, cwd: Path | None = None) -> str:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        ran = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.repo,
            env={**environ, "HOME": str(self.root / "home")},
            capture_output=True,
            check=False,
        )
        assert ran.returncode == 0 or not check, ran.stderr
        return ran.stdout.decode("utf-8", "surrogateescape").strip()

    def commit(self, files: Mapping[str, str | bytes], message: str = "more") -> str:
        for name, content in files.items():
            path = self.repo / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "-A")
        self.git("commit", "-qm", message, "--no-verify", "--allow-empty")
        return self.git("rev-parse", "HEAD")

    def repository(self) -> Repository:
        return Repository.find(self.repo)

    def run_trap(self) -> Path:
        """Return a program that leaves `trap-went-off` behind when anything runs it."""
        trap = self.root / "trap"
        trap.write_text(f'#!/bin/sh\necho "$0 $*" >> {self.root}/trap-went-off\ncat\n')
        trap.chmod(0o755)
        return trap

    def trapped(self) -> str:
        """Return what ran the trap, "" for nothing."""
        mark = self.root / "trap-went-off"
        return mark.read_text() if mark.exists() else ""


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (home / ".gitconfig").write_text("[user]\n\tname = Pat Person\n\temail = pat@example.org\n")
    made = Person(tmp_path)
    made.repo.mkdir()
    made.git("init", "-q", "-b", "main")
    made.commit(
        {"README.md": "# A project\n", "src/app.py": "print('hi')\n", ".gitignore": "node_modules/\n*.log\n"}, "first"
    )
    return made


def require_no_system_filter(person: Person) -> None:
    """Skip where the machine's own configuration has the filter of LFS, as Debian's package writes it."""
    if person.git("config", "--system", "--get-regexp", r"^filter\.lfs\.", check=False):
        pytest.skip("the system's git configuration has the LFS filter for everybody: being without is not tried")


async def no_setup(command: str, checkout: Path, home: Path, timeout: float) -> CommandResult:
    raise AssertionError(f"no setup expected: {command}")


@pytest.fixture
def place(person: Person, tmp_path: Path) -> Place:
    return acquire(tmp_path / "state", person.repository(), SetupPlan(), no_setup)


Shell = Callable[[str], None]


@pytest.fixture
def agent(place: Place) -> Shell:
    """Run a shell command in the agent's checkout."""

    def run(command: str) -> None:
        identity = {
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@b",
        }
        done = subprocess.run(
            ["sh", "-ec", command],
            cwd=place.work.path,
            env={**os.environ, **identity},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    return run
