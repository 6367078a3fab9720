"""Looks at the checkouts that runs left for reuse: how many, how large, in use or not, whose. It locks nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from ostinato.app import open_store_for
from ostinato.app.health.finding import Finding, Situation, State, size_text
from ostinato.base.errors import OstinatoError
from ostinato.config.paths import state_directory

_PATIENCE = 0.25
"""Seconds for counting bytes: a doctor is asked often, and node_modules has many files."""
_LARGE = 5_000_000_000
_TRIAL = "trial-"
_HOUR = 3600.0


def checkouts(situation: Situation) -> Iterator[Finding]:
    """Return what stands in the state directory."""
    root = state_directory(situation.environ) / "checkouts"
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    slots = [slot for folder in folders for slot in sorted(folder.glob("slot-*")) if slot.is_dir()]
    if not folders:
        yield Finding("checkouts", State.OK, f"none yet ({root})")
        return
    held = _held_locks()
    used = [slot for slot in slots if _inode(slot.with_name(f"{slot.name}.lock")) in held]
    size, whole = _size(root)
    said = f"{len(slots)} in {root}, {len(used)} in use, {'' if whole else 'more than '}{size_text(size)}"
    fix = "what is not in use may be deleted; the next run makes what it needs"
    large = size > _LARGE
    yield Finding("checkouts", State.WARN if large else State.OK, said, fix if large else "")
    known = _projects(situation)
    for folder in folders:
        if any(slot.parent == folder for slot in used):
            continue
        if folder.name.startswith(_TRIAL) and time.time() - folder.stat().st_mtime > _HOUR:
            yield Finding("checkouts", State.WARN, f"{folder} was left by `init --check`", "it may be deleted")
        elif known is not None and not folder.name.startswith(_TRIAL) and folder.name not in known:
            yield Finding(
                "checkouts", State.WARN, f"{folder} belongs to no project of this database", "it may be deleted"
            )


def _projects(situation: Situation) -> set[str] | None:
    """Return the ids of all projects, None where the database does not tell: then nothing is called dangling."""
    if not situation.database.exists():
        return None
    try:
        store = open_store_for(situation.database, create=False)
        try:
            return {str(project.id) for project in store.projects.list()}
        finally:
            store.close()
    except OstinatoError:
        return None


def _held_locks() -> set[int]:
    """Return the inodes of files that some process holds a lock on; asking for a lock ourselves would disturb a run."""
    try:
        rows = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return set()
    return {int(word.rpartition(":")[2]) for row in rows for word in row.split() if word.count(":") == 2}


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _size(root: Path) -> tuple[int, bool]:
    """Return the bytes on disk below `root` and whether all was counted in time."""
    total, until = 0, time.monotonic() + _PATIENCE
    waiting = [str(root)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue
        if time.monotonic() > until:
            return total, False
    return total, True
