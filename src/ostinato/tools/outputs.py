"""What commands printed, kept beside the checkout while an iteration lasts, so that an agent can page and search it.

The nth command's output is `output:n`, what it wrote to stderr `output:n.err`. The disk that it takes is bounded: of a
long stream the beginning and the end are kept, and the oldest outputs give way. A full disk costs an output, never the
command.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from ostinato.tools.tool import ToolRefusal

HEAD = 2 << 20
TAIL = 6 << 20
"""Bytes of one stream that are kept of its beginning and of its end."""

MOST = 64 << 20
"""Bytes of all outputs together; beyond it the oldest are removed."""

ROW = 2_000
"""Characters of a row: a longer line counts as several."""

LEAST = 400
"""Bytes below which an output is not kept: the answer holds it whole, and is never cleared."""

_HANDLE = re.compile(r"output:([1-9]\d{0,8})(\.err)?")
_COPY = 1 << 18


class Outputs:
    """The outputs of one conversation, in `folder`, which is made when needed and emptied first."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self._folder = folder
        self._most = most
        self._count = 0
        self._sizes: dict[str, int] = {}
        self.clear()

    @property
    def folder(self) -> Path:
        """Where the outputs are; a file's name is its handle."""
        return self._folder

    def clear(self) -> None:
        """Remove all outputs; their numbers are not given again."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._sizes.clear()

    def next(self) -> Output:
        """Return the place for what the next command prints."""
        self._count += 1
        # Where it cannot be made, each stream finds that it cannot be written.
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Output(self, f"output:{self._count}")

    def keep(self, handle: str, stream: _Stream) -> bool:
        """Close a stream's file; tell whether it is kept. The oldest outputs give way to it."""
        size = stream.finish()
        if size < LEAST:
            self._remove(handle)
            return False
        self._sizes[handle] = size
        while sum(self._sizes.values()) > self._most and len(self._sizes) > 1:
            oldest = next(iter(self._sizes))
            del self._sizes[oldest]
            self._remove(oldest)
        return handle in self._sizes

    def _remove(self, handle: str) -> None:
        with suppress(OSError):
            (self._folder / handle).unlink()

    def known(self, path: str) -> bool:
        """Tell whether a path is a handle. Raises ToolRefusal for the handle of an output that is not kept."""
        if not _HANDLE.fullmatch(path):
            return False
        if path not in self._sizes:
            kept = ", ".join(list(self._sizes)[-5:])
            raise ToolRefusal(f"{path} is not kept: run the command again" + (f"; there are {kept}" if kept else ""))
        return True

    def rows(self, handle: str) -> Iterator[str]:
        """Yield the rows of a kept output, without their line ends."""
        with (self._folder / handle).open(encoding="utf-8", errors="replace", newline="\n") as file:
            full = False
            while row := file.readline(ROW):
                # A line that fills its row has its end in the next, which is no row of its own then.
                if row != "\n" or not full:
                    yield row.removesuffix("\n")
                full = len(row) == ROW and row[-1] != "\n"


class Output:
    """The two streams of one command while it runs: an `OutputSink`. `close` tells what was kept."""

    def __init__(self, book: Outputs, handle: str) -> None:
        self._book = book
        self._handle = handle
        self._out = _Stream(book.folder / handle)
        self._err = _Stream(book.folder / f"{handle}.err")
        self.stdout = self._out.add
        self.stderr = self._err.add

    def close(self) -> tuple[str, str]:
        """Return the handles of stdout and stderr, "" for one that is not kept."""
        out = self._handle if self._book.keep(self._handle, self._out) else ""
        err = f"{self._handle}.err"
        return out, err if self._book.keep(err, self._err) else ""


class _Stream:
    """Writes the first HEAD bytes of a stream, and the last TAIL bytes in a ring behind them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._total = 0
        self._failed = False

    def add(self, data: bytes) -> None:
        """Take the next piece."""
        if self._failed:
            return
        try:
            if self._file is None:
                opened = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
                self._file = os.fdopen(opened, "r+b", buffering=0)
            self._write(data, self._file.fileno())
        except OSError:
            self._failed = True

    def _write(self, data: bytes, file: int) -> None:
        rest = memoryview(data)
        while rest:
            if self._total < HEAD:
                place, room = self._total, HEAD - self._total
            else:
                turn = (self._total - HEAD) % TAIL
                place, room = HEAD + turn, TAIL - turn
            written = os.pwrite(file, rest[:room], place)
            self._total += written
            rest = rest[written:]

    def finish(self) -> int:
        """Close the file, its rows in order; return its bytes, 0 when nothing can be read."""
        if self._file is None:
            return 0
        with self._file as file:
            try:
                if self._total > HEAD + TAIL:
                    self._unroll(file.fileno())
                return self._path.stat().st_size
            except OSError:
                self._path.unlink(missing_ok=True)
                return 0

    def _unroll(self, file: int) -> None:
        """Write the ring's bytes in their order into a file that takes the place of this one."""
        turn = HEAD + (self._total - HEAD) % TAIL
        missing = self._total - HEAD - TAIL
        beside = self._path.with_name(f"{self._path.name}.new")
        try:
            with beside.open("wb") as new:
                _copy(file, new, 0, HEAD)
                new.write(f"\n… {missing} bytes left out …\n".encode())
                _copy(file, new, turn, HEAD + TAIL)
                _copy(file, new, HEAD, turn)
            beside.replace(self._path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise


def _copy(file: int, new: IO[bytes], start: int, end: int) -> None:
    while start < end:
        data = os.pread(file, min(_COPY, end - start), start)
        if not data:
            return
        new.write(data)
        start += len(data)
