"""Why a task is not ready: what it waits for, and the way to the nearest obstacle, step by step. Pure; no I/O.

The same waiting as in `graph.rules`, walked from the task towards what holds it up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from ostinato.base.ids import NodeId, natural_key
from ostinato.graph.rules import Facts, Situation, derive, holds_up_parent, waits_upstream
from ostinato.graph.status import FINISHED, HINDERS, SATISFIED, STOPPED
from ostinato.graph.types import NodeType, Status

DEPENDS_ON, LIES_IN, CONTAINS = "depends_on", "lies_in", "contains"
"""How one node waits for another: it depends on it, lies in it, or contains it."""


class Step(NamedTuple):
    """One node waits for another. `by` is the node or that ancestor of it whose prerequisite or state it is."""

    by: NodeId
    how: str
    id: NodeId
    status: Status


class Why(NamedTuple):
    """`waits` are all direct reasons, `chain` the way to the nearest obstacle; both are empty for a ready task."""

    waits: tuple[Step, ...]
    chain: tuple[Step, ...]


def why_waiting(situation: Situation, task_id: NodeId) -> Why:
    """Return what a stored pending task waits for. `situation` is complete for it; statuses are the spoken ones.

    The obstacle is the nearest failed or blocked task, if there is one upstream, and else the nearest node that waits
    for nothing itself; of equally near ones the first by natural id. Nothing recurses.
    """
    search = _Search(situation)
    waits = tuple(search.steps(situation.nodes[task_id]))
    return Why(waits, search.chain_from(task_id))


class _Search:
    def __init__(self, situation: Situation) -> None:
        self._nodes = situation.nodes
        self._depends_on = situation.depends_on
        self._spoken = derive(situation)
        self._children: dict[NodeId, list[Facts]] = defaultdict(list)
        for facts in situation.nodes.values():
            if facts.parent_id:
                self._children[facts.parent_id].append(facts)

    def steps(self, facts: Facts) -> Iterator[Step]:
        """Yield what a node waits for directly, nearest reasons first."""
        if not waits_upstream(facts.node_type, facts.status):
            return
        yield from self._prerequisites(facts)
        inner = sorted(self._children[facts.id], key=lambda child: natural_key(child.id))
        for child in inner:
            if child.status not in FINISHED and holds_up_parent(child.node_type, facts.node_type):
                yield self._step(facts, CONTAINS, child)
        if facts.node_type is NodeType.DECISION:
            return
        above = self._parent(facts)
        while above is not None:
            if above.status in HINDERS:
                yield self._step(facts, LIES_IN, above)
            yield from self._prerequisites(above)
            above = self._parent(above)

    def chain_from(self, start: NodeId) -> tuple[Step, ...]:
        """Return the steps from `start` to the nearest obstacle."""
        came: dict[NodeId, Step | None] = {start: None}
        before: dict[NodeId, NodeId] = {}
        ends: list[NodeId] = []
        level, farthest = [start], start
        while level:
            farthest = level[0]
            following: list[NodeId] = []
            for node_id in level:
                found = list(self.steps(self._nodes[node_id])) if self._goes_on(node_id, came[node_id]) else []
                if not found:
                    ends.append(node_id)
                for step in found:
                    if step.id not in came:
                        came[step.id], before[step.id] = step, node_id
                        following.append(step.id)
            if stopped := [node_id for node_id in following if self._nodes[node_id].status in STOPPED]:
                return _way(came, before, min(stopped, key=natural_key))
            level = sorted(following, key=natural_key)
        # The store refuses circles of waiting; where one came in all the same, the way ends where it closes.
        return _way(came, before, ends[0] if ends else farthest)

    def _goes_on(self, node_id: NodeId, came: Step | None) -> bool:
        # Whoever lies in a node waits for its state alone, not for what it waits for.
        return came is None or came.how != LIES_IN

    def _prerequisites(self, facts: Facts) -> Iterator[Step]:
        targets = (self._nodes[target] for target in self._depends_on.get(facts.id, ()) if target in self._nodes)
        for target in sorted(targets, key=lambda one: natural_key(one.id)):
            if target.status not in SATISFIED:
                yield self._step(facts, DEPENDS_ON, target)

    def _step(self, by: Facts, how: str, to: Facts) -> Step:
        return Step(by.id, how, to.id, self._spoken[to.id][0] if to.id in self._spoken else to.status)

    def _parent(self, facts: Facts) -> Facts | None:
        return self._nodes.get(facts.parent_id) if facts.parent_id else None


def _way(came: dict[NodeId, Step | None], before: dict[NodeId, NodeId], end: NodeId) -> tuple[Step, ...]:
    found: list[Step] = []
    step = came[end]
    while step is not None:
        found.append(step)
        step = came[before[step.id]]
    return tuple(reversed(found))
