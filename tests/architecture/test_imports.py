"""Short commands start fast because they import little. Modules count, not milliseconds: that holds under load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "asyncio",
    "genai_prices",
    "http.client",
    "httpx2",
    "logging",
    "rich",
    "socketserver",
    "ssl",
    "subprocess",
    "tomllib",
    "unittest",
    "urllib.request",
}
_REPORT = """
import json, sys
sys.argv[0] = "ostinato"
from ostinato.cli.main import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def _modules(folder: Path, *arguments: str) -> set[str]:
    environ = {**os.environ, "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    ran = subprocess.run(
        [sys.executable, "-c", _REPORT, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environ,
        check=False,
    )
    assert ran.returncode in (0, 3), ran.stderr
    return set(json.loads(ran.stderr.splitlines()[-1]))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return tmp_path


def test_help_and_version_import_no_command_and_no_store(repository: Path) -> None:
    for arguments in (["--version"], ["--help"]):
        modules = _modules(repository, *arguments)
        assert not modules & HEAVY, arguments
        ours = {name for name in modules if name.startswith("ostinato.")}
        assert not any(name.startswith(("ostinato.store", "ostinato.graph", "ostinato.app")) for name in ours), ours
        assert "apsw" not in modules


def test_reading_commands_import_nothing_heavy(repository: Path) -> None:
    for arguments in (["tasks", "next", "--json"], ["tasks", "list"], ["status"], ["sessions", "list"], ["events"]):
        assert not _modules(repository, *arguments) & HEAVY, arguments


def test_writing_commands_import_nothing_heavy(repository: Path) -> None:
    modules = _modules(repository, "node", "add", "goal", "A goal")
    # It registers a process nowhere and runs no git.
    assert not modules & HEAVY


def test_a_reading_command_imports_only_its_own_command_module(repository: Path) -> None:
    modules = _modules(repository, "tasks", "next", "--json")
    rooms = {name.split(".")[1] for name in modules if name.startswith("ostinato.")}
    assert rooms.isdisjoint({"models", "tools", "sandbox", "git", "agent"}), rooms
    others = {"status", "node", "plan", "ralph", "events", "doctor"}
    assert modules.isdisjoint({f"ostinato.cli.{name}" for name in others})
