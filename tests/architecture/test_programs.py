"""What the tests need of the system is what `scripts/system-packages` sees to in CI."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
from pathlib import Path

from tests.programs import LARGE

ROOT = Path(__file__).resolve().parents[2]


def _needed() -> set[str]:
    """Return every program that a test says it needs."""
    found = set()
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "need":
                found |= {word.value for word in node.args if isinstance(word, ast.Constant)}
    return found


class Machine:
    """A machine where root runs the script, with the programs that it `has`. Its apt-get only notes what is asked."""

    def __init__(self, folder: Path, *, has: tuple[str, ...] = ("bwrap", "git"), apt_exits: int = 0) -> None:
        folder.mkdir()
        self._bin = folder
        self._noted = folder / "noted"
        for name in ("sh", "dirname", "cat", "timeout"):
            found = shutil.which(name)
            assert found
            (folder / name).symlink_to(found)
        for name in has:
            self._program(name, "true")
        self._program("id", "echo 0")
        self._program("apt-get", f'echo "$@" >> {self._noted}\nexit {apt_exits}')

    def _program(self, name: str, script: str) -> None:
        (self._bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self._bin / name).chmod(0o755)

    def run(self, **environ: str) -> tuple[int, str]:
        """Return the script's exit code and what it says to the person."""
        kept = {name: value for name, value in os.environ.items() if name != "CI"}
        ran = subprocess.run(
            [ROOT / "scripts" / "system-packages"],
            capture_output=True,
            text=True,
            check=False,
            env={**kept, "PATH": str(self._bin), **environ},
        )
        return ran.returncode, ran.stderr

    def asked_for(self) -> set[str]:
        """Return the packages that apt-get was to install."""
        if not self._noted.exists():
            return set()
        lines = [line.split() for line in self._noted.read_text().splitlines()]
        return {word for line in lines if line[0] == "install" for word in line[1:] if not word.startswith("-")}


WANTED = {"git-lfs", "openssh-client", "gnupg", "openssl", "groff-base"}


def test_every_program_that_a_test_needs_is_seen_to_in_ci() -> None:
    needed = _needed()
    assert {"git-lfs", "ssh-keygen", "gpg"} <= needed
    lines = (ROOT / "scripts" / "system-packages").read_text("utf-8").splitlines()
    seen_to = {line.split()[1] for line in lines if line.startswith("want ")}
    # bash and make were there before: they start .ci/run and what it runs.
    assert needed - LARGE - {"bash", "make"} == seen_to


def test_what_tests_want_is_installed_in_ci_alone(tmp_path: Path) -> None:
    person = Machine(tmp_path / "person")
    assert person.run() == (0, "")
    assert person.asked_for() == set()
    ci = Machine(tmp_path / "ci", has=("git",))
    assert ci.run(CI="true") == (0, "")
    assert ci.asked_for() == {"bubblewrap", *WANTED}


def test_only_what_ostinato_itself_needs_can_fail_ci(tmp_path: Path) -> None:
    assert Machine(tmp_path / "wanted", apt_exits=1).run(CI="true") == (0, "")
    lacking = Machine(tmp_path / "needed", has=("git",), apt_exits=1)
    code, said = lacking.run(CI="true")
    assert (code, "missing: bubblewrap\n" in said) == (1, True)
    code, said = lacking.run()
    assert (code, "missing: bubblewrap\n" in said) == (0, True)
