"""Short commands start fast because they import little. Modules count, not milliseconds: that holds under load."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "asyncio",
    "difflib",
    "genai_prices",
    "hashlib",
    "http.client",
    "httpx2",
    "importlib.resources",
    "logging",
    "prompt_toolkit",
    "rich",
    "secrets",
    "shutil",
    "socket",
    "socketserver",
    "ssl",
    "subprocess",
    "tempfile",
    "tomllib",
    "unittest",
    "urllib.request",
    "zipfile",
}
"""No command that only reads or writes the graph imports these."""

NOT_FOR_VERSION = HEAVY | {
    "apsw",
    "json",
    "pathlib",
    "unicodedata",
    "urllib.parse",
    "ostinato.app",
    "ostinato.base.clock",
    "ostinato.base.ids",
    "ostinato.cli.documents",
    "ostinato.config",
    "ostinato.graph",
    "ostinato.store",
}

NOT_FOR_NEXT = HEAVY | {
    "pathlib",
    "unicodedata",
    "urllib.parse",
    "ostinato.base.process",
    "ostinato.base.spending",
    "ostinato.chat",
    "ostinato.graph.approvals",
    "ostinato.graph.details",
    "ostinato.graph.edge_rules",
    "ostinato.graph.edges",
    "ostinato.graph.events",
    "ostinato.graph.evidence",
    "ostinato.graph.iterations",
    "ostinato.graph.notes",
    "ostinato.graph.plan",
    "ostinato.graph.requests",
    "ostinato.graph.sessions",
    "ostinato.loop",
    "ostinato.store.approvals",
    "ostinato.store.conversations",
    "ostinato.store.creation",
    "ostinato.store.edge_rows",
    "ostinato.store.events",
    "ostinato.store.evidence",
    "ostinato.store.graph",
    "ostinato.store.iterations",
    "ostinato.store.linking",
    "ostinato.store.notes",
    "ostinato.store.plans",
    "ostinato.store.reasoning",
    "ostinato.store.record_rows",
    "ostinato.store.recovery",
    "ostinato.store.reviews",
    "ostinato.store.search",
    "ostinato.store.sessions",
    "ostinato.store.transitions",
    "ostinato.verify",
}
"""Programs ask for the next task often; each of these costs such a call a millisecond or more, all together thirty."""

_REPORT = """
import sys
sys.argv[0] = "ostinato"
from ostinato.cli.main import main
try:
    main()
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    command = [sys.executable, "-c", _REPORT, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environ, check=False)
    assert ran.returncode in (0, 3), ran.stderr
    return ran


def _modules(folder: Path, *arguments: str) -> set[str]:
    return _listed(_run(folder, *arguments))


def _listed(ran: subprocess.CompletedProcess[str]) -> set[str]:
    return set(ran.stderr.splitlines()[-1].split())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return tmp_path


@pytest.fixture
def shop(repository: Path) -> Path:
    """A repository with a ready task that has a check."""
    goal = _run(repository, "node", "add", "goal", "A goal").stdout.strip()
    _run(repository, "node", "add", "task", "A task", "--parent", goal, "--check", "true")
    return repository


def test_help_and_version_import_no_command_and_no_store(repository: Path) -> None:
    # click asks shutil how wide the terminal is, to lay the help out.
    for argument, needed in (("--version", set()), ("--help", {"shutil"})):
        needless = _modules(repository, argument) & NOT_FOR_VERSION - needed
        assert not needless, argument


def test_the_next_task_costs_only_the_modules_that_find_it(shop: Path) -> None:
    for arguments in (["tasks", "next", "--json"], ["tasks", "next"]):
        ran = _run(shop, *arguments)
        needless = _listed(ran) & NOT_FOR_NEXT
        assert not needless, arguments
        assert "A task" in ran.stdout


def test_reading_commands_import_nothing_heavy(repository: Path) -> None:
    for arguments in (["tasks", "next", "--json"], ["tasks", "list"], ["status"], ["sessions", "list"], ["events"]):
        needless = _modules(repository, *arguments) & HEAVY
        assert not needless, arguments


def test_looking_back_imports_nothing_heavy(shop: Path) -> None:
    task = _run(shop, "tasks", "next").stdout.split()[0]
    for arguments in (["status"], ["show", task], ["show", task, "--json"], ["report"], ["sessions", "list"]):
        needless = _modules(shop, *arguments) & HEAVY
        assert not needless, arguments


def test_writing_commands_import_nothing_heavy(repository: Path) -> None:
    # It registers a process nowhere and runs no git.
    needless = _modules(repository, "node", "add", "goal", "A goal") & HEAVY
    assert not needless


def test_a_reading_command_imports_only_its_own_command_module(repository: Path) -> None:
    modules = _modules(repository, "tasks", "next", "--json")
    rooms = {name.split(".")[1] for name in modules if name.startswith("ostinato.")}
    assert rooms.isdisjoint({"models", "tools", "sandbox", "git", "agent"}), rooms
    others = {"status", "node", "plan", "ralph", "events", "doctor"}
    assert modules.isdisjoint({f"ostinato.cli.{name}" for name in others})
