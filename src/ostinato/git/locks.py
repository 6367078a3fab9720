"""Lock files of git's that nobody holds any more. It knows no command of git's and takes no lock."""

from __future__ import annotations

import time
from pathlib import Path

LOCK_AGE = 2.0
"""Seconds: no git of ours holds a lock so long, so an older one was left by one that died."""


def removed_when_old(lock: Path) -> bool:
    """Remove a lock file that is old; tell whether it is gone."""
    try:
        if time.time() - lock.stat().st_mtime > LOCK_AGE:
            lock.unlink()
            return True
    except FileNotFoundError:
        return True
    return False
