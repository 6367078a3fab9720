"""Searches lines of files for a regular expression, as a process of its own: `python -I -S search_worker.py`.

Python's regular expressions cannot be interrupted and some never end, so the alarm ends this whole process. It imports
nothing of ours. One JSON object on stdin (root, pattern, literal, files, most, seconds), one JSON list [path, line
number, text] a line on stdout, in the order of the files, at most `most` + 1.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Iterator

LARGEST_FILE = 2_000_000
LINE_CHARACTERS = 4_000
SHOWN_CHARACTERS = 300


def main() -> None:
    """Read the request and print what is found."""
    request = json.load(sys.stdin)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, request["seconds"])
    literal = request["literal"]
    wanted = re.compile(re.escape(request["pattern"]) if literal else request["pattern"])
    found = 0
    for path in request["files"]:
        for number, line in _hits(os.path.join(request["root"], path), wanted, request["pattern"] if literal else ""):  # noqa: PTH118 - hot
            sys.stdout.write(json.dumps([path, number, line]) + "\n")
            sys.stdout.flush()
            found += 1
            if found > request["most"]:
                return


def _hits(path: str, wanted: re.Pattern[str], literal: str) -> Iterator[tuple[int, str]]:
    data = _read(path)
    if data is None or b"\0" in data[:8192]:
        return
    text = data.decode("utf-8", "replace")
    if literal and literal not in text:
        return
    for number, line in enumerate(text.split("\n"), start=1):
        hit = wanted.search(line[:LINE_CHARACTERS])
        if hit:
            start = max(0, hit.start() - SHOWN_CHARACTERS // 2) if len(line) > SHOWN_CHARACTERS else 0
            yield number, line[start : start + SHOWN_CHARACTERS].rstrip("\r")


def _read(path: str) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor has no path
        try:
            data = file.read(LARGEST_FILE + 1)
        except OSError:
            return None
    return data if data is not None and len(data) <= LARGEST_FILE else None


if __name__ == "__main__":
    main()
