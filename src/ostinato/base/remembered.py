"""What was made of objects, kept by identity for as long as they are asked for: a conversation grows at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Makes a value of each object, and not again for those that were in the round before.

    Only for objects that nobody changes. What is not in a round is forgotten, so that memory is that of one round.
    """

    def __init__(self, make: Callable[[K], V]) -> None:
        self._make = make
        self._kept: dict[int, tuple[K, V]] = {}

    def all(self, items: Iterable[K]) -> list[V]:
        """Return the values of the items, in their order."""
        before, kept = self._kept, {}
        found = []
        for item in items:
            key = id(item)  # the item itself is kept with it, so no other object has this id
            pair = before.get(key) or (item, self._make(item))
            kept[key] = pair
            found.append(pair[1])
        self._kept = kept
        return found
