"""Where the text that an edit names stands in a file, and what the edit makes of each place. Pure, never by likeness.

Three readings in this order, the first that fits counts: exactly; in the plain form (`plain_form`); as whole lines that
are all indented by the same amount more or less, or by spaces where the file has tabs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from ostinato.tools.plain_form import BLANKS, column_of, joins, plain

MOST_LINES = 500_000
"""Lines of a file up to which more than the exact reading is tried: it bounds time and memory."""
_MOST_PLACES = 50_000
_MOVED = "old stands there with another indentation, and"


@dataclass(frozen=True, slots=True)
class Place:
    """What is replaced from `start` to `end`, by what (line feeds only), and how `old` was read: "" when exactly."""

    start: int
    end: int
    new: str
    read_as: str = ""


class Misfit(Exception):
    """There are places, but what to write there is not clear; the text says why."""


def places(text: str, old: str, new: str, *, whole_lines: bool = False) -> list[Place]:
    """Return the places of `old`, in order; they may overlap, then no more are looked for. Raises Misfit.

    With `whole_lines` only places count that begin and end with a line.
    """
    found = _exact(text, old, new)
    if whole_lines:
        found = [place for place in found if _is_whole(text, place)]
    if found and not (len(found) == 1 and _starts_in_indentation(text, found[0].start, old)):
        return found
    if not plain(old.replace("\n", "")) or text.count("\n") > MOST_LINES:
        return found
    lines = _Lines(text)
    wanted = _split(old)
    if not found:
        found = _plain(lines, wanted, new, must_end_line=old[-1] in BLANKS)
        if whole_lines:
            found = [place for place in found if _is_whole(text, place)]
    elif len(found) == 1:
        # It fits exactly, but from the middle of the line's indentation on: read as lines, `new` is moved as well.
        return _indented(lines, wanted, new) or found
    return found or _indented(lines, wanted, new)


def overlap(found: Sequence[Place]) -> bool:
    """Tell whether two of the places share text."""
    return any(after.start < before.end for before, after in pairwise(found))


def _is_enough(found: list[Place]) -> bool:
    if len(found) > _MOST_PLACES:
        raise Misfit(f"old occurs there more than {_MOST_PLACES} times: make it longer, or use run_command")
    return overlap(found[-2:])


class _Lines:
    """The lines of a text: as they are without line ends, in plain form, and where each begins."""

    def __init__(self, text: str) -> None:
        self.bodies = _split(text)
        self.plain = [plain(body) for body in self.bodies]
        self.starts = []
        at = 0
        for raw in text.split("\n"):
            self.starts.append(at)
            at += len(raw) + 1


def _split(text: str) -> list[str]:
    return [line.removesuffix("\r") for line in text.split("\n")]


def _exact(text: str, old: str, new: str) -> list[Place]:
    found: list[Place] = []
    at = text.find(old)
    while at >= 0:
        end = at + len(old)
        if not joins(text, at) and not joins(text, end):
            found.append(Place(at, end, new))
            if _is_enough(found):
                break
        at = text.find(old, at + 1)
    return found


def _starts_in_indentation(text: str, start: int, old: str) -> bool:
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return bool(before) and not before.strip(" \t") and old[0] in " \t" and bool(old.strip())


def _is_whole(text: str, place: Place) -> bool:
    begins = place.start == 0 or text[place.start - 1] == "\n"
    return begins and (place.end == len(text) or text[place.end] in "\r\n" or text[place.end - 1] == "\n")


def _plain(lines: _Lines, wanted: list[str], new: str, *, must_end_line: bool) -> list[Place]:
    sought = [plain(line) for line in wanted]
    found = []
    for at in range(len(lines.plain) - len(sought) + 1):
        for start, end in _spans(lines.plain, at, sought, must_end_line=must_end_line):
            place = _placed(lines, at, wanted, new, (start, end))
            if place:
                found.append(place)
        if _is_enough(found):
            break
    return found


def _spans(plain_lines: list[str], at: int, sought: list[str], *, must_end_line: bool) -> list[tuple[int, int]]:
    """Return the first column in the first line and the end column in the last, for places that begin in line `at`."""
    first, last = plain_lines[at], plain_lines[at + len(sought) - 1]
    if len(sought) == 1:
        ends = [start + len(sought[0]) for start in _occurrences(first, sought[0])]
        return [(end - len(sought[0]), end) for end in ends if not must_end_line or end == len(last)]
    if not (first.endswith(sought[0]) and last.startswith(sought[-1])):
        return []
    if plain_lines[at + 1 : at + len(sought) - 1] != sought[1:-1]:
        return []
    if must_end_line and len(last) != len(sought[-1]):
        return []
    return [(len(first) - len(sought[0]), len(sought[-1]))]


def _occurrences(line: str, part: str) -> list[int]:
    found = []
    at = line.find(part)
    while at >= 0:
        found.append(at)
        at = line.find(part, at + 1)
    return found


def _placed(lines: _Lines, at: int, wanted: list[str], new: str, span: tuple[int, int]) -> Place | None:
    """Return the place from a column of line `at` to a column of the last, None when one is inside a character.

    Lines that `new` keeps from `wanted` stay as the file has them: its quotes, its blanks.
    """
    last = at + len(wanted) - 1
    start = column_of(lines.bodies[at], span[0])
    end = column_of(lines.bodies[last], span[1])
    if start is None or end is None:
        return None
    if not plain(wanted[0]) and len(wanted) > 1:
        start = len(lines.bodies[at])  # `old` begins with a line end: what stands before that stays.
    if span[1] == len(lines.plain[last]) and (wanted[-1] or len(wanted) == 1):
        end = len(lines.bodies[last])  # Blanks at the end of the last line go along.
    kept = lines.bodies[at : last + 1]
    kept[-1] = kept[-1][:end]
    kept[0] = kept[0][start:]
    replacement = "\n".join(_keeping(kept, wanted, _split(new)))
    return Place(lines.starts[at] + start, lines.starts[last] + end, replacement, "line ends, blanks, quotes set aside")


def _keeping(kept: list[str], wanted: list[str], new: list[str]) -> list[str]:
    result = list(new)
    for block in SequenceMatcher(None, wanted, new, autojunk=False).get_matching_blocks():
        result[block.b : block.b + block.size] = kept[block.a : block.a + block.size]
    return result


def _indented(lines: _Lines, wanted: list[str], new: str) -> list[Place]:
    """Return the places where whole lines fit but for their indentation. Raises Misfit when `new` cannot follow."""
    ends_with_break = len(wanted) > 1 and not wanted[-1]
    block = wanted[:-1] if ends_with_break else wanted
    sought = [plain(line) for line in block]
    found: list[Place] = []
    for at in range(len(lines.plain) - len(wanted) + 1):
        move = _move(sought, lines.plain[at : at + len(block)])
        if move is None:
            continue
        kept = lines.bodies[at : at + len(block)]
        replacement = "\n".join(move.followed(_split(new), block, kept))
        last = at + len(block) - 1
        end = lines.starts[last + 1] if ends_with_break else lines.starts[last] + len(kept[-1])
        found.append(Place(lines.starts[at], end, replacement, move.said))
        if _is_enough(found):
            break
    return found


@dataclass(frozen=True, slots=True)
class _Move:
    """How a file's indentation follows from that of `old`: `more` before it, `less` taken off, or unit for unit."""

    said: str
    more: str = ""
    less: str = ""
    unit: str = ""
    becomes: str = ""

    def followed(self, new: list[str], block: list[str], kept: list[str]) -> list[str]:
        """Return the lines to write: those of `block` as the file has them, the others moved. Raises Misfit."""
        result = [self._moved(line) if line.strip(BLANKS) else "" for line in new]
        for same in SequenceMatcher(None, block, new, autojunk=False).get_matching_blocks():
            result[same.b : same.b + same.size] = kept[same.a : same.a + same.size]
        return result

    def _moved(self, line: str) -> str:
        indentation = _indentation(line)
        if self.unit:
            count, rest = divmod(len(indentation), len(self.unit))
            if rest or indentation != self.unit * count:
                raise Misfit(f"{_MOVED} new is not indented as old is: its line {line.strip()[:60]!r}")
            return self.becomes * count + line[len(indentation) :]
        if not line.startswith(self.less):
            raise Misfit(f"{_MOVED} new is indented less than old: its line {line.strip()[:60]!r}")
        return self.more + line.removeprefix(self.less)


