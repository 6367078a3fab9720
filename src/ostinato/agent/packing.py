"""Fits the parts of a briefing that may be cut into a budget; what does not fit is named with what fetches it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ostinato.agent.fence import fenced
from ostinato.agent.sizes import CHARACTERS_PER_TOKEN, tokens_of
from ostinato.base.text import head_and_tail

_LEAST_ITEM = 60
_FRAME = 30


@dataclass(frozen=True, slots=True)
class Section:
    """A part that may be cut: `items` in order of worth, `fetch` the tool call for the rest, `cap` in tokens.

    `unread` counts what would come after the items, and was not even read since it could not fit.
    """

    name: str
    heading: str
    items: tuple[str, ...]
    fetch: str
    cap: int
    unread: int = 0


def pack(sections: Iterable[Section], budget: int) -> dict[str, str]:
    """Return the text of each section that has items, by name. Earlier sections get their share of `budget` first.

    A section never takes more than its cap. One that gets nothing is still named, with its call, in some 30 tokens,
    which the budget keeps back for it beforehand.
    """
    present = [section for section in sections if section.items]
    left = budget - _FRAME * len(present)
    packed: dict[str, str] = {}
    for section in present:
        lines, used = _fitting(section.items, min(section.cap, max(left, 0)))
        left -= used
        packed[section.name] = _text(section, lines)
    return packed


def _fitting(items: tuple[str, ...], allowance: int) -> tuple[list[str], int]:
    """Return the first items that fit, the one at the edge shortened if enough room is left, and the tokens used."""
    taken: list[str] = []
    used = 0
    for item in items:
        size = tokens_of(item) + 1
        room = allowance - used
        if size <= room:
            taken.append(item)
            used += size
            continue
        if not taken and room >= _LEAST_ITEM:
            taken.append(head_and_tail(item, (room - 15) * CHARACTERS_PER_TOKEN))
            used = allowance
        break
    return taken, used


def _text(section: Section, lines: list[str]) -> str:
    missing = len(section.items) - len(lines) + section.unread
    body = fenced("\n".join(lines)) if lines else ""
    cut = any(line not in section.items for line in lines)
    rest = ""
    if missing or cut:
        what = f"{missing} more" if missing else "the rest"
        rest = f"({what}: {section.fetch})"
    return "\n".join(part for part in (section.heading, body, rest) if part)
