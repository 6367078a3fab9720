"""Finds the dependencies of a source that would make something wait for itself, so that they can be left out by name.

The waiting graph is that of `graph.cycles`: a node waits for its prerequisites, its open children and its parent's
gate; a gate for its node's prerequisites and the gate above. Nothing recurses; what is acyclic takes one pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, cast

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.importing.problems import quoted, refuse
from ostinato.graph.waiting_order import Outline, require_no_waiting_circle, waiting

_MOST = 1000


class Circle(NamedTuple):
    """A dependency that closes a circle: its place in the given order, and the way round."""

    dependency: int
    way: tuple[str, ...]


def circles(places: Mapping[str, Outline], dependencies: Sequence[tuple[str, str]]) -> Iterator[Circle]:
    """Yield dependencies (dependent, prerequisite) to leave out until no circle is left; of a circle the latest one.

    Parents must be a forest. Raises MalformedError when there are more than 1,000.
    """
    if not dependencies or _is_acyclic(places, dependencies):
        return
    tangle = _Tangle(places, dependencies)
    for _ in range(_MOST):
        found = tangle.next_circle()
        if found is None:
            return
        yield found
    if (found := tangle.next_circle()) is not None:
        refuse("dependencies", f"they form more than {_MOST:,} circles, one through {quoted(found.way[0])}")


def _is_acyclic(places: Mapping[str, Outline], dependencies: Sequence[tuple[str, str]]) -> bool:
    """Tell whether there is nothing to leave out, as it is with nearly every source; a third of the cost of looking."""
    try:
        require_no_waiting_circle(
            cast("Mapping[NodeId, Outline]", places), cast("Sequence[tuple[NodeId, NodeId]]", dependencies)
        )
    except RuleError:
        return False
    return True


class _Tangle:
    """The states of `waiting`, their targets with the dependency that makes them."""

    def __init__(self, places: Mapping[str, Outline], dependencies: Sequence[tuple[str, str]]) -> None:
        self._keys = list(places)
        number = {key: place for place, key in enumerate(places)}
        self._targets: list[list[tuple[int, int]]] = [[] for _ in range(2 * len(places))]
        self._dependents = [2 * number[dependent] for dependent, _ in dependencies]
        outlines = [
            (one.node_type, None if one.parent_id is None else number[one.parent_id]) for one in places.values()
        ]
        pairs = [(number[dependent], number[prerequisite]) for dependent, prerequisite in dependencies]
        for state, target, dependency in waiting(outlines, pairs):
            self._targets[state].append((target, dependency))
        self._sources: list[list[int]] = [[] for _ in self._targets]
        for state, some in enumerate(self._targets):
            for target, _ in some:
                self._sources[target].append(state)
        self._left = [len(some) for some in self._targets]
        self._gone = 0
        self._cursor = 0
        self._take([state for state, count in enumerate(self._left) if not count])

    def next_circle(self) -> Circle | None:
        """Return a circle and take its latest dependency away, None when nothing is left."""
        if self._gone == len(self._targets):
            return None
        while not self._left[self._cursor]:
            self._cursor += 1
        way, used = self._follow(self._cursor)
        latest = max(used)
        self._drop(latest)
        names = [self._keys[state // 2] for state in way]
        return Circle(latest, tuple(name for place, name in enumerate(names) if not place or names[place - 1] != name))

    def _follow(self, here: int) -> tuple[list[int], list[int]]:
        """Go from state to state, all of which have a target left, until the way comes round."""
        seen: dict[int, int] = {}
        way: list[int] = []
        used: list[int] = []
        while here not in seen:
            seen[here] = len(way)
            way.append(here)
            here, index = next(pair for pair in self._targets[here] if self._left[pair[0]])
            used.append(index)
        start = seen[here]
        return [*way[start:], here], used[start:]

    def _drop(self, dependency: int) -> None:
        freed = []
        for state in (self._dependents[dependency], self._dependents[dependency] + 1):
            target = next(target for target, index in self._targets[state] if index == dependency)
            self._targets[state].remove((target, dependency))
            self._sources[target].remove(state)
            self._left[state] -= 1
            if not self._left[state]:
                freed.append(state)
        self._take(freed)

    def _take(self, free: list[int]) -> None:
        """Take away the states that wait for nothing, and with them what waited for nothing else."""
        while free:
            self._gone += 1
            for state in self._sources[free.pop()]:
                if self._left[state]:
                    self._left[state] -= 1
                    if not self._left[state]:
                        free.append(state)
