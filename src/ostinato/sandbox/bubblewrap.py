"""Runs commands in bubblewrap: no network, no host processes, no home, the checkout at /work.

Implements `verify.types.CommandRunner`. No descendant survives a call: the pid namespace dies with its first process,
and bubblewrap dies with the harness.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ostinato.base.errors import MachineError
from ostinato.sandbox.capture import Captured, Given, capture
from ostinato.sandbox.profile import (
    HOME,
    SETUP_HOME,
    WORK,
    Machine,
    SandboxProfile,
    configuration_files,
    environment,
    read_only_mounts,
    system_mounts,
)
from ostinato.verify.types import CommandResult, OutputSink

_ISOLATION = (
    "--unshare-user",
    "--disable-userns",
    "--unshare-ipc",
    "--unshare-pid",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--die-with-parent",
    "--new-session",
    "--clearenv",
    "--cap-drop",
    "ALL",
    "--hostname",
    "ostinato",
)
# No core dumps, files of at most 4 GiB (in blocks of 512 bytes), 8,192 processes (`-p` in dash, `-u` in bash). The
# kernel does not hold root to the last one: that needs a pids cgroup.
LIMITS = "ulimit -c 0; ulimit -f 8388608; { ulimit -p 8192 || ulimit -u 8192; } 2>/dev/null;"
_SHELL = ("/bin/sh", "-c", f'{LIMITS} cd "$1" && exec /bin/sh -c "$2"', "sh")


class BubblewrapRunner:
    """Runs commands as an agent's or a check's. One runner serves any number of checkouts."""

    def __init__(self, profile: SandboxProfile, machine: Machine | None = None) -> None:
        self._profile = profile
        self._machine = machine or Machine.present()

    async def run(
        self,
        command: str,
        checkout: Path,
        *,
        timeout: float,
        working_dir: str | None = None,
        sink: OutputSink | None = None,
    ) -> CommandResult:
        """Run `command` with `sh -c` in `checkout`; see `verify.types.CommandRunner`."""
        options = sandbox_options(self._profile, self._machine, checkout, setup_home=None)
        return await _run(options, command, timeout, inside_work(working_dir), sink)

    async def run_setup(self, command: str, checkout: Path, home: Path, timeout: float) -> CommandResult:
        """Run a setup command: with network, and with `home` as a HOME that keeps what is written to it."""
        options = sandbox_options(self._profile, self._machine, checkout, setup_home=home)
        return await _run(options, command, timeout, WORK)


def sandbox_options(
    profile: SandboxProfile, machine: Machine, checkout: Path, *, setup_home: Path | None
) -> tuple[str, ...]:
    """Return bubblewrap's options; pure but for looking at which paths exist. `setup_home` makes it a setup run."""
    setup = setup_home is not None
    options: list[str] = [*_ISOLATION]
    if not setup:
        options.append("--unshare-net")
    for path, target in system_mounts():
        options += ["--symlink", target, path] if target else ["--ro-bind", path, path]
    options += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for mount in read_only_mounts(profile, machine, setup=setup):
        options += ["--ro-bind", str(mount), str(mount)]
    if setup_home is not None:
        options += ["--bind", str(setup_home), SETUP_HOME]
        for source, place in configuration_files(machine):
            options += ["--ro-bind", str(source), f"{SETUP_HOME}/{place}"]
    else:
        options += ["--dir", HOME]
        if profile.setup_home is not None and profile.setup_home.is_dir():
            options += ["--ro-bind", str(profile.setup_home), SETUP_HOME]
    # Last of all: what the mounts above needed as directories must not stay writable.
    options += ["--bind", str(checkout), WORK, "--remount-ro", "/", "--chdir", WORK]
    home = SETUP_HOME if setup else HOME
    env = environment(profile, machine, setup=setup, home=home, setup_home=Path(SETUP_HOME))
    for name, value in env.items():
        options += ["--setenv", name, value]
    return tuple(options)


def inside_work(working_dir: str | None) -> str:
    """Return the directory inside the sandbox. Raises MachineError for one that leaves the checkout."""
    path = PurePosixPath(working_dir or ".")
    if ".." in path.parts or (path.is_absolute() and not path.is_relative_to(WORK)):
        raise MachineError(f"{working_dir} leaves the checkout: a working directory is relative to it")
    return str(PurePosixPath(WORK) / path)


@cache
def bubblewrap() -> str:
    """Return the path of bwrap. Raises MachineError that names the choices."""
    found = shutil.which("bwrap")
    if found is None:
        raise MachineError(
            "commands run in bubblewrap, which is not installed here: install it (apt install bubblewrap, dnf install "
            "bubblewrap …), or accept commands without a sandbox with OSTINATO_SANDBOX=none or "
            'sandbox = "none" in your own configuration'
        )
    return found


async def _run(
    options: Sequence[str], command: str, timeout: float, directory: str, sink: OutputSink | None = None
) -> CommandResult:
    reader, writer = os.pipe()
    words = _as_file(options)
    descriptors = [reader, words, writer]
    try:
        argv = [bubblewrap(), "--json-status-fd", str(writer), "--args", str(words)]
        argv += ["--", *_SHELL, directory, command]
        given = Given(others=(writer, words))
        done = await capture(argv, cwd=Path("/"), env={}, timeout=timeout, given=given, sink=sink)
        # Ours included, all writers are gone then: what bubblewrap wrote is there, and less than a pipe holds.
        os.close(descriptors.pop())
        _require_started(done, os.read(reader, 65536))
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    return CommandResult(done.exit_code, done.stdout, done.stderr, done.seconds, done.truncated)


def _as_file(words: Sequence[str]) -> int:
    """Return a descriptor to read the words from: an argument list is public in /proc, a setup's variables are not."""
    file = os.memfd_create("ostinato-sandbox")
    with open(file, "wb", closefd=False) as out:
        out.write(b"".join(os.fsencode(word) + b"\0" for word in words))
    os.lseek(file, 0, os.SEEK_SET)
    return file


def _require_started(done: Captured, status: bytes) -> None:
    """Tell the command's own failure from bubblewrap's: only a started command has an exit code in the status."""
    if done.exit_code is None or any("exit-code" in json.loads(line) for line in status.splitlines() if line.strip()):
        return
    if done.exit_code < 0:
        return  # somebody killed bubblewrap: that is the command's end
    said = done.stderr.strip().splitlines()[-1:] or ["no message"]
    raise MachineError(
        f"the sandbox does not start ({said[0]}): `ostinato doctor` names the fix; without a sandbox commands run "
        'only with OSTINATO_SANDBOX=none or sandbox = "none" in your own configuration'
    )


if TYPE_CHECKING:
    from ostinato.verify.types import CommandRunner

    def _fits(runner: BubblewrapRunner) -> CommandRunner:
        return runner
