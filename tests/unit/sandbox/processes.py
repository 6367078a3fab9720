"""Looking for processes that a test started, by a word of their command line."""

from __future__ import annotations

import time
from pathlib import Path


def running(word: str) -> list[int]:
    """Return the pids whose command line holds `word`, this process aside."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in entry.read_bytes().split(b"\0") and entry.parent.name != "self":
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


def gone(word: str, within: float = 10.0) -> bool:
    """Wait until nothing of that command line runs any more."""
    until = time.monotonic() + within
    while running(word):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def appears(word: str, within: float = 10.0) -> bool:
    """Wait until something of that command line runs."""
    until = time.monotonic() + within
    while not running(word):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
