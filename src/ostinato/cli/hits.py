"""How hits of a search are shown to a person: a row each, and below it where the words stand, in bold or brackets."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from ostinato.base.text import display_width
from ostinato.cli.layout import Look, look_of
from ostinato.cli.output import aligned, clean
from ostinato.graph.search import END, MARK, TITLE, Hit, pieces, written

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def hit_lines(hits: Sequence[Hit]) -> Iterator[str]:
    """Yield the lines of the hits in their order; on a terminal with heads."""
    look = look_of(sys.stdout)
    heads = ("id", "type", "status", "title") if look.width is not None else ()
    rows, before = aligned([(hit.node.id, hit.node.node_type, hit.node.status, "") for hit in hits], heads)
    if heads and rows:
        yield look.paint("dim", rows.pop(0))
    for hit, row in zip(hits, rows, strict=True):
        lead = row + " " * (before - display_width(row))
        yield from _marked(look, hit.title if look.colour else written(hit.title, "", ""), lead)
        if hit.matched[-1] != TITLE:
            said = hit.snippet if look.colour else written(hit.snippet, "[", "]")
            yield from _marked(look, said, f"    {hit.matched[-1]}: ", "      ")


def _marked(look: Look, text: str, lead: str, hang: str | None = None) -> Iterator[str]:
    """Yield a marked text in lines. Marks take a column when lines are broken, so none becomes too wide."""
    cleaned = "".join(f"{MARK}{clean(piece)}{END}" if matching else clean(piece) for piece, matching in pieces(text))
    inside = False
    if hang is None and look.width is not None and len(lead) > look.width // 2:
        hang = "    "
    for line in look.lines(cleaned, lead, hang):
        begun = _BOLD if inside else ""
        inside = line.rfind(MARK) > line.rfind(END) or (inside and END not in line)
        yield begun + line.replace(MARK, _BOLD).replace(END, _PLAIN) + (_PLAIN if inside else "")
