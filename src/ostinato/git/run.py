"""Runs git as a program, deaf to what a repository says about running others. It knows no command's meaning.

Hooks, fsmonitor, external diff, filters, pagers and credential helpers of the repository's own configuration never run;
the person's global configuration is read only where a caller asks for it (`own_config`).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from ostinato.base.errors import MachineError

_NEUTRAL = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.pager=cat",
    "core.attributesFile=/dev/null",
    "core.sshCommand=false",
    "core.untrackedCache=false",
    "diff.external=",
    "protocol.ext.allow=never",
    "safe.directory=*",
    "gc.auto=0",
    "maintenance.auto=false",
    "commit.gpgSign=false",
    "core.quotePath=false",
    "advice.detachedHead=false",
)
_TIMEOUT = 300.0


class GitError(MachineError):
    """Git failed: `argv`, `code` and `stderr` say how."""

    kind = "git"

    def __init__(self, argv: Sequence[str], code: int, stderr: str) -> None:
        said = stderr.strip().splitlines()
        super().__init__(f"git {' '.join(argv[:3])} failed (exit {code}): {said[-1] if said else 'no message'}")
        self.argv = tuple(argv)
        self.code = code
        self.stderr = stderr


class Git:
    """Git in one directory. `variables` are added to its environment (GIT_DIR, GIT_INDEX_FILE …)."""

    def __init__(
        self, directory: Path, variables: Mapping[str, str] | None = None, *, own_config: bool = False
    ) -> None:
        self.directory = directory
        self._variables = dict(variables or {})
        self._own_config = own_config

    def with_variables(self, **variables: str) -> Git:
        """Return the same with further environment variables."""
        return Git(self.directory, {**self._variables, **variables}, own_config=self._own_config)

    def run(self, *arguments: str, stdin: bytes | None = None, config: Sequence[str] = ()) -> str:
        """Run and return stdout without its last line break. Raises GitError."""
        return self.raw(*arguments, stdin=stdin, config=config).decode("utf-8", "surrogateescape").rstrip("\n")

    def raw(self, *arguments: str, stdin: bytes | None = None, config: Sequence[str] = ()) -> bytes:
        """Run and return stdout as it came. Raises GitError."""
        code, out, err = self._run(arguments, stdin, config)
        if code:
            raise GitError(arguments, code, err.decode("utf-8", "replace"))
        return out

    def succeeds(self, *arguments: str) -> bool:
        """Run and tell whether it exited 0."""
        return self._run(arguments, None, ())[0] == 0

    def code(self, *arguments: str) -> tuple[int, str]:
        """Run and return the exit code with stdout."""
        code, out, _ = self._run(arguments, None, ())
        return code, out.decode("utf-8", "surrogateescape").rstrip("\n")

    def _run(self, arguments: Sequence[str], stdin: bytes | None, config: Sequence[str]) -> tuple[int, bytes, bytes]:
        settings = [part for one in (*_NEUTRAL, *config) for part in ("-c", one)]
        try:
            done = subprocess.run(
                [git_binary(), *settings, *arguments],
                cwd=self.directory,
                env=self._environment(),
                input=stdin if stdin is not None else b"",
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
            )
        except FileNotFoundError as error:
            raise MachineError(f"git cannot be run in {self.directory}: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            raise GitError(arguments, -1, f"no answer within {_TIMEOUT:.0f} s") from error
        return done.returncode, done.stdout, done.stderr

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        fixed = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_REPLACE_OBJECTS": "1"}
        if not self._own_config:
            fixed |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        return {**kept, **fixed, **self._variables}


@cache
def git_binary() -> str:
    """Return the path of git. Raises MachineError that says what to install."""
    import shutil

    found = shutil.which("git")
    if found is None:
        raise MachineError("git is not installed: install it with the system's package manager")
    return found


def neutral_drivers(git: Git) -> tuple[str, ...]:
    """Return settings that silence the filter, diff and merge drivers of the repository's own configuration."""
    code, names = git.code(
        "config", "--local", "--includes", "--name-only", "--get-regexp", r"^(filter|diff|merge)\..*\."
    )
    silenced: list[str] = []
    for name in dict.fromkeys(names.splitlines() if code == 0 else ()):
        section, _, key = name.rpartition(".")
        if key.lower() in {"clean", "smudge", "process", "command", "textconv", "driver"}:
            silenced += [f"{section}.{key}=", f"{section}.required=false"]
    return tuple(silenced)
