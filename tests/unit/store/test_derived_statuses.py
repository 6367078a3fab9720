"""Derived statuses as the store answers them, against the naive rule, after every kind of change."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId, natural_key
from ostinato.graph.edges import EdgeType
from ostinato.graph.requests import NodeFilter
from ostinato.graph.rules import Derived, Facts, next_key, open_dependents
from ostinato.graph.status import STATUSES, stored
from ostinato.graph.types import Complexity, Node, NodeType, Priority, Status, TaskDetails
from ostinato.store import derive
from ostinato.store.settling import unsettle_all
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.memory.naive import naive
from ostinato.testing.prepared_database import open_memory
from tests.examples import examples
from tests.unit.store.garden import Garden

KINDS = [NodeType.TASK] * 6 + [NodeType.GOAL, NodeType.DECISION]


def change_something(garden: Garden, nodes: list[Node], chance: random.Random) -> None:
    """Do one random thing that the rules may refuse."""
    graph, tasks = garden.store.graph, garden.store.tasks
    node, other = chance.choice(nodes), chance.choice(nodes)
    action = chance.randrange(10)
    if action < 3:
        details = TaskDetails(complexity=chance.choice([None, *Complexity]))
        kind = chance.choice(KINDS)
        fields = {"details": details} if kind is NodeType.TASK else {}
        nodes.append(
            garden.add(kind, "n", chance.choice([None, node]), priority=chance.choice([None, *Priority]), **fields)
        )
    elif action < 5:
        graph.link(node.id, EdgeType.DEPENDS_ON, other.id)
    elif action == 5:
        graph.link(node.id, EdgeType.CONTAINS, other.id)
    elif action == 6:
        edges = graph.edges_of(node.id)
        graph.unlink(chance.choice(edges).id) if edges else None
    elif action == 7:
        tasks.claim("me")
    else:
        graph.set_status(node.id, chance.choice(list(Status)), reason="r", agent="me")


def expected(store: Store) -> tuple[dict[NodeId, Derived], list[NodeId]]:
    """Return what the naive rule makes of the tables: the status of each pending task, and the order of the ready."""
    rows = store.db.execute("SELECT * FROM nodes")
    nodes = {
        row["id"]: Facts(
            row["id"],
            NodeType(row["node_type"]),
            Status(row["status"]),
            row["parent_id"],
            Priority(row["priority"]) if row["priority"] else None,
            Complexity(row["complexity"]) if row["complexity"] else None,
            row["created_at"],
        )
        for row in rows
    }
    edges = {tuple(pair) for pair in store.db.tuples("SELECT from_id, to_id FROM edges WHERE edge_type = 'depends_on'")}
    contained = {(child, parent) for parent, child in store.db.tuples(
        "SELECT from_id, to_id FROM edges WHERE edge_type = 'contains'")}  # fmt: skip
    # A node may be listed in further parents; the first one is its own.
    assert contained >= {(row["id"], row["parent_id"]) for row in rows if row["parent_id"]}
    spoken = naive(nodes, edges)
    counts = open_dependents(nodes, edges)
    ready = [nodes[task_id] for task_id, (status, _) in spoken.items() if status is Status.READY]
    return spoken, [task.id for task in sorted(ready, key=lambda task: next_key(task, counts.get(task.id, 0)))]


@examples(30)
@given(seed=st.integers(0, 10**9))
def test_every_reader_sees_what_the_naive_rule_says_when_anything_was_done(seed: int) -> None:
    chance = random.Random(seed)
    store = open_memory(FakeClock())
    garden = Garden(store, store.projects.add(str(Path("/repository"))))
    nodes = [garden.goal()]
    try:
        for step in range(40):
            try:
                change_something(garden, nodes, chance)
            except RuleError:
                continue
            if step % 5 == 0:
                compare(garden)
        compare(garden)
    finally:
        store.close()


def compare(garden: Garden) -> None:
    store = garden.store
    spoken, order = expected(store)
    assert list(derive.misjudged(store.db, garden.project.id)) == []
    for node in store.graph.query(NodeFilter()):
        alone = store.graph.get(node.id)
        assert alone == node
        assert spoken.get(node.id, (node.status, node.blocked_reason)) == (node.status, node.blocked_reason)
    assert [task.id for task in store.tasks.ready()] == order
    by_status = {status: store.graph.query(NodeFilter(status=status)) for status in Status}
    assert sum(len(found) for found in by_status.values()) == len(store.graph.query(NodeFilter()))
    assert sorted((n.id for n in by_status[Status.READY]), key=natural_key) == sorted(order, key=natural_key)


def test_failure_deep_in_a_goal_is_found_when_one_task_that_waits_for_the_goal_is_read(garden: Garden) -> None:
    outer = garden.goal("outer")
    inner = garden.goal("inner", outer)
    failed = garden.task("failed", inner, status=Status.FAILED)
    waiting = garden.task("waiting", depends_on=(outer.id,))
    assert (waiting.status, waiting.blocked_reason) == (Status.BLOCKED, f"{failed.id} failed")


def _kept(store: Store) -> list[tuple[object, ...]]:
    return store.db.tuples("SELECT * FROM standings ORDER BY key")


def test_what_is_kept_is_the_same_worked_out_anew_when_a_task_waits_for_nodes_of_every_status(garden: Garden) -> None:
    store, outer = garden.store, garden.goal("outer")
    for kind in (NodeType.TASK, NodeType.GOAL, NodeType.DECISION):
        for status in sorted({stored(status) for status in STATUSES[kind]}):
            node = garden.add(kind, f"{kind} {status}", outer)
            inside = garden.task("inside", node)
            garden.task("waits", depends_on=(node.id,))
            # Some of these are reached by long ways only; here it is about what follows.
            store.db.execute("UPDATE nodes SET status = :status WHERE id = :id", {"id": node.id, "status": status})
            with store.db.transaction():
                garden.task("waits for what is inside", outer, depends_on=(inside.id,))
    followed = _kept(store)
    with store.db.transaction():
        unsettle_all(store.db)
    assert _kept(store) == followed
    compare(garden)
