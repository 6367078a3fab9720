"""Edges that would make something wait for itself: exactly those are refused, whatever the graph."""

from __future__ import annotations

import random
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.edges import EdgeType
from ostinato.graph.types import Node, NodeType
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.prepared_database import open_memory
from tests.examples import examples
from tests.unit.store.garden import Garden

State = tuple[NodeId, bool]
Pairs = set[tuple[NodeId, NodeId]]


def waits_for(state: State, kinds: dict[NodeId, NodeType], depends_on: Pairs, contains: Pairs) -> Iterator[State]:
    """Yield what a node waits for, and (True) what all below it wait for, as plainly as the rule reads."""
    node_id, gate = state
    yield from ((to, False) for source, to in depends_on if source == node_id)
    gated = kinds[node_id] is not NodeType.DECISION
    if gate or gated:
        yield from ((parent, True) for parent, child in contains if child == node_id)
    if gated and not gate:
        held = {NodeType.TASK} if kinds[node_id] is NodeType.TASK else {NodeType.TASK, NodeType.GOAL}
        yield from ((child, False) for parent, child in contains if parent == node_id and kinds[child] in held)


def has_cycle(kinds: dict[NodeId, NodeType], depends_on: Pairs, contains: Pairs) -> bool:
    for start in kinds:
        seen: set[State] = set()
        frontier: list[State] = [(start, False)]
        while frontier:
            for state in waits_for(frontier.pop(), kinds, depends_on, contains):
                if state == (start, False):
                    return True
                if state not in seen:
                    seen.add(state)
                    frontier.append(state)
    return False


@examples(60)
@given(seed=st.integers(0, 10**9))
def test_edge_is_refused_exactly_when_something_would_wait_for_itself(seed: int) -> None:
    chance = random.Random(seed)
    store = open_memory(FakeClock())
    garden = Garden(store, store.projects.add("/repository"))
    nodes: list[Node] = []
    for _ in range(chance.randint(3, 9)):
        kind = chance.choice([NodeType.TASK] * 4 + [NodeType.GOAL, NodeType.DECISION])
        parents = [node for node in nodes if kind is not NodeType.GOAL or node.node_type is NodeType.GOAL]
        nodes.append(garden.add(kind, "n", chance.choice([None, *parents])))
    kinds = {node.id: node.node_type for node in nodes}
    depends_on: Pairs = set()
    contains: Pairs = {(node.parent_id, node.id) for node in nodes if node.parent_id}
    for _ in range(25):
        one, other = chance.sample(nodes, 2)
        edge_type = chance.choice([EdgeType.DEPENDS_ON, EdgeType.DEPENDS_ON, EdgeType.CONTAINS])
        if edge_type is EdgeType.CONTAINS:
            misplaced = other.node_type is NodeType.GOAL and one.node_type is not NodeType.GOAL
            if misplaced or any(child == other.id for _, child in contains):
                continue
        edges = depends_on if edge_type is EdgeType.DEPENDS_ON else contains
        if (one.id, other.id) in edges:
            continue
        edges.add((one.id, other.id))
        expected = has_cycle(kinds, depends_on, contains) or any(_lies_in_itself(node.id, contains) for node in nodes)
        try:
            store.graph.link(one.id, edge_type, other.id)
        except RuleError as refused:
            assert expected, refused.message
            assert "→" in refused.message
            edges.remove((one.id, other.id))
        else:
            assert not expected, (edge_type, one.id, other.id)
    store.close()


def test_task_may_lie_in_a_decision_when_it_waits_for_that_decision(garden: Garden) -> None:
    decision = garden.add(NodeType.DECISION, "d")
    task = garden.task("t", depends_on=(decision.id,))
    garden.store.graph.link(decision.id, EdgeType.CONTAINS, task.id)
    assert garden.now(task).parent_id == decision.id


def _lies_in_itself(node_id: NodeId, contains: Pairs) -> bool:
    above = {child: parent for parent, child in contains}
    found = above.get(node_id)
    seen: set[NodeId] = set()
    while found is not None and found != node_id and found not in seen:
        seen.add(found)
        found = above.get(found)
    return found == node_id
