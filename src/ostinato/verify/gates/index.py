"""Remembers what the functions of the repository look like, by blob, so that each file is read as code once a session.

Kept in memory, the least recently used go first; nothing is written anywhere.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from ostinato.verify.gates.clones import units_in
from ostinato.verify.gates.grammar import UnreadError, parsed

MOST_STATEMENTS = 1_500_000
"""Statements of all remembered files: some 120 MB."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One function as it is remembered: its first line and the different shapes of its statements."""

    start: int
    shapes: frozenset[int]


class Index:
    """Outlines by blob. Any thread may ask."""

    def __init__(self, most: int = MOST_STATEMENTS) -> None:
        self._most = most
        self._held = 0
        self._known: OrderedDict[tuple[str, str], tuple[Outline, ...]] = OrderedDict()
        self._lock = Lock()

    def get(self, blob: str, path: str) -> tuple[Outline, ...] | None:
        """Return what is remembered of a blob, read as the path's ending says; None when it was not read yet."""
        key = (blob, path.rpartition(".")[2])
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
            return found

    def read(self, blob: str, path: str, text: str) -> tuple[Outline, ...]:
        """Read a file as code and remember it; one that cannot be read has no functions."""
        try:
            found = tuple(Outline(unit.start, frozenset(unit.shapes)) for unit in units_in(parsed(path, text)))
        except UnreadError:
            found = ()
        with self._lock:
            self._known[blob, path.rpartition(".")[2]] = found
            self._held += 1 + sum(len(one.shapes) for one in found)
            while self._held > self._most and len(self._known) > 1:
                _, gone = self._known.popitem(last=False)
                self._held -= 1 + sum(len(one.shapes) for one in gone)
        return found


SHARED = Index()
"""The index of this process."""
