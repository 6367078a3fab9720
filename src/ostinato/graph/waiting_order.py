"""Refuses a whole graph in which something contains or waits for itself: one pass over all of it, for loading in bulk.

The same rules as `graph.cycles` and `store.waits`, which search around one new edge; here every node is looked at once,
so 100,000 of them take a second, not an hour. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.cycles import show_path
from ostinato.graph.rules import holds_up_parent
from ostinato.graph.types import NodeType

_GATED = frozenset({NodeType.TASK, NodeType.GOAL})


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
    way = _circle(_waits(nodes, number, depends_on))
    if way:
        shown = show_path(ids[place // 2] for place in way)
        raise RuleError(f"a node would wait for itself and never become ready: {shown}")


def _waits(
    nodes: Mapping[NodeId, Outline], number: Mapping[NodeId, int], depends_on: Iterable[Pair]
) -> list[list[int]]:
    """Return what each state waits for: state 2n is node n, state 2n + 1 its gate."""
    found: list[list[int]] = [[] for _ in range(2 * len(number))]
    for dependent, prerequisite in depends_on:
        place, target = 2 * number[dependent], 2 * number[prerequisite]
        found[place].append(target)
        found[place + 1].append(target)
    for node_id, outline in nodes.items():
        if outline.parent_id is None:
            continue
        place, above = 2 * number[node_id], 2 * number[outline.parent_id]
        found[place + 1].append(above + 1)
        if outline.node_type in _GATED:
            found[place].append(above + 1)
        if holds_up_parent(outline.node_type, nodes[outline.parent_id].node_type):
            found[above].append(place)
    return found


def _circle(targets: Sequence[Sequence[int]]) -> list[int]:
    """Return a closed way, first and last the same, or nothing. Takes away what waits for nothing until all is gone."""
    open_targets = [len(some) for some in targets]
    waiting: list[list[int]] = [[] for _ in targets]
    for place, some in enumerate(targets):
        for target in some:
            waiting[target].append(place)
    free = [place for place, count in enumerate(open_targets) if not count]
    gone = 0
    while free:
        gone += 1
        for place in waiting[free.pop()]:
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
