"""`init --check` on real repositories: what it proposes works in the sandbox of a run, packages from an index too."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.programs import need
from tests.scenario.conftest import Modelled
from tests.scenario.test_setup import npm as npm
from tests.scenario.test_setup import pip as pip
from tests.scenario.world import World, brain, done, plan_of, task, write


def _checked(tmp_path: Path, files: Mapping[str, str], **env: str) -> tuple[dict[str, Any], World]:
    """Return the document of `init --yes --check`; every check must be green, and no checkout may stay behind."""
    world = World(tmp_path, env=dict(env)).make_repository(files)
    ran = world.run("--json", "init", "--yes", "--check", timeout=170)
    assert ran.code == 0, ran.out + ran.err
    document: dict[str, Any] = ran.json
    assert document["written"]
    assert document["check"]["setup"]["problem"] == ""
    assert document["check"]["checks"]
    for check in document["check"]["checks"]:
        assert check["result"] == "green", check
    assert list((tmp_path / "state" / "ostinato" / "checkouts").iterdir()) == []
    assert world.git("status", "--porcelain") == "?? .ostinato/"
    return document, world


@pytest.mark.needs_registry
def test_what_is_proposed_for_pip_works(tmp_path: Path, pip: None) -> None:
    document, world = _checked(
        tmp_path,
        {
            "requirements.txt": "six\n",
            "requirements-dev.txt": "pytest\n",
            "counting.py": "import six\n\n\ndef kinds():\n    return len(six.string_types)\n",
            "tests/test_counting.py": "import pytest\n\nimport counting\n\n\ndef test_kinds():\n"
            "    assert counting.kinds() == 1\n",
        },
    )
    assert [one["command"] for one in document["check"]["checks"]] == [".venv/bin/python -m pytest -q"]
    # What a run sees is what was tried.
    assert world.json("config", "explain", "setup.commands")["value"] == document["settings"]["setup"]["commands"]


@pytest.mark.needs_registry
def test_what_is_proposed_for_an_installable_project_works(tmp_path: Path, pip: None) -> None:
    _checked(
        tmp_path,
        {
            "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            '[project]\nname = "sums"\nversion = "1"\n[project.optional-dependencies]\ntest = ["pytest"]\n',
            "src/sums/__init__.py": "def add(a, b):\n    return a + b\n",
            "tests/test_s.py": "import pytest\nfrom sums import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n",
        },
    )


@pytest.mark.needs_registry
def test_what_is_proposed_for_uv_works(tmp_path: Path, pip: None) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    shutil.copy(uv, programs / "uv")
    files = {
        "pyproject.toml": '[project]\nname = "reading"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["iniconfig"]\n[dependency-groups]\ntest = ["pytest"]\n',
        ".gitignore": ".venv/\n",
        "tests/test_reading.py": "import iniconfig, pytest\n\n\ndef test_it():\n    assert iniconfig.IniConfig\n",
    }
    locking = tmp_path / "locking"
    locking.mkdir()
    (locking / "pyproject.toml").write_text(files["pyproject.toml"])
    subprocess.run([uv, "lock", "-q"], cwd=locking, check=True, timeout=90)
    files["uv.lock"] = (locking / "uv.lock").read_text()
    document, _ = _checked(tmp_path, files, PATH=f"{programs}:{os.environ['PATH']}")
    assert document["settings"]["setup"]["commands"] == ["uv sync --locked --group test"]


@pytest.mark.needs_registry
def test_what_is_proposed_for_npm_works(tmp_path: Path, npm: None) -> None:
    package = {
        "name": "sums",
        "version": "1.0.0",
        "scripts": {"test": "node test.js", "build": "node test.js"},
        "dependencies": {"is-number": "7.0.0"},
    }
    locking = tmp_path / "locking"
    locking.mkdir()
    (locking / "package.json").write_text(json.dumps(package))
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    subprocess.run(["npm", "install", "--package-lock-only", *quiet], cwd=locking, check=True, timeout=90)
    _checked(
        tmp_path,
        {
            "web/package.json": json.dumps(package),
            "web/package-lock.json": (locking / "package-lock.json").read_text(),
            "web/test.js": "if (!require('is-number')(5)) process.exit(1)\n",
        },
    )


@pytest.mark.needs_registry
@pytest.mark.parametrize(
    ("manager", "lock", "command"),
    [("pnpm@9", "pnpm-lock.yaml", "install --lockfile-only"), ("yarn@1", "yarn.lock", "install --silent")],
)
def test_what_is_proposed_for_other_managers_of_node_works(
    tmp_path: Path, npm: None, manager: str, lock: str, command: str
) -> None:
    package = {"name": "sums", "license": "MIT", "scripts": {"test": "node test.js"}}
    locking = tmp_path / "locking"
    locking.mkdir()
    (locking / "package.json").write_text(json.dumps({**package, "dependencies": {"is-number": "7.0.0"}}))
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    subprocess.run(["npm", "install", "-g", "--prefix", tmp_path / "own", manager, *quiet], check=True, timeout=90)
    path = f"{tmp_path}/own/bin:{os.environ['PATH']}"
    name = manager.partition("@")[0]
    subprocess.run([name, *command.split()], cwd=locking, env={**os.environ, "PATH": path}, check=True, timeout=90)
    document, _ = _checked(
        tmp_path,
        {
            ".gitignore": "node_modules/\n",
            "package.json": (locking / "package.json").read_text(),
            lock: (locking / lock).read_text(),
            "test.js": "if (!require('is-number')(5)) process.exit(1)\n",
        },
        PATH=path,
    )
    assert [one["command"] for one in document["check"]["checks"]] == [f"CI=1 {name} run test"]


def test_what_is_proposed_for_make_works(tmp_path: Path) -> None:
    need("make")
    _checked(tmp_path, {"Makefile": "setup:\n\techo ready > made\ntest:\n\tgrep -q ready made\n"})


def test_what_is_proposed_for_cargo_works(tmp_path: Path) -> None:
    need("cargo")
    _checked(
        tmp_path,
        {
            "Cargo.toml": '[package]\nname = "sums"\nversion = "1.0.0"\nedition = "2021"\n',
            "Cargo.lock": 'version = 3\n\n[[package]]\nname = "sums"\nversion = "1.0.0"\n',
            ".gitignore": "target/\n",
            "src/lib.rs": "#[test]\nfn adds() {\n    assert_eq!(1 + 2, 3);\n}\n",
        },
    )


def test_what_init_wrote_is_what_a_run_goes_by(modelled: Modelled) -> None:
    test = "import unittest\n\n\nclass A(unittest.TestCase):\n    def test_a(self):\n        pass\n"
    plan = plan_of(task("sums", check="python3 -c 'import sums'", scope=["sums.py"]))
    world = modelled(brain(plan, lambda turn: done() if turn.number else write("sums.py", "x = 1\n")))
    world.make_repository({"tests/__init__.py": "", "tests/test_a.py": test})
    assert world.run("init", "--yes").code == 0

    ran = world.run("--json", "run", "sum up", "--yes")

    assert (ran.code, ran.json["stopped"]) == (0, "goal_completed"), ran.out + ran.err
    kinds = [event["payload"].get("command") for event in _events(world) if event["kind"] == "check.ended"]
    assert "python3 -m unittest discover -s tests -t ." in kinds


def test_doctor_knows_in_which_checkouts_setup_is_due_again(modelled: Modelled) -> None:
    config = '[setup]\ncommands = ["true"]\ninputs = ["deps.txt"]\n[verify]\ncommands = ["true"]\n'
    plan = plan_of(task("sums", check="test -f sums.txt"))
    world = modelled(brain(plan, lambda turn: done() if turn.number else write("sums.txt", "1\n")))
    world.make_repository({".ostinato/config.toml": config, "deps.txt": "one\n"})
    assert _setup_finding(world) == "1 command, not run yet"
    assert world.run("run", "sum up", "--yes").code == 0
    assert _setup_finding(world) == "1 command, ran in 2 checkouts"
    (world.repo / ".ostinato/config.toml").write_text(config.replace("true", "true; true", 1))
    assert _setup_finding(world) == "1 command, ran in 2 checkouts; due again in 2, something has changed"


def _setup_finding(world: World) -> str:
    ran = world.run("--json", "doctor")
    (finding,) = [one for one in ran.json if one["name"] == "setup"]
    return str(finding["message"])


def _events(world: World) -> list[dict[str, Any]]:
    return [json.loads(line) for line in world.run("--json", "events").out.splitlines()]


def test_red_and_what_cannot_run_are_told_apart(tmp_path: Path) -> None:
    config = '[verify]\ncommands = ["echo three is wrong; exit 1", "no-such-program", "true"]\n'
    world = World(tmp_path).make_repository({".ostinato/config.toml": config})
    ran = world.run("--json", "init", "--check")
    assert ran.code == 8
    assert [check["result"] for check in ran.json["check"]["checks"]] == ["red", "cannot_run", "green"]
    said = world.run("init", "--check").out
    assert "      three is wrong\n" in said
    assert "cannot run" in said


def test_a_setup_that_fails_is_said_with_its_last_words(tmp_path: Path) -> None:
    config = '[setup]\ncommands = ["echo no compiler >&2; exit 3"]\n[verify]\ncommands = ["true"]\n'
    world = World(tmp_path).make_repository({".ostinato/config.toml": config})
    ran = world.run("--json", "init", "--check")
    assert ran.code == 8
    assert "no compiler" in ran.json["check"]["setup"]["problem"]
    assert ran.json["check"]["checks"] == []
