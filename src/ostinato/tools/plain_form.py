"""The one normalisation of a line: what two lines may differ in and still be the same to an edit. Pure.

Line ends and blanks at line ends are set aside; curly quotes, the kinds of blank and of dash are as their plain forms;
letters are composed (NFC). Columns of the plain form lead back to columns of the line.
"""

from __future__ import annotations

import unicodedata

BLANKS = " \t\r\f\v"
_QUOTES = {"\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"'}
_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
_SPACES = dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000", " ")
# Each stands for one character, so that columns stay where they are.
_PLAIN = str.maketrans(_QUOTES | _DASHES | _SPACES)


def plain(line: str) -> str:
    """Return the line, given without its line feed, in its plain form."""
    if not line.isascii():
        line = unicodedata.normalize("NFC", line).translate(_PLAIN)
    return line.rstrip(BLANKS)


def joins(text: str, at: int) -> bool:
    """Tell whether the character at `at` belongs to the one before: no text is cut there."""
    if not 0 < at < len(text):
        return False
    here = text[at]
    return (here == "\n" and text[at - 1] == "\r") or (here > "\u02ff" and _goes_on(here))


def column_of(line: str, column: int) -> int | None:
    """Return where in `line` a column of its plain form stands, None when it stands inside of a character."""
    if line.isascii():
        return column
    at = 0
    column_there = None
    composed = []
    for start, end in _clusters(line):
        if at == column:
            column_there = start
        composed.append(unicodedata.normalize("NFC", line[start:end]))
        at += len(composed[-1])
    if at == column:
        column_there = len(line)
    # Some letters compose with what is no mark: then the columns are not known.
    return column_there if "".join(composed) == unicodedata.normalize("NFC", line) else None


def _clusters(line: str) -> list[tuple[int, int]]:
    starts = [at for at, character in enumerate(line) if at == 0 or not _goes_on(character)]
    return list(zip(starts, [*starts[1:], len(line)], strict=True))


def _goes_on(character: str) -> bool:
    # Vowels and finals of Hangul compose with what stands before, though they are no marks.
    return unicodedata.combining(character) != 0 or "\u1160" <= character <= "\u11ff"
