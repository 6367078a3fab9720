"""How a text is edited by example: exactly, then after one deterministic normalisation, never fuzzily. Pure.

`matching` finds the places, `unwrapping` knows what models put around their text; whatever is not read in one way only
is refused, and the file stays as it is. Line ends and a byte order mark are the file's own, not the edit's.
"""

from __future__ import annotations

from dataclasses import dataclass

from ostinato.tools.matching import Misfit, Place, overlap, places
from ostinato.tools.nearest import nearest
from ostinato.tools.tool import ToolRefusal
from ostinato.tools.unwrapping import mistake, objection, unwrapped

BOM = "\ufeff"
_SHOWN_PLACES = 10


@dataclass(frozen=True, slots=True)
class Edited:
    """The text after an edit, how many places it changed, and how `old` was read: "" when exactly."""

    text: str
    places: int
    read_as: str


def edited(path: str, content: str, old: str, new: str, *, every: bool = False) -> Edited:
    """Return `content` with `old` replaced, at its only place or at all. New lines take the line ends around them.

    Raises ToolRefusal that names line numbers: of the nearest places when there is none, of all when there are several.
    """
    mark = BOM if content.startswith(BOM) else ""
    content, old, new = content.removeprefix(mark), old.removeprefix(BOM), new.removeprefix(BOM)
    if not old:
        raise ToolRefusal("old is empty: name the text to replace, or write the whole file with write_file")
    found = _found(path, content, old, new)
    lines = [content.count("\n", 0, place.start) + 1 for place in found[:_SHOWN_PLACES]]
    numbers = ", ".join(map(str, lines))
    if overlap(found):
        raise ToolRefusal(f"old overlaps itself in {path}, in lines {numbers}: make it longer, or shorter")
    if len(found) > 1 and not every:
        raise ToolRefusal(f"old occurs {len(found)} times in {path}, in lines {numbers}: make it longer, or set all")
    for place in found:
        against = objection(path, content, content[place.start : place.end], place.new)
        if against:
            raise ToolRefusal(f"{against}. Nothing was changed.")
    after = _replaced(content, found)
    if after == content:
        raise ToolRefusal("old and new are the same: nothing would change")
    return Edited(mark + after, len(found), found[0].read_as)


def with_line_ends_of(before: str, content: str) -> str:
    """Return a whole new content with the byte order mark and the line ends of a file that has only one kind."""
    breaks = before.count("\n")
    if breaks and before.count("\r\n") == breaks:
        content = content.replace("\r\n", "\n").replace("\n", "\r\n")
    return (BOM if before.startswith(BOM) else "") + content.removeprefix(BOM)


def _found(path: str, content: str, old: str, new: str) -> list[Place]:
    try:
        found = places(content, old, new)
        for inner_old, inner_new, said in [] if found else unwrapped(old, new):
            found = [
                Place(place.start, place.end, place.new, said)
                for place in places(content, inner_old, inner_new, whole_lines=True)
            ]
            if found:
                break
    except Misfit as misfit:
        raise ToolRefusal(f"nothing was changed in {path}: {misfit}") from None
    if not found:
        raise ToolRefusal(f"old does not occur in {path}.{mistake(old)}{nearest(content, old)}")
    return found


def _replaced(content: str, found: list[Place]) -> str:
    pieces = []
    at = 0
    for place in found:
        start, end, new = _trimmed(content, place)
        pieces += [content[at:start], new.replace("\n", _line_end_at(content, start))]
        at = end
    return "".join([*pieces, content[at:]])


def _trimmed(content: str, place: Place) -> tuple[int, int, str]:
    """Return the place and its new text without the first and last lines that stay: their line ends stay too."""
    start, end = place.start, place.end
    new = place.new.replace("\r\n", "\n").removesuffix("\r").split("\n")
    there = content[start:end].split("\n")
    while len(there) > 1 and len(new) > 1 and there[0].removesuffix("\r") == new[0]:
        start += len(there.pop(0)) + 1
        new.pop(0)
    while len(there) > 1 and len(new) > 1 and there[-1] == new[-1]:
        end -= len(there.pop()) + 1
        new.pop()
        if there[-1].endswith("\r"):
            there[-1] = there[-1].removesuffix("\r")
            end -= 1
    return start, end, "\n".join(new)


def _line_end_at(content: str, start: int) -> str:
    """Return the first line end from `start` on, else the one before it."""
    at = content.find("\n", start)
    if at < 0:
        at = content.rfind("\n", 0, start)
    return "\r\n" if at > 0 and content[at - 1] == "\r" else "\n"
