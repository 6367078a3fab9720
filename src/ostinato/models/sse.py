"""Server-sent events from bytes, as the HTML standard frames them, with what real servers do wrong forgiven.

It knows frames only, not what they mean. Event names, ids and retry lines are left out: no protocol here needs them.
"""

from __future__ import annotations

import re

_LINE = re.compile(rb"\r\n|\n|\r")


class EventReader:
    """Feed it bytes in any pieces; it gives back the data of each whole event, in order."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []
        self._started = False

    def feed(self, piece: bytes) -> list[str]:
        """Return the data of the events that `piece` completed; several data lines are joined by a line feed."""
        buffer = self._rest + piece
        # A carriage return at the very end may be the first half of CRLF: it waits for the next piece.
        held = b"\r" if buffer.endswith(b"\r") else b""
        lines = _LINE.split(buffer.removesuffix(b"\r") if held else buffer)
        self._rest = lines.pop() + held
        return [data for line in lines for data in self._line(line)]

    def finish(self) -> list[str]:
        """Return the event that the end of the answer completed; servers forget the last blank line."""
        last = self._rest.removesuffix(b"\r")
        self._rest = b""
        return [data for line in (last, b"") for data in self._line(line)]

    def _line(self, raw: bytes) -> list[str]:
        line = raw.decode("utf-8", errors="replace")
        if not self._started:
            self._started = True
            line = line.removeprefix("\ufeff")
        if not line:
            event, self._data = self._data, []
            return ["\n".join(event)] if event else []
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
        return []
