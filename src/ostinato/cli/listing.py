"""What every list has in common: `--fields` chooses keys and columns, `--limit` cuts, and what was cut is said.

    @tasks.command("list", examples=…)
    @listing(NODE_FIELDS)
    @pass_invocation
    def list_(invocation: Invocation, wanted: Listing) -> None:
        found = store.graph.query(NodeFilter(…, limit=wanted.probe))
        wanted.show(invocation, found, node_document, _row, heads=("id", "status", "title"), nothing="no tasks")

It knows no kind of thing; the fields are the keys of the document that the command prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import update_wrapper
from typing import Any, TypeVar

import click

from ostinato.base.errors import UsageError
from ostinato.cli.context import Invocation
from ostinato.cli.output import answer, clean, columns, json_line, remark

R = TypeVar("R")
T = TypeVar("T")
Document = Mapping[str, Any]

_MORE = "there are more: --limit {more} shows more of them"


class Listing:
    """What was asked of a list: `fields` (None: all keys, the usual columns) and `limit` (None: all)."""

    def __init__(self, fields: tuple[str, ...] | None = None, limit: int | None = None) -> None:
        self.fields = fields
        self.limit = limit

    @property
    def probe(self) -> int | None:
        """How many to ask the store for: one more than is shown, so that `show` knows of a cut."""
        return None if self.limit is None else self.limit + 1

    def cut(self, found: Sequence[T]) -> Sequence[T]:
        """Return what is to be shown of `found`."""
        return found if self.limit is None else found[: self.limit]

    def show(
        self,
        invocation: Invocation,
        found: Sequence[T],
        document: Callable[[T], Document],
        row: Callable[[T], Sequence[object]],
        *,
        heads: Sequence[str] = (),
        nothing: str,
    ) -> None:
        """Print at most `limit` of `found`: with --json an array of documents, else a table.

        `heads` name the columns of `row`; they are shown on a terminal only. `nothing` is said of an empty list.
        """
        self.show_lines(invocation, found, document, lambda shown: columns([row(one) for one in shown], heads), nothing)

    def show_lines(
        self,
        invocation: Invocation,
        found: Sequence[T],
        document: Callable[[T], Document],
        lines: Callable[[Sequence[T]], Iterator[str] | Sequence[str]],
        nothing: str,
    ) -> None:
        """The same for a list that is no table: `lines` lays out what is shown, but with --fields it is one."""
        shown = self.cut(found)
        if not shown:
            remark(invocation, nothing)
        if invocation.json:
            answer(invocation, [self.chosen(document(one)) for one in shown], ())
        elif self.fields is None:
            answer(invocation, None, lines(shown))
        else:
            answer(invocation, None, columns([self.cells(document(one)) for one in shown], self.fields))
        if len(shown) < len(found):
            self.say_more(invocation)

    def show_one(self, invocation: Invocation, document: Document, line: Callable[[], Sequence[str]]) -> None:
        """Print one thing of a stream: a document on a line of its own, or its lines, or its chosen cells."""
        if invocation.json:
            json_line(self.chosen(document))
        elif self.fields is None:
            answer(invocation, None, line())
        else:
            answer(invocation, None, ["  ".join(map(clean, self.cells(document))).rstrip()])

    def say_more(self, invocation: Invocation) -> None:
        """Tell a person that the limit left something out."""
        remark(invocation, _MORE.format(more=2 * (self.limit or 1)))

    def chosen(self, document: Document) -> Document:
        """Return the document with exactly the chosen keys, in the order they were asked for."""
        return document if self.fields is None else {name: document[name] for name in self.fields}

    def cells(self, document: Document) -> list[str]:
        """Return the chosen values as a person reads them: lists joined, `-` for absent ones."""
        return [_cell(document[name]) or "-" for name in self.fields or tuple(document)]


def listing(fields: Sequence[str], *, limit: int | None = None) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Add `--fields` and `--limit` to a command, which gets a Listing as `wanted`.

    `fields` are all keys of the document, `limit` is what holds without --limit. Stands above `pass_invocation`.
    """

    def decorate(work: Callable[..., R]) -> Callable[..., R]:
        def wrapper(*args: Any, fields: tuple[str, ...] | None, limit: int | None, **kwargs: Any) -> R:
            return work(*args, wanted=Listing(fields, limit), **kwargs)

        for option in _options(tuple(fields), limit):
            option(work)
        return update_wrapper(wrapper, work)

    return decorate


def _options(fields: tuple[str, ...], limit: int | None) -> tuple[Callable[[Any], Any], ...]:
    def chosen(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
        return None if value is None else _known(value, fields)

    return (
        click.option(
            "--limit",
            type=click.IntRange(min=1),
            metavar="N",
            default=limit,
            show_default=limit is not None,
            help="At most so many.",
        ),
        click.option(
            "--fields",
            metavar="A,B",
            callback=chosen,
            help="Only these: keys with --json, else columns; in this order.",
        ),
    )


def _known(value: str, fields: tuple[str, ...]) -> tuple[str, ...]:
    """Return the fields that were named, each once. Raises UsageError, listing them all."""
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    unknown = [name for name in names if name not in fields]
    if unknown or not names:
        said = f"there is no field {unknown[0]!r}" if unknown else "--fields names none"
        raise UsageError(f"{said}: the fields are {', '.join(fields)}")
    return names


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    if isinstance(value, list | dict):
        # Late: most cells are words.
        import json

        return json.dumps(value, ensure_ascii=False) if value else ""
    return str(value)
