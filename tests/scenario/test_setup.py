"""Repositories that need setup: packages from an index, checks that use them, through plan, ralph and land."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from ostinato.testing.chat_server import Answer, Call
from tests.programs import need
from tests.scenario.conftest import Modelled
from tests.scenario.world import Turn, World, brain, done, plan_of, task, write


def reached(*command: str) -> None:
    """Skip loudly, and fail in CI, unless a package manager gets something from its index with `command`."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        said = "" if ran.returncode == 0 else ran.stderr.strip()[-300:] or f"exit {ran.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        said = str(error)
    if said and os.environ.get("CI"):
        pytest.fail(f"no package index, and CI must not skip this: {said}")
    if said:
        pytest.skip(f"no package index: {said}")


@pytest.fixture(scope="session")
def pip(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Demand an index of Python packages."""
    reached(
        *(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check"),
        *("-d", str(tmp_path_factory.mktemp("wheels")), "iniconfig"),
    )


@pytest.fixture(scope="session")
def npm() -> None:
    """Demand npm and an index of its packages."""
    need("npm")
    reached("npm", "view", "is-number@7.0.0", "version")


def setups(world: World) -> list[str]:
    """Return which checkouts a setup ran in, in order: its last command writes a line into its own HOME."""
    return sorted(line for log in (world.root / "state").rglob("setup.log") for line in log.read_text().splitlines())


PYTHON_CONFIG = """
[setup]
commands = [
    "python3 -m venv .venv",
    ".venv/bin/pip install -q --disable-pip-version-check -r requirements.txt",
    "date +%s%N >> \\"$HOME/setup.log\\"",
]
inputs = ["requirements.txt"]

[verify]
commands = [".venv/bin/python -m unittest discover -s tests -t ."]
"""
PYTHON = {
    ".ostinato/config.toml": PYTHON_CONFIG,
    "requirements.txt": "iniconfig\n",
    "settings.ini": "[server]\nport = 8080\n",
    "reading.py": "",
    "tests/__init__.py": "",
    "tests/test_index.py": "import unittest\nimport iniconfig\n\n\nclass Index(unittest.TestCase):\n"
    "    def test_package(self):\n        self.assertTrue(iniconfig.IniConfig)\n",
}
READING = 'import iniconfig\n\n\ndef port():\n    return int(iniconfig.IniConfig("settings.ini")["server"]["port"])\n'
COUNTING = "import six\n\n\ndef kinds():\n    return len(six.string_types)\n"
PYTHON_PLAN = plan_of(
    task("reading", check='.venv/bin/python -c "import reading; assert reading.port() == 8080"', scope=["reading.py"]),
    task(
        "counting",
        check='.venv/bin/python -c "import counting; assert counting.kinds() == 1"',
        scope=["counting.py", "requirements.txt"],
        after=["reading"],
    ),
)


def pythonist(turn: Turn) -> Answer:
    """Writes what is wanted; the second task needs a package more."""
    if turn.number:
        return done()
    if turn.title == "Make reading":
        return write("reading.py", READING)
    more = Call("edit_file", {"path": "requirements.txt", "old": "iniconfig\n", "new": "iniconfig\nsix\n"})
    return Answer(tool_calls=(more, Call("write_file", {"path": "counting.py", "content": COUNTING})))


@pytest.mark.needs_registry
def test_a_python_project_with_dependencies_is_planned_and_worked_on(modelled: Modelled, pip: None) -> None:
    world = modelled(brain(PYTHON_PLAN, pythonist)).make_repository(PYTHON)

    ran = world.run("--json", "plan", "read the settings", "--yes", "--autonomy", "full")
    assert ran.code == 0, ran.err
    ran = world.run("--json", "ralph", "--max-iterations", "1", "--autonomy", "full")
    assert (ran.json["stopped"], ran.json["completed"]) == ("limit_reached", 1), ran.out
    # Nothing that it depends on has changed: once for the planner's checks, once where the agent works.
    assert len(setups(world)) == 2

    ran = world.run("--json", "ralph", "--autonomy", "full")
    assert (ran.json["stopped"], ran.json["completed"]) == ("goal_completed", 2), ran.out
    assert len(setups(world)) == 3

    ran = world.run("--json", "land")
    assert ran.code == 0, ran.err
    assert len(setups(world)) == 3
    assert world.git("ls-tree", "-r", "--name-only", "HEAD").splitlines() == sorted({*PYTHON, "counting.py"})
    assert world.git("status", "--porcelain", "--ignored") == ""


NODE_CONFIG = """
[setup]
commands = ["npm ci --no-audit --no-fund --loglevel=error"]
inputs = ["package.json", "package-lock.json"]

[verify]
commands = ["node test.js"]
"""
NODE = {
    ".ostinato/config.toml": NODE_CONFIG,
    "package.json": json.dumps({"name": "sums", "version": "1.0.0", "dependencies": {"is-number": "7.0.0"}}, indent=2),
    "test.js": "if (!require('is-number')(5)) process.exit(1)\n",
}
SUM = "const isNumber = require('is-number')\nmodule.exports = (a, b, c) => [a, b, c].filter(isNumber).length + 1\n"
NODE_PLAN = plan_of(task("sum", check="node -e \"if (require('./sum.js')(1, 'x', 2) !== 3) process.exit(1)\""))


@pytest.mark.needs_registry
def test_a_node_project_with_dependencies_is_planned_and_worked_on(modelled: Modelled, npm: None) -> None:
    def coder(turn: Turn) -> Answer:
        return done() if turn.number else write("sum.js", SUM)

    world = modelled(brain(NODE_PLAN, coder)).make_repository(NODE)
    subprocess.run(
        ["npm", "install", "--package-lock-only", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=world.repo,
        check=True,
        timeout=90,
    )
    world.git("add", "-A")
    world.git("commit", "-qm", "lock")

    ran = world.run("--json", "run", "sum up", "--yes", "--land")

    assert (ran.code, ran.json["stopped"]) == (0, "goal_completed"), ran.out + ran.err
    assert world.git("ls-tree", "--name-only", "HEAD").splitlines() == sorted(
        [".ostinato", "package-lock.json", "package.json", "sum.js", "test.js"]
    )
    assert not (world.repo / "node_modules").exists()


def test_a_setup_that_fails_stops_with_the_command_and_its_last_words(modelled: Modelled) -> None:
    config = '[setup]\ncommands = ["seq 40; echo no compiler found >&2; exit 3"]\n'
    plan = plan_of(task("a", check="test -f a.txt"))
    world = modelled(brain(plan, lambda turn: done())).make_repository({".ostinato/config.toml": config})

    ran = world.run("--json", "plan", "a file", "--yes")
    assert (ran.code, ran.out) == (8, "")
    error = json.loads(ran.err)["error"]
    assert error["kind"] == "environment"
    for words in ("echo no compiler found", "exit 3", "40 | no compiler found", "[setup]", ".ostinato/config.toml"):
        assert words in error["message"]
    assert len(error["message"].splitlines()) == 1
    assert [s["stop_reason"] for s in world.json("sessions", "list")] == ["environment"]
    assert world.json("tasks", "list") == []

    goal = world.json("node", "add", "goal", "By hand")["id"]
    world.json("node", "add", "task", "Make a", "--parent", goal, "--check", "test -f a.txt")
    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["stopped"]) == (8, "environment")
    assert "no compiler found" in ran.json["detail"]
    assert world.json("tasks", "next", "--goal", goal)["details"]["attempts"] == 0
    # Once it is mended the same goal goes on.
    (world.repo / ".ostinato/config.toml").write_text('[setup]\ncommands = ["true"]\n')
    assert world.run("--json", "ralph", goal).json["stopped"] != "environment"
