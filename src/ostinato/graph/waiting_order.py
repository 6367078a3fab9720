"""Refuses a whole graph in which something contains or waits for itself: one pass over all of it, for loading in bulk.

The same rules as `graph.cycles` and `store.waits`, which search around one new edge; here every node is looked at once,
so 100,000 of them take a second, not an hour. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def require_acyclic(nodes: Mapping[NodeId, Outline], contains: Iterable[Pair], depends_on: Iterable[Pair]) -> None:
    """Raise RuleError, naming the way round, if a node contains itself or waits for itself.

    `contains` are (parent, child), `depends_on` (dependent, prerequisite); all ends are in `nodes`. Linear.
    """
    number = {node_id: place for place, node_id in enumerate(nodes)}
    ids = list(nodes)
    inside: list[list[int]] = [[] for _ in ids]
    for parent, child in contains:
        inside[number[parent]].append(number[child])
    for child, outline in nodes.items():
        if outline.parent_id is not None:
            inside[number[outline.parent_id]].append(number[child])
    way = _circle(inside)
    if way:
        raise RuleError(f"contains would close a cycle: {show_path(ids[place] for place in way)}")
    targets: list[list[int]] = [[] for _ in range(2 * len(ids))]
    places = [(kind, None if above is None else number[above]) for kind, above in nodes.values()]
    pairs = ((number[dependent], number[prerequisite]) for dependent, prerequisite in depends_on)
    for state, target, _ in waiting(places, pairs):
        targets[state].append(target)
    way = _circle(targets)
    if way:
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


def _circle(targets: Sequence[Sequence[int]]) -> list[int]:
    """Return a closed way, first and last the same, or nothing. Takes away what waits for nothing until all is gone."""
    open_targets = [len(some) for some in targets]
    sources: list[list[int]] = [[] for _ in targets]
    for place, some in enumerate(targets):
        for target in some:
            sources[target].append(place)
    free = [place for place, count in enumerate(open_targets) if not count]
    gone = 0
    while free:
        gone += 1
        for place in sources[free.pop()]:
            open_targets[place] -= 1
            if not open_targets[place]:
                free.append(place)
    if gone == len(targets):
        return []
    # What is left has a target that is left too: following them comes round.
    here = next(place for place, count in enumerate(open_targets) if count)
    seen: dict[int, int] = {}
    way: list[int] = []
    while here not in seen:
        seen[here] = len(way)
        way.append(here)
        here = next(target for target in targets[here] if open_targets[target])
    return [*way[seen[here] :], here]
