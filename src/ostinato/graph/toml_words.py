"""How values are said in TOML, always in the same way: the bytes of a file follow from what it says. Pure.

Text of several lines stands on lines of its own, so that git shows and merges the line that changed. Whatever a
terminal or an editor could act on is escaped, and so are lines that git would take for marks of a conflict.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ostinato.base.text import harmless

MARKS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")
"""What a line begins with where git left a conflict."""

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
# Tabs, and quotes that no further quote follows: several in a row, or one at the end, could close the text.
_PLAIN_IN_LINES = re.compile(r'(\t|"(?!"|\Z))')
_SHORT = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def text(value: str) -> str:
    """Return a text as TOML: on one line, or on lines of its own where it has several."""
    return _lines(value) if "\n" in value else f'"{_escaped(value)}"'


def texts(values: Iterable[str]) -> str:
    """Return a list of texts, one on each line."""
    return block(text(value) for value in values)


def block(items: Iterable[str]) -> str:
    """Return a list of what is TOML already, one item on each line."""
    return "[\n" + "".join(f"  {item},\n" for item in items) + "]"


def key(name: str) -> str:
    """Return one part of a key, quoted where it must be."""
    return name if _BARE.fullmatch(name) else f'"{_escaped(name)}"'


def number(value: float) -> str:
    """Return a number of seconds: the shortest text that reads as the same number."""
    return repr(float(value))


def _lines(value: str) -> str:
    """Return `value` between three quotes; the line break behind the first three is not part of it."""
    return '"""\n' + "\n".join(map(_line, value.split("\n"))) + '"""'


def _line(line: str) -> str:
    if line.startswith(MARKS):
        return f"\\u{ord(line[0]):04X}{_line(line[1:])}"
    parts = _PLAIN_IN_LINES.split(line)
    return "".join(part if place % 2 else _escaped(part) for place, part in enumerate(parts))


def _escaped(value: str) -> str:
    if value.isprintable() and "\\" not in value and '"' not in value:
        return value
    return "".join(_SHORT.get(ch) or (ch if harmless(ch) else _by_number(ch)) for ch in value)


def _by_number(ch: str) -> str:
    return f"\\u{ord(ch):04X}" if ord(ch) < 0x10000 else f"\\U{ord(ch):08X}"
