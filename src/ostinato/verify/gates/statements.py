"""Cuts a function into statements that can be compared: what each looks like without its names and values. Pure.

A compound statement stands for its head alone; what is inside it follows. Comments, docstrings, types and commas are
left out, so that none of them hides a copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ostinato.verify.gates.functions import FUNCTIONS, text_of
from ostinato.verify.gates.grammar import Source

if TYPE_CHECKING:
    from tree_sitter import Node

MOST = 1_500
"""Statements of one function that are looked at."""

_EXTRA = frozenset(
    {"elif_clause", "else_clause", "except_clause", "finally_clause", "catch_clause", "switch_case", "case_clause"}
    | {"function_definition", "class_definition", "lexical_declaration", "variable_declaration", "function_declaration"}
    | {"switch_default", "decorated_definition"}
)
_LEFT_OUT = frozenset(
    {"comment", "type", "type_annotation", "type_arguments", "type_parameters", ",", ";", "decorator"}
)
_BLOCKS = frozenset({"block", "statement_block", "empty_statement"})
_NAMES = frozenset(
    {"identifier", "property_identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"}
    | {"private_property_identifier", "type_identifier"}
)
_VALUES = frozenset(
    {"integer", "float", "number", "true", "false", "none", "null", "string_content", "string_fragment"}
)
_TEXTS = frozenset({"string", "template_string", "regex"})
_QUOTES = frozenset(
    {"string_start", "string_end", "string_content", "string_fragment", '"', "'", "`", "escape_sequence"}
)


@dataclass(slots=True)
class Statement:
    """One statement: its lines, its leaves with names and values left out, and the names in order.

    A name that is an attribute, or is called, is written with a dot before it: it says what the code works with.
    """

    start: int
    end: int
    leaves: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)

    @property
    def shape(self) -> int:
        """The statement whatever its names and values are; equal within one process."""
        return hash(tuple(self.leaves))

    @property
    def exact(self) -> int:
        """The statement as it is written."""
        return hash((tuple(self.leaves), tuple(self.names), tuple(self.values)))


def outer_functions(source: Source) -> Iterator[Node]:
    """Yield the functions that are in no other function, from the top of the file; broken ones are left out."""
    waiting = [source.root]
    while waiting:
        node = waiting.pop()
        if node.type in FUNCTIONS:
            if not node.has_error:
                yield node
        else:
            waiting.extend(reversed(node.children))


def statements_of(function: Node) -> list[Statement]:
    """Return the statements of a function's body in order, at most `MOST`."""
    body = function.child_by_field_name("body")
    found: list[Statement] = []
    if body is None:
        return found
    nowhere = Statement(0, 0)
    waiting: list[tuple[Node, Statement, bool]] = [(body, nowhere, False)]
    while waiting and len(found) <= MOST:
        node, into, member = waiting.pop()
        kind = node.type
        if kind in _LEFT_OUT or _is_docstring(node):
            continue
        if kind in _EXTRA or (kind.endswith("_statement") and kind not in _BLOCKS):
            into = Statement(node.start_point.row + 1, _head_end(node))
            found.append(into)
        children = node.children
        if not children or kind in _TEXTS:
            _leaf(node, into, member)
        if children:
            within = [c for c in children if c.type not in _QUOTES] if kind in _TEXTS else children
            marked = _member(node)
            waiting.extend((child, into, marked == child.id) for child in reversed(within))
    return [one for one in found if one.leaves]


def _leaf(node: Node, into: Statement, member: bool) -> None:
    kind = node.type
    if kind in _NAMES:
        into.leaves.append("name")
        name = text_of(node)
        into.names.append(f".{name}" if member or kind == "property_identifier" else name)
    elif kind in _VALUES or kind in _TEXTS:
        into.leaves.append("value")
        into.values.append(text_of(node)[:80])
    elif kind not in _BLOCKS:
        into.leaves.append(kind)


def _member(node: Node) -> int | None:
    """Return the id of the child that is an attribute, a callee or the name of an argument."""
    field_name = {
        "attribute": "attribute",
        "call": "function",
        "call_expression": "function",
        "keyword_argument": "name",
    }
    child = node.child_by_field_name(field_name[node.type]) if node.type in field_name else None
    return child.id if child is not None else None


def _is_docstring(node: Node) -> bool:
    return node.type == "expression_statement" and node.child_count == 1 and node.children[0].type == "string"


def _head_end(node: Node) -> int:
    """Return the last line of a statement, or of its head where it has a block."""
    for child in node.children:
        if child.type in ("block", "statement_block", "class_body", "switch_body"):
            return max(node.start_point.row, child.start_point.row - (child.type == "block")) + 1
    return node.end_point.row + 1
