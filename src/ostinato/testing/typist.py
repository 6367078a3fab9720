"""A person at a real terminal, for tests and recordings: types, reads what stands there, presses Ctrl-C.

    with Typist([sys.executable, "-m", "ostinato", "plan"], cwd=repository, environment=os.environ) as typist:
        typist.asked("What is wanted?")
        typist.types("a shop")
        assert typist.ends() == 5

The program runs on a terminal of its own. Nothing here waits for a time: each step waits for what is to be seen.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|.\x08|\r")
# A prompt switches bracketed paste on when it takes keys, and off when it is done.
_KEYS_WANTED = "\x1b[?2004h"
READY = "<ready>"
PATIENCE = 60.0


class Typist:
    """Runs one program. `said` is everything that came out, escapes and all."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        columns: int = 80,
        lines: int = 24,
    ) -> None:
        self.said = ""
        self._seen = 0
        self._code: int | None = None
        # COLUMNS of whoever runs this would win over the size of the terminal here.
        own = {name: value for name, value in environment.items() if name not in {"COLUMNS", "LINES"}}
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
                os.chdir(cwd)
                os.execve(command[0], list(command), own)
            finally:
                os._exit(127)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._code is None:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        if self._terminal >= 0:
            os.close(self._terminal)

    def sees(self, text: str) -> str:
        """Wait until `text` stands after what was seen before; return what stands up to its end, without escapes."""
        while (found := self.plain.find(text, self._seen)) < 0:
            if not self._reads():
                raise AssertionError(f"the program ended, and {text!r} did not come:\n{self.plain[self._seen :]}")
        before, self._seen = self.plain[self._seen : found + len(text)], found + len(text)
        return before

    def asked(self, text: str = "") -> str:
        """Wait until `text` stands there and then a prompt that is ready for keys; return what stands up to it."""
        return self.sees(text) + self.sees(READY)

    def types(self, text: str) -> None:
        """Type `text` and press Enter."""
        self.presses(f"{text}\r")

    def pastes(self, text: str) -> None:
        """Paste `text` as terminals do."""
        self.presses(f"\x1b[200~{text}\x1b[201~")

    def presses(self, keys: str) -> None:
        """Send keys."""
        data = keys.encode()
        while data:
            # A terminal takes only so much until it is read.
            readable, writable, _ = select.select([self._terminal], [self._terminal], [], PATIENCE)
            if readable:
                self._reads()
            if writable:
                data = data[os.write(self._terminal, data[:1024]) :]

    def gets(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        os.kill(self._process, number)

    def ends(self) -> int:
        """Wait for the end; return the exit code."""
        while self._reads():
            pass
        self._code = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])
        return self._code

    def hangs_up(self) -> None:
        """Close the terminal, as one closes a window, and wait for the end."""
        os.close(self._terminal)
        self._terminal = -1
        self._code = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])

    @property
    def plain(self) -> str:
        """Everything that came out, without escapes; READY stands where a prompt began to take keys."""
        return _ESCAPES.sub("", self.said.replace(_KEYS_WANTED, READY))

    def _reads(self) -> bool:
        """Read what has come; tell whether the terminal is still open. Fails when nothing comes for too long."""
        ready, _, _ = select.select([self._terminal], [], [], PATIENCE)
        if not ready:
            raise AssertionError(f"nothing came for {PATIENCE:.0f} s:\n{self.plain[self._seen :]}")
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # what Linux says when the other side is closed
            return False
        self.said += data.decode("utf-8", "replace")
        return bool(data)
