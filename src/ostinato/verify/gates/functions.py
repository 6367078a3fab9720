"""Finds the functions of a parsed file, with what the gates ask about each. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostinato.verify.gates.grammar import Source
from ostinato.verify.gates.places import Place, places_in

if TYPE_CHECKING:
    from tree_sitter import Node

FUNCTIONS = frozenset(
    {
        *("function_definition", "function_declaration", "function_expression", "arrow_function", "method_definition"),
        *("generator_function", "generator_function_declaration"),
    }
)
CLASSES = frozenset({"class_definition", "class_declaration", "class", "abstract_class_declaration"})
DEEPEST = 20
_UP = 8
_NAMED_BY = frozenset({"variable_declarator", "public_field_definition", "assignment_expression", "pair"})


@dataclass(frozen=True, slots=True)
class Function:
    """A function with its place (lines from 1) and surroundings.

    `owner` is the nearest class, `heads` are the texts of its bases and decorators and of the function's own decorators
    and modifiers; `parts` are the statements of the body without the docstring and comments; `remarks` is the text of
    both.
    """

    source: Source
    place: Place
    name: str
    owner: str
    bases: str
    decorators: str
    parts: tuple[Node, ...]
    remarks: str
    parameters: tuple[str, ...]
    returns: str

    @property
    def node(self) -> Node:
        """The function's node."""
        return self.place.node

    @property
    def start(self) -> int:
        """The first line."""
        return self.node.start_point.row + 1

    @property
    def end(self) -> int:
        """The last line."""
        return self.node.end_point.row + 1

    @property
    def shown(self) -> str:
        """The function as reasons name it."""
        return f"{self.owner}.{self.name}()" if self.owner else f"{self.name or 'function'}()"

    @property
    def digest(self) -> int:
        """What tells whether a function is the same as another, made of all its text."""
        return hash(self.node.text)


def text_of(node: Node | None) -> str:
    """Return the text of a node, nothing for none."""
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def functions_in(source: Source) -> Iterator[Function]:
    """Yield the functions of a file, anonymous ones too, from the top.

    Left out are those that could not be read, and those inside more than `DEEPEST` others.
    """
    depths: dict[int, int] = {}

    def enter(place: Place) -> bool:
        above = depths.get(id(place.up), 0) if place.up is not None else 0
        depths[id(place)] = above + (place.node.type in FUNCTIONS)
        return depths[id(place)] <= DEEPEST

    for place in places_in(source.root, enter):
        if place.node.type in FUNCTIONS and not place.node.has_error:
            yield _function(source, place)


def _owner(place: Place) -> Place | None:
    """Return the class whose method a function is; a function inside a method is none."""
    up = place.up
    for _ in range(_UP):
        if up is None or up.node.type in CLASSES:
            return up
        if up.node.type in FUNCTIONS:
            return None
        up = up.up
    return None


def _function(source: Source, place: Place) -> Function:
    node, owner = place.node, _owner(place)
    body = node.child_by_field_name("body")
    parts: list[Node] = []
    remarks: list[str] = []
    if body is not None:
        parts, remarks = _body(node, body) if body.type in ("block", "statement_block") else ([body], [])
    near = [place.before if source.python else None, place.after]
    on_line = (node.start_point.row - 1, node.end_point.row)
    remarks += [
        text_of(one)
        for one, line in zip(near, on_line, strict=True)
        if one is not None and one.type == "comment" and one.start_point.row == line
    ]
    return Function(
        source=source,
        place=place,
        name=_name(place),
        owner=text_of(owner.node.child_by_field_name("name")) if owner is not None else "",
        bases=_bases(owner),
        decorators=_decoration(place),
        parts=tuple(parts),
        remarks="\n".join(remarks),
        parameters=tuple(_parameters(node)),
        returns=text_of(node.child_by_field_name("return_type")).lstrip(": "),
    )


def _body(function: Node, body: Node) -> tuple[list[Node], list[str]]:
    parts: list[Node] = []
    remarks: list[str] = []
    for child in body.named_children:
        is_text = child.type == "expression_statement" and [one.type for one in child.children][:1] == ["string"]
        if child.type == "comment" or (is_text and not parts):
            remarks.append(text_of(child))
        else:
            parts.append(child)
    # What follows `def f():` on its line, or stands at the end of the block, hangs on the function itself.
    remarks += [text_of(child) for child in function.children if child.type == "comment"]
    return parts, remarks


def _name(place: Place) -> str:
    name = place.node.child_by_field_name("name")
    if name is None and place.up is not None and place.parent in _NAMED_BY:
        for field in ("name", "left", "key", "property"):
            name = name or place.up.node.child_by_field_name(field)
    return text_of(name)


def _decoration(place: Place) -> str:
    if place.up is None:
        return ""
    if place.parent == "decorated_definition":
        return " ".join(text_of(child) for child in place.up.node.children if child.type == "decorator")
    # In a class of TypeScript's, decorators stand before what they are for.
    return text_of(place.before) if place.before is not None and place.before.type == "decorator" else ""


def _bases(owner: Place | None) -> str:
    if owner is None:
        return ""
    found = [text_of(owner.node.child_by_field_name("superclasses"))]
    found += [text_of(child) for child in owner.node.children if child.type == "class_heritage"]
    if owner.node.type == "abstract_class_declaration":
        found.append("abstract")
    found.append(_decoration(owner))
    return " ".join(filter(None, found)).strip()


def _parameters(node: Node) -> Iterator[str]:
    listed = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
    if listed is None:
        return
    for child in [listed] if listed.type == "identifier" else listed.named_children:
        at: Node | None = child
        while at is not None and at.type not in ("identifier", "comment", "this"):
            at = at.child_by_field_name("name") or at.child_by_field_name("pattern") or _first_named(at)
        if at is not None and at.type == "identifier":
            yield text_of(at)


def _first_named(node: Node) -> Node | None:
    return node.named_children[0] if node.named_children else None
