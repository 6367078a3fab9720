"""Finds the way from what a node waits for back to that node: the cycle that a new edge would close. Pure search.

The graph of waiting has two states per node. The node: it waits for its prerequisites, its open children and
the gate of its parent. Its gate: what everything below it waits for, its own prerequisites and its ancestors'. A
plain cycle of depends_on edges is a special case, and so are a task that depends on its own ancestor or descendant and
two trees that wait for each other. Statuses do not count: what is done can be opened again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ostinato.base.ids import NodeId


class State(NamedTuple):
    """A node that waits, or its gate."""

    node_id: NodeId
    gate: bool = False


Neighbours = Callable[[State], Iterable[State]]


def find_path(start: State, ends: Sequence[State], forward: Neighbours, backward: Neighbours) -> list[State] | None:
    """Return a way from `start` to one of `ends`, both included, or None when there is none.

    `forward` yields what a state waits for, `backward` who waits for it. Both sides are searched breadth first in
    turn, so the cost is that of the smaller side: a long chain that grows at its end stays cheap to check.
    """
    ahead: dict[State, State | None] = {start: None}
    behind: dict[State, State | None] = dict.fromkeys(ends)
    if start in behind:
        return [start]
    sides = [(ahead, behind, forward, [start]), (behind, ahead, backward, list(ends))]
    while all(side[3] for side in sides):
        for seen, other, neighbours, frontier in sides:
            met = _widen(seen, other, neighbours, frontier)
            if met is not None:
                return [*reversed(_trail(ahead, met)), *_trail(behind, met)[1:]]
    return None


def show_path(ids: Iterable[NodeId]) -> str:
    """Return ids joined by arrows, repeated neighbours once."""
    shown: list[NodeId] = []
    for node_id in ids:
        if not shown or shown[-1] != node_id:
            shown.append(node_id)
    return " → ".join(shown)


def _widen(
    seen: dict[State, State | None], other: dict[State, State | None], neighbours: Neighbours, frontier: list[State]
) -> State | None:
    """Replace the frontier by its unseen neighbours; return the first state that the other side has seen too."""
    present = list(frontier)
    frontier.clear()
    for state in present:
        for neighbour in neighbours(state):
            if neighbour not in seen:
                seen[neighbour] = state
                frontier.append(neighbour)
                if neighbour in other:
                    return neighbour
    return None


def _trail(came_from: dict[State, State | None], state: State) -> list[State]:
    trail = [state]
    while (previous := came_from[trail[-1]]) is not None:
        trail.append(previous)
    return trail
