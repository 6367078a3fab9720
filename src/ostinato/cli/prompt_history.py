"""What a person typed at our prompts, for the arrow keys: one file for each kind of prompt, readable by them alone.

One JSON text per line, the newest last. A history that cannot be read or written is no reason to stop anybody.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit.history import History

_KEPT_BYTES = 1_000_000
# An arrow key and Enter must not accept a plan because `a` was said to the last one.
_WORTH = 5


class PromptHistory(History):
    """The history kept in one file. It stays below two megabytes: beyond, the older half goes."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def load_history_strings(self) -> Iterable[str]:
        """Return what was typed, the newest first."""
        try:
            lines = self._path.read_bytes()[-_KEPT_BYTES:].splitlines()
        except OSError:
            return
        for line in reversed(lines):
            try:
                text = json.loads(line)
            except ValueError:  # cut by a crash, or by reading the end of the file only
                continue
            if isinstance(text, str):
                yield text

    def store_string(self, string: str) -> None:
        """Keep one text, which `load_history_strings` returns first from now on; not a mere number or command."""
        if len(string.strip()) < _WORTH:
            return
        line = json.dumps(string).encode() + b"\n"
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._shorten(len(line))
            self._append(line, os.O_APPEND)
        except OSError:
            return

    def _append(self, data: bytes, how: int) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | how, 0o600)
        try:
            # A file that somebody made wider, or that an earlier umask left so.
            os.fchmod(file, 0o600)
            os.write(file, data)
        finally:
            os.close(file)

    def _shorten(self, more: int) -> None:
        if not self._path.exists() or self._path.stat().st_size + more <= 2 * _KEPT_BYTES:
            return
        end = self._path.read_bytes()[-_KEPT_BYTES:]
        self._append(end[end.find(b"\n") + 1 :], os.O_TRUNC)
