"""What was made of objects, kept by identity for as long as they are asked for: a conversation grows at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Makes a value of each object, and not again for those that were in the round before.

    Only for objects that nobody changes. What is not in a round is forgotten, so that memory is that of one round.
    """

    def __init__(self, make: Callable[[K], V]) -> None:
        self._make = make
        self._items: list[K] = []
        self._values: list[V] = []

    def all(self, items: Sequence[K]) -> list[V]:
        """Return the values of the items, in their order."""
        known = len(self._items)
        if known > len(items) or not all(map(is_, self._items, items)):
            self._forget_others(items)
            known = len(self._items)
        for item in items[known:]:
            self._values.append(self._make(item))
            self._items.append(item)
        return self._values.copy()

    def _forget_others(self, items: Sequence[K]) -> None:
        """Begin anew with these items, what is known of some of them kept."""
        # An id belongs to one object while that is kept, and these are.
        known = {id(item): value for item, value in zip(self._items, self._values, strict=True)}
        pairs = [(item, known[id(item)] if id(item) in known else self._make(item)) for item in items]
        self._items = [item for item, _ in pairs]
        self._values = [value for _, value in pairs]
