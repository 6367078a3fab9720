"""Tables that are too wide for a terminal: columns are made narrower, and long cells go on below themselves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from ostinato.base.text import display_width
from ostinato.cli.layout import Look, wrapped

_GAP = "  "
_LEAST = 8
_LONGEST_WORD = 24
"""A longer word may be broken; a shorter one, such as an id, keeps its column that wide."""


def folded_rows(cells: Sequence[Sequence[str]], look: Look, *, headed: bool) -> list[str]:
    """Return the lines of a table within the look's width, the first row dim when it is `headed`; none when the
    columns cannot be made narrow enough. `cells` are clean, and each row has as many."""
    widths = _narrowed(cells, (look.width or 0) - len(_GAP) * (len(cells[0]) - 1))
    if widths is None:
        return []
    found: list[str] = []
    for place, row in enumerate(cells):
        parts = [list(wrapped(cell, width, width)) for cell, width in zip(row, widths, strict=True)]
        for line in zip_longest(*parts, fillvalue=""):
            text = _GAP.join(_padded(part, width) for part, width in zip(line, widths, strict=True)).rstrip()
            found.append(look.paint("dim", text) if headed and place == 0 else text)
    return found


def _narrowed(cells: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """Return widths that fit into `room` together, the widest columns made narrower first; None when none do."""
    columns = list(zip(*cells, strict=True))
    widths = [max(map(display_width, column)) for column in columns]
    least = [
        min(width, max(_LEAST, *map(_longest_word, column))) for width, column in zip(widths, columns, strict=True)
    ]
    if sum(least) > room:
        return None
    while (over := sum(widths) - room) > 0:
        place = max((n for n in range(len(widths)) if widths[n] > least[n]), key=lambda n: widths[n])
        second = max((width for n, width in enumerate(widths) if n != place), default=0)
        step = max(1, min(over, widths[place] - max(second, least[place])))
        widths[place] -= step
    return widths


def _longest_word(text: str) -> int:
    """Return the width of the longest word that is not to be broken, with the blanks that the text begins with."""
    indent = len(text) - len(text.lstrip())
    words = (display_width(word) for word in text.split())
    return indent + max((width for width in words if width <= _LONGEST_WORD), default=0)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))
