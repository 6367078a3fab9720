"""Runs git as a program, deaf to what a repository says about running others. It knows no command's meaning.

Hooks, fsmonitor, external diff, filters, pagers, signature programs and every transport of the repository's own
configuration never run; the person's own configuration is read only where a caller asks for it (`own_config`).
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from ostinato.base.errors import MachineError

_PERSONS_FILES = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
Setting = tuple[str, str]
"""A key of git's configuration and its value. Never as text with `=`: a driver's name may hold that sign."""

_NEUTRAL: tuple[Setting, ...] = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.untrackedCache", "false"),
    ("core.pager", "cat"),
    ("core.sshCommand", "false"),
    ("core.gitProxy", "false"),
    ("core.alternateRefsCommand", "false"),
    ("core.askPass", "false"),
    ("core.quotePath", "false"),
    ("core.filesRefLockTimeout", "3000"),
    ("core.packedRefsTimeout", "3000"),
    ("diff.external", ""),
    ("log.showSignature", "false"),
    ("commit.gpgSign", "false"),
    ("merge.verifySignatures", "false"),
    ("submodule.recurse", "false"),
    ("safe.directory", "*"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
)
_NOT_THE_PERSONS: tuple[Setting, ...] = (
    ("core.attributesFile", os.devnull),
    ("core.excludesFile", os.devnull),
)
_FIXED = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    # A partial clone would fetch what it lacks by a command that its configuration names.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}
_DRIVER = re.compile(r"(filter|diff|merge)\.(.+)\.(clean|smudge|process|command|textconv|driver|required)", re.DOTALL)
_TIMEOUT = 300.0
PERSONS = frozenset({"system", "global"})
REPOSITORYS = frozenset({"local", "worktree"})
"""The scopes of git's configuration: what the person says, and what the repository says."""


class GitError(MachineError):
    """Git failed: `argv`, `code` and `stderr` say how."""

    kind = "git"

    def __init__(self, argv: Sequence[str], code: int, stderr: str) -> None:
        super().__init__(f"git {' '.join(argv[:3])} failed (exit {code}): {_last_words(stderr)}")
        self.argv = tuple(argv)
        self.code = code
        self.stderr = stderr


def _last_words(stderr: str) -> str:
    """Return the line that says what went wrong: hints may follow it, and some tell to remove a file."""
    lines = stderr.strip().splitlines()
    errors = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    said = (errors or lines or ["no message"])[-1]
    if said.endswith(".lock': File exists."):
        return f"{said[:-1]}: another git program is at work there, or left it behind when it died"
    return said


