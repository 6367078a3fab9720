"""Finds the functions of a parsed file, with what the gates ask about each. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostinato.verify.gates.grammar import Source

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
_NAMED_BY = frozenset({"variable_declarator", "public_field_definition", "assignment_expression", "pair"})


@dataclass(frozen=True, slots=True)
class Function:
    """A function with its place (lines from 1) and surroundings.

    `owner` is the nearest class, `heads` are the texts of its bases and decorators and of the function's own decorators
    and modifiers; `parts` are the statements of the body without the docstring and comments; `remarks` is the text of
    both.
    """

    source: Source
    node: Node
    name: str
    owner: str
    bases: str
    decorators: str
    parts: tuple[Node, ...]
    remarks: str
    parameters: tuple[str, ...]
    returns: str

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
    """Yield the functions of a file, anonymous ones too, in no particular order.

    Left out are those that could not be read, and those inside more than `DEEPEST` others.
    """
    waiting: list[tuple[Node, Node | None, int]] = [(source.root, None, 0)]
    while waiting:
        node, owner, depth = waiting.pop()
        if node.type in FUNCTIONS:
            depth += 1
            if depth > DEEPEST:
                continue
            if not node.has_error:
                yield _function(source, node, owner)
        if node.type in CLASSES:
            owner = node
        elif node.type in FUNCTIONS and owner is not None and node.type not in ("method_definition", "arrow_function"):
            # A function inside a method is no method.
            waiting.extend((child, None, depth) for child in node.children)
            continue
        waiting.extend((child, owner, depth) for child in node.children)


def _function(source: Source, node: Node, owner: Node | None) -> Function:
    body = node.child_by_field_name("body")
    parts: list[Node] = []
    remarks: list[str] = []
    is_block = body is not None and body.type in ("block", "statement_block")
    if body is not None:
        parts, remarks = _body(body) if is_block else ([body], [])
    before = _decoration(node)
    outer = node.prev_sibling if source.python else None
    if outer is not None and outer.type == "comment":
        remarks.append(text_of(outer))
    after = node.next_named_sibling
    if after is not None and after.type == "comment" and after.start_point.row == node.end_point.row:
        remarks.append(text_of(after))
    return Function(
        source=source,
        node=node,
        name=_name(node),
        owner=text_of(owner.child_by_field_name("name")) if owner is not None else "",
        bases=_bases(owner),
        decorators=before,
        parts=tuple(parts),
        remarks="\n".join(remarks),
        parameters=tuple(_parameters(node)),
        returns=text_of(node.child_by_field_name("return_type")).lstrip(": "),
    )


def _body(body: Node) -> tuple[list[Node], list[str]]:
    parts: list[Node] = []
    remarks: list[str] = []
    for child in body.named_children:
        is_text = child.type == "expression_statement" and [one.type for one in child.children][:1] == ["string"]
        if child.type == "comment" or (is_text and not parts):
            remarks.append(text_of(child))
        else:
            parts.append(child)
    # What follows `def f():` on its line, or stands at the end of the block, hangs on the function itself.
    if body.parent is not None:
        remarks += [text_of(child) for child in body.parent.children if child.type == "comment"]
    return parts, remarks


def _name(node: Node) -> str:
    name = node.child_by_field_name("name")
    parent = node.parent
    if name is None and parent is not None and parent.type in _NAMED_BY:
        for field in ("name", "left", "key", "property"):
            name = name or parent.child_by_field_name(field)
    return text_of(name)


def _decoration(node: Node) -> str:
    parent = node.parent
    found = []
    if parent is not None and parent.type == "decorated_definition":
        found = [text_of(child) for child in parent.children if child.type == "decorator"]
    previous = node.prev_sibling
    while previous is not None and previous.type == "decorator":
        found.append(text_of(previous))
        previous = previous.prev_sibling
    return " ".join(found)


def _bases(owner: Node | None) -> str:
    if owner is None:
        return ""
    found = [text_of(owner.child_by_field_name("superclasses"))]
    found += [text_of(child) for child in owner.children if child.type == "class_heritage"]
    if owner.type == "abstract_class_declaration":
        found.append("abstract")
    if owner.parent is not None and owner.parent.type == "decorated_definition":
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
