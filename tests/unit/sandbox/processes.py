"""Looking for processes that a test started, by words of their command line."""

from __future__ import annotations

import time
from pathlib import Path


def running(*words: str) -> list[int]:
    """Return the pids whose command line holds all `words`, this process aside."""
    wanted = {word.encode() for word in words}
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if wanted.issubset(entry.read_bytes().split(b"\0")) and entry.parent.name != "self":
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


def gone(*words: str, within: float = 10.0) -> bool:
    """Wait until nothing of that command line runs any more."""
    until = time.monotonic() + within
    while running(*words):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def appears(*words: str, within: float = 10.0) -> bool:
    """Wait until something of that command line runs."""
    until = time.monotonic() + within
    while not running(*words):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
