"""The logs of runs in the background: `logs/<goal>/<time>.log` in the state directory, readable by the person alone."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ostinato.base.clock import Clock, format_time

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

KEPT = 20
"""Logs of one goal; the oldest go when a new one begins."""


def new_log(state: Path, goal: str, clock: Clock) -> tuple[int, Path]:
    """Make a log for a run on `goal`; return its descriptor and path. Raises OSError."""
    folder = state / "logs" / goal
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.log"))[: -(KEPT - 1)]:
        old.unlink(missing_ok=True)
    path = folder / f"{clock.now():%Y%m%dT%H%M%S.%fZ}.log"
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600), path


class LogLines(io.BufferedIOBase):
    """Writes each whole line to a descriptor at once, with the time before it and without secrets."""

    name = "log"

    def __init__(self, descriptor: int, clock: Clock, redacted: Callable[[str], str]) -> None:
        self._descriptor = descriptor
        self._clock = clock
        self._redacted = redacted
        self._rest = b""

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Keep what is no whole line yet, so that a secret is never seen in two halves."""
        more = bytes(data)
        *lines, self._rest = (self._rest + more).split(b"\n")
        for line in lines:
            self._put(line)
        return len(more)

    def close(self) -> None:
        """Write what is left."""
        if self._rest:
            self._put(self._rest)
            self._rest = b""
        super().close()

    def _put(self, line: bytes) -> None:
        at = format_time(self._clock.now())
        text = f"{at[:19]}Z {self._redacted(line.decode('utf-8', 'backslashreplace'))}\n".encode()
        while text:
            text = text[os.write(self._descriptor, text) :]


def log_stream(descriptor: int, clock: Clock, redacted: Callable[[str], str]) -> TextIO:
    """Return a standard stream whose lines go to a log."""
    lines = LogLines(descriptor, clock, redacted)
    return io.TextIOWrapper(lines, encoding="utf-8", errors="backslashreplace", write_through=True)