class Git:
    """Git in one directory. `variables` are added to its environment (GIT_DIR, GIT_INDEX_FILE …).

    `settings` hold for each call. `inherits` are open files that each call keeps open: a lock on one is held as long as
    a git of ours lives.
    """

    def __init__(
        self,
        directory: Path,
        variables: Mapping[str, str] | None = None,
        *,
        own_config: bool = False,
        inherits: tuple[int, ...] = (),
        settings: tuple[Setting, ...] = (),
    ) -> None:
        self.directory = directory
        self._settings = settings
        self._variables = dict(variables or {})
        self._own_config = own_config
        self._inherits = inherits

    def with_variables(self, **variables: str) -> Git:
        """Return the same with further environment variables."""
        return Git(
            self.directory,
            {**self._variables, **variables},
            own_config=self._own_config,
            inherits=self._inherits,
            settings=self._settings,
        )

    def run(self, *arguments: str, stdin: bytes | None = None, config: Sequence[Setting] = ()) -> str:
        """Run and return stdout without its last line break. Raises GitError."""
        return self.raw(*arguments, stdin=stdin, config=config).decode("utf-8", "surrogateescape").rstrip("\n")

    def alone(
        self, *arguments: str, stdin: bytes, config: Sequence[Setting] = (), timeout: float
    ) -> tuple[int, str, str]:
        """Run without a terminal, so that no program of git's can ask on it; all of them die after `timeout` seconds.

        Returns exit code (-1 after the time), stdout without its last line break, and stderr.
        """
        code, out, err = self._run(arguments, stdin, config, timeout, alone=True)
        return code, out.decode("utf-8", "surrogateescape").rstrip("\n"), err.decode("utf-8", "replace")

    def raw(self, *arguments: str, stdin: bytes | None = None, config: Sequence[Setting] = ()) -> bytes:
        """Run and return stdout as it came. Raises GitError."""
        code, out, err = self._run(arguments, stdin, config)
        if code:
            raise GitError(arguments, code, err.decode("utf-8", "replace"))
        return out

    def succeeds(self, *arguments: str) -> bool:
        """Run and tell whether it exited 0."""
        return self._answer(arguments)[0] == 0

    def code(self, *arguments: str) -> tuple[int, str]:
        """Run and return the exit code with stdout."""
        code, out = self._answer(arguments)
        return code, out.decode("utf-8", "surrogateescape").rstrip("\n")

    def bounded(self, limit: int, *arguments: str, config: Sequence[Setting] = ()) -> tuple[bytes, bool]:
        """Run and return the first `limit` bytes of stdout, and whether there was more. Raises GitError."""
        with subprocess.Popen(
            [git_binary(), *arguments],
            cwd=self.directory,
            env=self._environment(config),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout is not None
            out = process.stdout.read(limit + 1)
            if len(out) > limit:
                process.kill()
                return out[:limit], True
        if process.returncode:
            raise GitError(arguments, process.returncode, "")
        return out, False

    def _answer(self, arguments: Sequence[str]) -> tuple[int, bytes]:
        """Return exit code and stdout of a question. Raises GitError where git was killed: that is no answer."""
        code, out, err = self._run(arguments, None, ())
        if code < 0:
            raise GitError(arguments, code, err.decode("utf-8", "replace") or f"killed by signal {-code}")
        return code, out

    def _run(
        self,
        arguments: Sequence[str],
        stdin: bytes | None,
        config: Sequence[Setting],
        timeout: float = _TIMEOUT,
        *,
        alone: bool = False,
    ) -> tuple[int, bytes, bytes]:
        pipe = subprocess.PIPE
        try:
            with subprocess.Popen(
                [git_binary(), *arguments],
                cwd=self.directory,
                env=self._environment(config),
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                start_new_session=alone,
                pass_fds=self._inherits,
            ) as process:
                try:
                    out, err = process.communicate(stdin if stdin is not None else b"", timeout)
                except subprocess.TimeoutExpired:
                    _kill(process.pid, whole_group=alone)
                    return -1, b"", f"no answer within {timeout:.0f} s".encode()
                except BaseException:
                    _kill(process.pid, whole_group=alone)
                    raise
        except OSError as error:
            raise MachineError(f"git cannot be run in {self.directory}: {error.strerror}") from error
        return process.returncode, out, err

    def _environment(self, config: Sequence[Setting]) -> dict[str, str]:
        where = _PERSONS_FILES if self._own_config else ()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in where}
        settings = [*_NEUTRAL, *(() if self._own_config else _NOT_THE_PERSONS), *self._settings, *config]
        told = {"GIT_CONFIG_COUNT": str(len(settings))}
        for number, (key, value) in enumerate(settings):
            told |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        if not self._own_config:
            told |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        return {**kept, **_FIXED, **told, **self._variables}


def _kill(pid: int, *, whole_group: bool) -> None:
    if whole_group:
        os.killpg(pid, signal.SIGKILL)
    else:
        os.kill(pid, signal.SIGKILL)


@cache
def git_binary() -> str:
    """Return the path of git. Raises MachineError that says what to install."""
    import shutil

    found = shutil.which("git")
    if found is None:
        raise MachineError("git is not installed: install it with the system's package manager")
    return found


def configuration(git: Git) -> Iterator[tuple[str, str, str | None]]:
    """Yield (scope, key, value) of all that `git` reads, the later wins; the value of a bare key is None."""
    listed = git.raw("config", "--list", "--show-scope", "--includes", "-z").decode("utf-8", "surrogateescape")
    fields = listed.split("\0")
    for scope, entry in zip(fields[::2], fields[1::2], strict=False):
        key, has_value, value = entry.partition("\n")
        yield scope, key, value if has_value else None


def neutral_drivers(git: Git) -> tuple[Setting, ...]:
    """Return settings that undo what the repository's own configuration says of filter, diff and merge drivers.

    Where the person's own configuration (read when `git` reads it) has the same driver, its value holds: LFS goes on.
    """
    theirs: set[str] = set()
    persons: dict[str, str] = {}
    for scope, key, value in configuration(git):
        if not _DRIVER.fullmatch(key):
            continue
        if scope in REPOSITORYS:
            theirs.add(key)
        elif scope in PERSONS:
            persons[key] = value or ""
    # A filter that is required and has no command fails: each silenced one is made optional.
    required = {f"{key.rpartition('.')[0]}.required" for key in theirs if key.startswith("filter.")}
    return tuple(
        (key, persons.get(key, "false" if key.endswith(".required") else "")) for key in sorted(theirs | required)
    )
