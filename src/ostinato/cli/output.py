"""How answers are printed: JSON as one line of UTF-8, text as plain aligned lines without terminal escapes.

Whatever comes from the graph passes `clean` on its way to a person; JSON is exact. It knows no command.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from ostinato.base.text import display_width, one_line, printable
from ostinato.cli.context import Invocation

if TYPE_CHECKING:
    from pathlib import Path

    from ostinato.cli.layout import Look

_ROOM = 24
_HANG = 4
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def answer(invocation: Invocation, document: Any, lines: Iterable[str]) -> None:
    """Print `document` with --json, else the lines; `lines` may be lazy and are then made for a person only."""
    if invocation.json:
        json_line(document)
        return
    for line in lines:
        click.echo(line)


def folded(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines for stdout; a terminal that is narrower breaks them between words."""
    from ostinato.cli.layout import look_of

    look = look_of(sys.stdout)
    return (part for line in lines for part in look.lines(line, hang="  "))


def json_line(document: Any) -> None:
    """Print one JSON document on one line. The bytes are UTF-8 whatever the terminal's encoding is."""
    # Late: text for a person needs none of it.
    import json

    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    if not text.isascii():
        # Line ends to some readers of lines, Python's among them; JSON may say them as escapes.
        text = text.translate(_LINE_ENDS)
    click.echo(text.encode("utf-8", "backslashreplace"))


def exact(text: str) -> None:
    """Print `text` as UTF-8 bytes and nothing else."""
    click.echo(text.encode("utf-8"), nl=False)


def remark(invocation: Invocation, text: str) -> None:
    """Say something on stderr to a person; with --json nothing is said."""
    if not invocation.json:
        on_stderr(text)


def on_stderr(text: str) -> None:
    """Print one line on stderr; a terminal that is narrower breaks it between words."""
    from ostinato.cli.layout import look_of

    for line in look_of(sys.stderr).lines(clean(text), hang="  "):
        click.echo(line, err=True)


def clean(text: object) -> str:
    """Return `text` on one line, with every control and escape character made visible."""
    return printable(one_line(str(text)))


def clean_block(text: str, indent: str = "  ") -> list[str]:
    """Return the lines of a longer text, each indented and without escapes."""
    return [f"{indent}{printable(line)}".rstrip() for line in text.splitlines()]


def columns(rows: Sequence[Sequence[object]], heads: Sequence[str] = ()) -> list[str]:
    """Return the rows with aligned columns, two blanks between them; the last column is never padded.

    On a terminal `heads` stand above them, and where the rows are too wide long cells go on below themselves.
    """
    from ostinato.cli.layout import look_of

    look = look_of(sys.stdout)
    lines, before = aligned(rows, heads if look.width is not None else ())
    if look.width is None or not lines:
        return lines
    top = [look.paint("dim", line) for line in lines[:1]] if heads else []
    if not all(map(look.fits, lines)):
        # Late: most tables are no wider than a terminal.
        from ostinato.cli.table import folded_rows

        cells = _cells(rows, heads)
        return folded_rows(cells, look, headed=bool(heads)) or _hanging(lines, before, look, top)
    return [*top, *lines[len(top) :]]


def aligned(rows: Sequence[Sequence[object]], heads: Sequence[str] = ()) -> tuple[list[str], int]:
    """Return the same as lines of any width, a line with the heads first if there are some, and where the last column
    begins. Without rows there are no heads either."""
    cells = _cells(rows, heads)
    widths = [max(map(display_width, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join([*map(_padded, row[:-1], widths), row[-1]]).rstrip() for row in cells]
    return lines, sum(widths[:-1]) + 2 * len(widths[:-1])


def _cells(rows: Sequence[Sequence[object]], heads: Sequence[str]) -> list[list[str]]:
    cells = [[clean("" if cell is None else cell) for cell in row] for row in rows]
    return [[head.replace("_", " ").upper() for head in heads], *cells] if heads and cells else cells


def _hanging(lines: list[str], before: int, look: Look, top: list[str]) -> list[str]:
    """Return lines too wide for columns: each goes on below itself."""
    hang = " " * (before if look.width is not None and look.width - before >= _ROOM else _HANG)
    rest = lines[len(top) :]
    return [*top, *(part for line in rest for part in ([line] if look.fits(line) else look.lines(line, hang=hang)))]


def short_time(moment: datetime | None) -> str:
    """Return a moment for the eye, in UTC, to the second."""
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def _padded(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))


def short_path(path: Path) -> str:
    """Return a path as a person here would type it."""
    here = path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
