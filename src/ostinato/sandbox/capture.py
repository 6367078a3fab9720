"""Runs one process to its end with bounded memory, and leaves nothing of it alive. It isolates nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ostinato.base.errors import MachineError
from ostinato.verify.types import OutputSink

_HEAD = 48 * 1024
_TAIL = 48 * 1024
_CHUNK = 64 * 1024
_GRACE = 2.0

_Take = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Captured:
    """How a process ended: its exit code (None: the time limit ended it), head and tail of what it printed, seconds."""

    exit_code: int | None
    stdout: str
    stderr: str
    seconds: float
    truncated: bool


@dataclass(frozen=True, slots=True)
class Given:
    """The descriptors that a process is given: its standard input, and others under their own numbers."""

    stdin: int = subprocess.DEVNULL
    others: tuple[int, ...] = ()


NOTHING = Given()


class _Kept:
    """The first and the last bytes of a stream of any length."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self.total = 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = _HEAD - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if data:
            self._tail.append(data)
            self._tail_size += len(data)
            while self._tail and self._tail_size - len(self._tail[0]) >= _TAIL:
                self._tail_size -= len(self._tail.popleft())

    @property
    def cut(self) -> bool:
        return self.total > _HEAD + self._tail_size

    def text(self) -> str:
        tail = b"".join(self._tail)
        head = bytes(self._head).decode("utf-8", "replace")
        if not self.cut:
            return (bytes(self._head) + tail).decode("utf-8", "replace")
        missing = self.total - _HEAD - len(tail)
        return f"{head}\n… {missing} bytes left out …\n{tail.decode('utf-8', 'replace')}"


async def capture(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    given: Given = NOTHING,
    sweep: Callable[[], None] | None = None,
    sink: OutputSink | None = None,
) -> Captured:
    """Run `argv` in a session of its own, and wait for its end or `timeout` seconds; `sink` is given all it prints.

    Its process group is killed in any case, cancellation included, then `sweep` is called to kill what else belongs to
    it; pipes that a straggler still holds are given up after a short grace. Raises MachineError when it cannot be
    started.
    """
    started = time.monotonic()
    out = await _Pipe.open(sink.stdout if sink else None)
    err = await _Pipe.open(sink.stderr if sink else None)
    try:
        process = await _start(argv, cwd, env, given, out.writer, err.writer)
    except OSError as error:
        out.close()
        err.close()
        raise MachineError(f"cannot start {argv[0]}: {error.strerror}") from error
    finally:
        os.close(out.writer)
        os.close(err.writer)
    reading = asyncio.gather(out.read(), err.read())
    timed_out = False
    try:
        # The main process decides: asyncio's own pipes would make this wait for whoever still holds them.
        await asyncio.wait_for(process.wait(), timeout)
    except TimeoutError:
        timed_out = True
    finally:
        _kill_group(process.pid)
        if sweep is not None:
            sweep()
        await _finished(process, reading)
        out.close()
        err.close()
    code = None if timed_out else process.returncode
    cut = out.kept.cut or err.kept.cut
    return Captured(code, out.kept.text(), err.kept.text(), time.monotonic() - started, cut)


class _Pipe:
    """A pipe whose read end is collected in the event loop; the caller closes `writer` once the child has it."""

    def __init__(
        self, writer: int, stream: asyncio.StreamReader, transport: asyncio.BaseTransport, also: _Take | None
    ) -> None:
        self.writer = writer
        self.kept = _Kept()
        self._also = also
        self._stream = stream
        self._transport = transport

    @classmethod
    async def open(cls, also: _Take | None) -> _Pipe:
        loop = asyncio.get_running_loop()
        reader, writer = os.pipe()
        stream = asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reader, "rb", buffering=0)
        )
        return cls(writer, stream, transport, also)

    async def read(self) -> None:
        while data := await self._stream.read(_CHUNK):
            self.kept.add(data)
            if self._also is not None:
                self._also(data)

    def close(self) -> None:
        self._transport.close()


async def _start(
    argv: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    given: Given,
    stdout: int,
    stderr: int,
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *argv,
        cwd=cwd,
        env=dict(env),
        stdin=given.stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        pass_fds=given.others,
    )


async def _finished(process: asyncio.subprocess.Process, reading: asyncio.Future[tuple[None, None]]) -> None:
    """Collect what is left in the pipes, but do not wait for ever on one that a stray process holds open."""
    try:
        await asyncio.wait_for(asyncio.shield(process.wait()), _GRACE)
        await asyncio.wait_for(reading, _GRACE)
    except TimeoutError:
        reading.cancel()


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
