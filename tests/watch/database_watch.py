"""Fails whoever opens the files of a database that the same process has open through SQLite. For tests only.

Closing such a descriptor drops every lock that the process holds on the file: another process can then write in
between, and a commit that was reported is lost, silently (`test_database_files.py` shows it). Production code knows
nothing of this: an audit hook sees each opening from outside, in the tests' own process and, by `sitecustomize.py` on
PYTHONPATH, in every Python that they start.
"""

from __future__ import annotations

import os
import stat
import sys
import traceback
from typing import Any

VARIABLE = "DATABASE_WATCH"
"""Names the directory where processes that the tests start leave what they saw."""
_HEADER = b"SQLite format 3\0"
_BESIDE = ("-wal", "-shm", "-journal")
_installed: list[bool] = []
_seen: list[str] = []


class DirectOpening(RuntimeError):
    """The program opened a file of a database that it has open."""


def install() -> None:
    """Watch this process from now on; a second time does nothing."""
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_look)


def take() -> list[str]:
    """Return what was seen in this process and in those that ended or still run since the last call, and forget it."""
    found, _seen[:] = list(_seen), []
    folder = os.environ.get(VARIABLE, "")
    for name in os.listdir(folder) if folder and os.path.isdir(folder) else ():
        path = os.path.join(folder, name)
        with open(path, encoding="utf-8") as file:
            found.append(file.read())
        os.unlink(path)
    return found


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    # Whoever has no apsw has no database of ours open; most openings are of modules, before that.
    if event not in ("open", "sqlite3.connect") or "apsw" not in sys.modules or not arguments:
        return
    path = arguments[0]
    if isinstance(path, (str, bytes, os.PathLike)) and (held := _held(os.fsdecode(path))):
        said = f"{event} of {os.fsdecode(path)}, while this process has {held} open\n"
        said += "".join(traceback.format_stack(limit=8)[:-1])
        _keep(said)
        raise DirectOpening(said)


def _held(path: str) -> str | None:
    """Return the database that `path` is a file of, when a descriptor of this process is on it."""
    base = next((path.removesuffix(end) for end in _BESIDE if path.endswith(end)), path)
    try:
        wanted = os.stat(base)
        if not stat.S_ISREG(wanted.st_mode):
            return None
        return base if any(_is_database(int(number), wanted) for number in os.listdir("/proc/self/fd")) else None
    except (OSError, ValueError):
        return None


def _is_database(descriptor: int, wanted: os.stat_result) -> bool:
    try:
        found = os.fstat(descriptor)
        # Read through the descriptor that is there: opening the file is what must not be done.
        return os.path.samestat(found, wanted) and os.pread(descriptor, len(_HEADER), 0) == _HEADER
    except OSError:
        return False


def _keep(said: str) -> None:
    _seen.append(said)
    folder = os.environ.get(VARIABLE, "")
    if folder and os.path.isdir(folder) and "pytest" not in sys.modules:
        with open(os.path.join(folder, f"{os.getpid()}-{len(_seen)}"), "w", encoding="utf-8") as file:
            file.write(said)
