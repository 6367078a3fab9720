"""Who a process is, in a way that survives pid reuse and reboots, and whether it still lives.

Identity is (host, boot id, pid, start time). It does not signal and does not start processes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process on one boot of one host; `started` is opaque text, equal only for the same process."""

    host: str
    boot: str
    pid: int
    started: str


@cache
def current_process() -> ProcessIdentity:
    """Return the identity of this process. Call again after a fork: it is cached by `cache_clear`."""
    pid = os.getpid()
    return ProcessIdentity(os.uname().nodename, _boot_id(), pid, _start_time(pid) or "")


def is_dead(identity: ProcessIdentity) -> bool:
    """Return True only when the process certainly does not run any more; other hosts are never judged."""
    if identity.host != os.uname().nodename:
        return False
    if identity.boot != _boot_id():
        return True
    return _start_time(identity.pid) != identity.started


@cache
def _boot_id() -> str:
    linux = Path("/proc/sys/kernel/random/boot_id")
    if linux.exists():
        return linux.read_text().strip()
    return _output("sysctl", "-n", "kern.bootsessionuuid")


def _start_time(pid: int) -> str | None:
    """Return the start time of a live, non-zombie process, or None."""
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        # The command name may hold blanks and parentheses: fields count from behind the last one.
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in {"Z", "X"} else fields[19]
    return _output("ps", "-o", "lstart=", "-p", str(pid)) or None


def _output(*command: str) -> str:
    # Late: only systems without /proc start a command here.
    import subprocess

    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
