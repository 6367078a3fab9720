"""Finds errors that are caught and thrown away without a word: broad `except` with nothing in it, an empty `catch`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ostinato.verify.gates.functions import text_of
from ostinato.verify.gates.grammar import Source

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
    waiting = [source.root]
    while waiting:
        node = waiting.pop()
        waiting.extend(node.children)
        if node.has_error or (in_test and not _ASSERTS.search(text_of(node.parent))):
            continue
        if node.type == "except_clause" and _swallows(node):
            yield node, "swallows every error: handle it, let it pass, or say in a comment why nothing is to do"
        elif node.type == "catch_clause" and _is_empty_catch(node):
            yield node, "swallows every error in an empty catch: handle it, or say in a comment why nothing is to do"


def _swallows(clause: Node) -> bool:
    block = next((child for child in clause.children if child.type == "block"), None)
    if block is None:
        return False
    caught = [text_of(child) for child in clause.named_children if child.type not in ("block", "comment")]
    if caught and not any(_BROAD.search(one) for one in caught):
        return False
    parts = [child for child in block.named_children if child.type != "comment"]
    silent = all(part.type in ("pass_statement", "continue_statement") or text_of(part) == "..." for part in parts)
    return silent and not _explained(clause)


def _is_empty_catch(clause: Node) -> bool:
    body = clause.child_by_field_name("body")
    return body is not None and not [c for c in body.named_children if c.type != "comment"] and not _explained(clause)


def _explained(clause: Node) -> bool:
    """Tell whether a comment in the clause, or just behind it, has words of a reason."""
    lines = [text_of(clause)]
    after = clause.next_sibling or (clause.parent.next_sibling if clause.parent is not None else None)
    if after is not None and after.type == "comment" and after.start_point.row <= clause.end_point.row:
        lines.append(text_of(after))
    comments = re.findall(r"(?:#|//|/\*)[^\n]*", "\n".join(lines))
    return any(len(_WORD.findall(_MARK.sub("", one))) >= 2 and not re.search(r"TODO|FIXME", one) for one in comments)