def _move(block: list[str], there: list[str]) -> _Move | None:
    """Return the one move that makes each line of `block` the one there, None when there is none."""
    pairs: set[tuple[str, str]] = set()
    for ours, theirs in zip(block, there, strict=True):
        pair = _indentation(ours), _indentation(theirs)
        if ours[len(pair[0]) :] != theirs[len(pair[1]) :]:
            return None
        if ours:
            pairs.add(pair)
    ours, theirs = next(iter(pairs))
    more, less = theirs.removesuffix(ours), ours.removesuffix(theirs)
    if all(file == more + old for old, file in pairs):
        return _Move(f"indentation of {_named(more)} added", more=more) if more else None
    if all(old == less + file for old, file in pairs):
        return _Move(f"indentation of {_named(less)} taken off", less=less)
    return _units(pairs)


def _units(pairs: set[tuple[str, str]]) -> _Move | None:
    ours, theirs = max(pairs, key=lambda pair: len(pair[1]))
    spaces, tabs = (theirs, ours) if "\t" in ours else (ours, theirs)
    if not tabs or not spaces or len(spaces) % len(tabs):
        return None
    width = len(spaces) // len(tabs)
    unit, becomes = ("\t", " " * width) if "\t" in ours else (" " * width, "\t")
    counts = [(len(old) // len(unit), old, file) for old, file in pairs]
    if not 2 <= width <= 8 or any(old != unit * n or file != becomes * n for n, old, file in counts):
        return None
    return _Move(f"{_named(unit)} read as {_named(becomes)}", unit=unit, becomes=becomes)


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _named(blanks: str) -> str:
    kind = "tab" if blanks.startswith("\t") else "space"
    return f"{len(blanks)} {kind}{'s' * (len(blanks) != 1)}"
