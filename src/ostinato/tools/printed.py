"""What a command printed as a model is shown it: without what only a terminal needs, folded, head and tail. Pure.

Rows are counted as `outputs.Outputs.rows` counts them, so that an offset named here is where reading goes on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ostinato.base.text import head_and_tail, many
from ostinato.tools.outputs import ROW

_LINE = 1_000
_FOLDED = 3
# An operating system command ends with its line here: a stray beginning must not swallow what comes after.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as it is shown, and the number of the row after it."""

    text: str
    after: int


def printed(text: str, room: int, handle: str = "") -> str:
    """Return what a stream said in at most some `room` characters: whole lines of its beginning and of its end.

    `handle` is the name by which the rest can be read, "" where it was not kept.
    """
    lines = _folded(_lines(text))
    whole = "\n".join(line.text for line in lines)
    if len(whole) <= room:
        return whole
    head, tail = _count(lines, room // 2), _count(lines[::-1], room // 2)
    if head + tail >= len(lines):
        return head_and_tail(whole, room)
    missing = many(len(lines) - head - tail, "line")
    offset = lines[head - 1].after if head else 1
    rest = f'; read_file {{"path": "{handle}", "offset": {offset}}} reads on, search_code finds in it' if handle else ""
    shown = [line.text for line in lines[:head]], [line.text for line in lines[len(lines) - tail :]]
    return "\n".join((*shown[0], f"… {missing} left out{rest} …", *shown[1]))


def _lines(text: str) -> list[_Line]:
    """Return the lines without terminal escapes, redrawn ones as they ended up, long ones cut."""
    found = []
    after = 1
    for raw in text.rstrip().split("\n"):
        after += max(1, -(-len(raw) // ROW))
        said = _ESCAPES.sub("", raw) if "\x1b" in raw else raw
        if "\r" in said:
            said = said.rstrip("\r").rpartition("\r")[2]
        if "\b" in said:
            said = said.replace("\b", "")
        found.append(_Line(head_and_tail(said, _LINE), after))
    return found


def _folded(lines: list[_Line]) -> list[_Line]:
    """Return the lines with each run of the same one told once."""
    found: list[_Line] = []
    place = 0
    while place < len(lines):
        end = place + 1
        while end < len(lines) and lines[end].text == lines[place].text:
            end += 1
        if end - place < _FOLDED:
            found += lines[place:end]
        else:
            found += [lines[place], _Line(f"(the same line {end - place - 1:,} more times)", lines[end - 1].after)]
        place = end
    return found


def _count(lines: list[_Line], room: int) -> int:
    """Return how many of the first lines fit."""
    used = 0
    for count, line in enumerate(lines):
        used += len(line.text) + 1
        if used > room:
            return count
    return len(lines)
