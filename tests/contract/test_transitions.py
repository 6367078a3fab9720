"""Every pair of statuses of every type, asked of either store: what is legal happens, all else is refused whole."""

from __future__ import annotations

import itertools

import pytest

from ostinato.base.errors import RuleError
from ostinato.graph.status import STATUSES, allowed_after
from ostinato.graph.types import Node, NodeType, Status
from ostinato.store.store import Store
from tests.unit.store.garden import Garden

WORKED = {Status.CLAIMED: 1, Status.IN_PROGRESS: 2, Status.REVIEW: 3}
"""How many steps from ready on a task is taken there."""


@pytest.mark.parametrize("kind", list(NodeType))
def test_every_pair_of_statuses_is_legal_or_refused_whole(garden: Garden, store: Store, kind: NodeType) -> None:
    goal = garden.goal("the place")
    for before, after in itertools.product(STATUSES[kind], Status):
        node = _in_status(garden, goal, kind, before)
        if before is after or after in _legal(kind, before):
            assert store.graph.set_status(node.id, after, reason="r", agent="me").status in {after, _spoken(after)}
            continue
        events, shown = store.events.last_seq(), store.graph.get(node.id)
        with pytest.raises(RuleError, match=f"{node.id} is .*allowed are|cannot become {after}: it waits for"):
            store.graph.set_status(node.id, after, reason="r", agent="me")
        assert (store.events.last_seq(), store.graph.get(node.id)) == (events, shown)


def _legal(kind: NodeType, before: Status) -> set[Status]:
    found = set(allowed_after(kind, before))
    # A task that waits becomes ready by itself, and nobody may take it before.
    return found - {Status.READY, Status.CLAIMED} if (kind, before) == (NodeType.TASK, Status.PENDING) else found


def _spoken(after: Status) -> Status:
    """A task without an obstacle is spoken of as ready when it is made pending."""
    return Status.READY if after is Status.PENDING else after


def _in_status(garden: Garden, goal: Node, kind: NodeType, wanted: Status) -> Node:
    parent = garden.add(NodeType.DECISION, "d", goal) if kind is NodeType.OPTION else goal
    if kind is not NodeType.TASK:
        return garden.add(kind, "n", parent, status=wanted)
    if wanted is Status.PENDING:
        return garden.task("t", parent, depends_on=(garden.task("first", parent).id,))
    node = garden.task("t", parent, status=None if wanted in WORKED else wanted)
    for status in list(WORKED)[: WORKED.get(wanted, 0)]:
        node = garden.store.graph.set_status(node.id, status, agent="me")
    assert node.status is wanted
    return node
