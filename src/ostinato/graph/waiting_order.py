"""Refuses a whole graph in which something contains or waits for itself: one pass over all of it, for loading in bulk.

The same rules as `graph.cycles` and `store.waits`, which search around one new edge; here every node is looked at once,
so 100,000 of them take a second, not an hour. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.cycles import show_path
from ostinato.graph.rules import GATED, holds_up_parent
from ostinato.graph.types import NodeType

STRUCTURE = -1
"""In the place of a dependency: the tree itself makes the one wait for the other."""


class Outline(NamedTuple):
    """What the rules of a whole graph ask of a node."""

    node_type: NodeType
    parent_id: NodeId | None


Pair = tuple[NodeId, NodeId]


def require_tree(nodes: Mapping[NodeId, Outline], contains: Iterable[Pair]) -> None:
    """Raise RuleError, naming the way round, if a node contains itself. `contains` are (parent, child), beside the
    parents that the outlines name; all ends are in `nodes`. Linear."""
    pairs = [*contains, *((above, child) for child, (_, above) in nodes.items() if above is not None)]
    if all(len(parent) < len(child) for parent, child in pairs):
        return  # nearly always so, as ids grow with each level
    number = {node_id: place for place, node_id in enumerate(nodes)}
    way = _circle(len(number), [(number[parent], number[child]) for parent, child in pairs])
    if way:
        ids = list(nodes)
        raise RuleError(f"contains would close a cycle: {show_path(ids[place] for place in way)}")


def require_no_waiting_circle(nodes: Mapping[NodeId, Outline], depends_on: Collection[Pair]) -> None:
    """Raise RuleError, naming the way round, if a node waits for itself. `depends_on` are (dependent, prerequisite);
    all ends are in `nodes`, whose parents are a forest. Linear."""
    if not depends_on:
        return  # a tree alone waits downwards only
    number = {node_id: place for place, node_id in enumerate(nodes)}
    places = [(kind, None if above is None else number[above]) for kind, above in nodes.values()]
    pairs = ((number[dependent], number[prerequisite]) for dependent, prerequisite in depends_on)
    way = _circle(2 * len(number), [(state, target) for state, target, _ in waiting(places, pairs)])
    if way:
        ids = list(nodes)
        shown = show_path(ids[place // 2] for place in way)
        raise RuleError(f"a node would wait for itself and never become ready: {shown}")


def waiting(
    places: Sequence[tuple[NodeType, int | None]], depends_on: Iterable[tuple[int, int]]
) -> Iterator[tuple[int, int, int]]:
    """Yield (state, a state that it waits for, the number of the dependency that says so, else `STRUCTURE`).

    Nodes are numbers, `places` say their types and parents. State 2n is node n, state 2n + 1 its gate, as in
    `graph.cycles`.
    """
    for number, (dependent, prerequisite) in enumerate(depends_on):
        yield 2 * dependent, 2 * prerequisite, number
        yield 2 * dependent + 1, 2 * prerequisite, number
    for node, (node_type, parent) in enumerate(places):
        if parent is None:
            continue
        yield 2 * node + 1, 2 * parent + 1, STRUCTURE
        if node_type in GATED:
            yield 2 * node, 2 * parent + 1, STRUCTURE
        if holds_up_parent(node_type, places[parent][0]):
            yield 2 * parent, 2 * node, STRUCTURE


def _circle(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Return a closed way among `count` places, first and last the same, or nothing; `pairs` say what waits for what.

    Takes away what waits for nothing until all is gone.
    """
    waits = [0] * count
    sources: dict[int, list[int]] = {}
    for place, target in pairs:
        waits[place] += 1
        if target in sources:
            sources[target].append(place)
        else:
            sources[target] = [place]
    free = [place for place, left in enumerate(waits) if not left]
    gone = 0
    while free:
        gone += 1
        for place in sources.get(free.pop(), ()):
            waits[place] -= 1
            if not waits[place]:
                free.append(place)
    return [] if gone == count else _way_round(waits, pairs)


def _way_round(waits: Sequence[int], pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Return a closed way among the places that still wait: each for one that waits too, so following them comes
    round."""
    target: dict[int, int] = {}
    for place, other in pairs:
        if waits[place] and waits[other]:
            target.setdefault(place, other)
    here = min(target)
    seen: dict[int, int] = {}
    way: list[int] = []
    while here not in seen:
        seen[here] = len(way)
        way.append(here)
        here = target[here]
    return [*way[seen[here] :], here]
