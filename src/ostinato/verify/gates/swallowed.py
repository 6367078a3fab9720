"""Finds errors that are caught and thrown away without a word: broad `except` with nothing in it, an empty `catch`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ostinato.verify.gates.functions import text_of
from ostinato.verify.gates.grammar import Source
from ostinato.verify.gates.places import Place, places_in

if TYPE_CHECKING:
    from tree_sitter import Node

_BROAD = re.compile(r"\b(Exception|BaseException)\b")
_MARK = re.compile(r"(?i)#\s*(noqa|type:|pragma|pylint|nosec)|\b(TODO|FIXME|XXX)\b")
_ASSERTS = re.compile(r"\bassert|\bexpect\(")
_WORD = re.compile(r"[A-Za-z]{2,}")


def swallowed_in(source: Source, in_test: bool) -> Iterator[tuple[Node, str]]:
    """Yield (clause, words) for every handler that swallows what it catches. A comment that says why makes it clean.

    In a test it counts only where an assertion's own failure would be lost.
    """
    for place in places_in(source.root):
        node, tried = place.node, place.up
        if node.type not in ("except_clause", "catch_clause") or node.has_error or tried is None:
            continue
        if in_test and not _ASSERTS.search(text_of(tried.node)):
            continue
        if node.type == "except_clause" and _swallows(place):
            yield node, "swallows every error: handle it, let it pass, or say in a comment why nothing is to do"
        elif node.type == "catch_clause" and _is_empty_catch(place):
            yield node, "swallows every error in an empty catch: handle it, or say in a comment why nothing is to do"


def _swallows(place: Place) -> bool:
    clause = place.node
    block = next((child for child in clause.children if child.type == "block"), None)
    if block is None:
        return False
    caught = [text_of(child) for child in clause.named_children if child.type not in ("block", "comment")]
    if caught and not any(_BROAD.search(one) for one in caught):
        return False
    parts = [child for child in block.named_children if child.type != "comment"]
    silent = all(part.type in ("pass_statement", "continue_statement") or text_of(part) == "..." for part in parts)
    return silent and not _explained(place)


def _is_empty_catch(place: Place) -> bool:
    clause = place.node
    body = clause.child_by_field_name("body")
    return body is not None and not [c for c in body.named_children if c.type != "comment"] and not _explained(place)


def _explained(place: Place) -> bool:
    """Tell whether a comment in the clause, or just behind it, has words of a reason."""
    clause = place.node
    lines = [text_of(clause)]
    after = place.after or (place.up.after if place.up is not None else None)
    if after is not None and after.type == "comment" and after.start_point.row <= clause.end_point.row:
        lines.append(text_of(after))
    comments = re.findall(r"(?:#|//|/\*)[^\n]*", "\n".join(lines))
    return any(len(_WORD.findall(_MARK.sub("", one))) >= 2 and not re.search(r"TODO|FIXME", one) for one in comments)
