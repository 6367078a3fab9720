"""How text is laid out on a terminal: wrapped by columns, coloured where that is wanted. It prints nothing.

Text must be free of escapes when it comes here (`output.clean`, `output.clean_block`); only colours are added.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from ostinato.base.text import display_width

_NARROWEST = 6
_COLOURS = {
    "strong": "1",
    "dim": "2",
    "good": "32",
    "warn": "33",
    "command": "36",
    "heading": "1;36",
}
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


@dataclass(frozen=True, slots=True)
class Look:
    """`width` in columns, None where lines are never wrapped (pipes, files); whether there are colours."""

    width: int | None = None
    colour: bool = False

    def paint(self, style: str, text: str) -> str:
        """Return `text` in one of the styles of this module, unchanged without colours."""
        return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if self.colour and text else text

    def lines(self, text: str, lead: str = "", hang: str | None = None, style: str = "") -> Iterator[str]:
        """Yield `text` after `lead`, wrapped; later lines begin with `hang`, as wide as `lead` in blanks by default."""
        hang = " " * display_width(lead) if hang is None else hang
        for place, line in enumerate(wrapped(text, self._room(lead), self._room(hang))):
            yield (hang if place else lead) + (self.paint(style, line) if style else line)

    def fits(self, line: str) -> bool:
        """Tell whether a line, colours not counted, needs no wrapping."""
        return self.width is None or display_width(_COLOUR.sub("", line)) <= self.width

    def _room(self, lead: str) -> int | None:
        return None if self.width is None else max(_NARROWEST, self.width - display_width(lead))


def look_of(stream: TextIO) -> Look:
    """Return how text on `stream` is laid out: plain and unwrapped but on a terminal, no colours with NO_COLOR."""
    if not stream.isatty():
        return Look()
    return Look(terminal_size(stream)[1], colour=not is_dumb() and not os.environ.get("NO_COLOR"))


def somebody_there() -> bool:
    """Tell whether a person can be asked: what is typed and what is asked are on a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def is_dumb() -> bool:
    """Tell whether the terminal can do no more than print lines."""
    return os.environ.get("TERM", "").lower() in {"", "dumb", "unknown"}


def take_line_away() -> None:
    """Clear the line of the terminal that the cursor is on: what runs now stands there, and `^C` after it."""
    if os.isatty(2) and not is_dumb():
        # Not through sys.stderr: what shows progress may stand in its place.
        os.write(2, b"\r\x1b[2K")


def give_terminal_back() -> None:
    """Clear the line of what runs now and show the cursor again: the process ends without a chance to tidy up."""
    take_line_away()
    if os.isatty(2) and not is_dumb():
        os.write(2, b"\x1b[?25h")


def terminal_size(stream: TextIO) -> tuple[int, int]:
    """Return lines and columns of the terminal behind `stream`; 24 and 80 where it does not say (some say 0)."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except OSError:
        return 24, 80
    return size.lines or 24, size.columns or 80


def wrapped(text: str, first: int | None, later: int | None) -> Iterator[str]:
    """Yield `text` in lines of at most `first`, then `later` columns, broken at blanks, else inside a word.

    Nothing is left out but the blanks at a break. Some line is always yielded.
    """
    if first is None or later is None:
        yield text
        return
    line, room = "", first
    for piece in re.findall(r"\s*\S+", text):
        if display_width(line) + display_width(piece) <= room:
            line += piece
            continue
        if line.strip():
            yield line
            room = later
        line = piece.lstrip() if line.strip() else line + piece
        while (head := _fitting(line, room)) < len(line):
            yield line[:head]
            line, room = line[head:], later
    yield line


def _fitting(text: str, room: int) -> int:
    """Return how many characters of `text` fit into `room` columns, at least one."""
    used = 0
    for place, ch in enumerate(text):
        used += display_width(ch)
        if used > room:
            return max(1, place)
    return len(text)
