"""Walks a syntax tree and keeps what surrounds each node: a node asked for it itself looks through all siblings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node


class Place(NamedTuple):
    """A node with what it is in, and its neighbours there."""

    node: Node
    up: Place | None = None
    before: Node | None = None
    after: Node | None = None

    @property
    def parent(self) -> str:
        """The type of what it is in, nothing at the top."""
        return self.up.node.type if self.up is not None else ""


def places_in(root: Node, enter: Callable[[Place], bool] = lambda place: True) -> Iterator[Place]:
    """Yield every node with its place, from the top; nothing inside one that `enter` refuses."""
    waiting = [Place(root)]
    while waiting:
        place = waiting.pop()
        yield place
        if enter(place):
            children = place.node.children
            around = zip(children, [None, *children], [*children[1:], None], strict=False)
            waiting.extend(reversed([Place(node, place, before, after) for node, before, after in around]))
