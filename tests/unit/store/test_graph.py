"""What only the database can get wrong of nodes and edges: ids that are taken, many rows. The rest: tests/contract."""

from __future__ import annotations

import pytest

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.edges import EdgeType
from ostinato.graph.requests import NewNode, NodeFilter
from ostinato.graph.types import NodeType, Status
from ostinato.store.events import EventStore
from ostinato.store.graph import GraphStore
from ostinato.store.projects import ProjectStore
from ostinato.store.store import Store
from tests.unit.store.garden import Garden

# --- making ------------------------------------------------------------------------------------------------------


def test_another_id_is_taken_when_a_random_one_collides(store: Store, garden: Garden) -> None:
    offered = iter(["aaaaaaaa", "aaaaaaaa", "aaaaaaaa", "bbbbbbbb"])
    graph = GraphStore(store.db, store.events, lambda: next(offered))
    made = [graph.add_node(garden.project.id, NewNode(NodeType.GOAL, "g")).id for _ in range(2)]
    assert made == ["os-aaaaaaaa", "os-bbbbbbbb"]


def test_another_number_is_taken_when_a_child_id_exists_uncounted(store: Store, garden: Garden) -> None:
    goal = garden.goal()
    store.db.execute(
        "INSERT INTO nodes (id, project_id, node_type, title, status, created_at)"
        " VALUES (:id, :project, 'observation', 'imported', 'active', :at)",
        {"id": f"{goal.id}.1", "project": garden.project.id, "at": store.db.now()},
    )
    assert garden.task("t", goal).id == f"{goal.id}.2"


# --- statuses by hand --------------------------------------------------------------------------------------------


def test_facts_stay_true_when_a_task_goes_through_its_life(garden: Garden) -> None:
    graph = garden.store.graph
    task = garden.task()
    claimed = graph.set_status(task.id, Status.CLAIMED, agent="me")
    assert (claimed.assigned_to, claimed.started_at) == ("me", None)
    working = graph.set_status(task.id, Status.IN_PROGRESS)
    assert working.started_at is not None
    reviewed = graph.set_status(task.id, Status.REVIEW)
    assert (reviewed.assigned_to, reviewed.started_at) == ("me", working.started_at)
    failed = graph.set_status(task.id, Status.FAILED, reason="red")
    assert failed.blocked_reason == "red"
    ready = graph.set_status(task.id, Status.READY)
    assert (ready.status, ready.blocked_reason, ready.assigned_to) == (Status.READY, None, None)
    assert (ready.started_at, ready.completed_at) == (None, None)
    blocked = graph.set_status(task.id, Status.BLOCKED, reason="no key")
    assert (blocked.status, blocked.blocked_reason) == (Status.BLOCKED, "no key")
    done = graph.set_status(task.id, Status.COMPLETED)
    assert (done.completed_at is None, done.blocked_reason) == (False, None)
    assert garden.store.db.execute("SELECT * FROM claims") == []


# --- edges -------------------------------------------------------------------------------------------------------


def test_long_chains_are_checked_when_recursion_would_overflow(garden: Garden) -> None:
    # Written with SQL: to add them one by one takes a hundred times as long.
    first = garden.task("0")
    values = {"first": first.id, "project": first.project_id, "at": "2026-01-01T00:00:00.000000Z"}
    numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1499)"
    garden.store.db.execute(
        f"""INSERT INTO nodes (id, project_id, node_type, title, status, created_at)
        {numbers} SELECT 'os-' || n, :project, 'task', n, 'pending', :at FROM numbers""",
        {name: value for name, value in values.items() if name != "first"},
    )
    garden.store.db.execute(
        f"""INSERT INTO edges (id, edge_type, from_id, to_id, created_at)
        {numbers} SELECT 'e-' || n, 'depends_on', 'os-' || n, iif(n = 1, :first, 'os-' || (n - 1)), :at FROM numbers""",
        {name: value for name, value in values.items() if name != "project"},
    )
    with pytest.raises(RuleError) as refused:
        garden.store.graph.link(first.id, EdgeType.DEPENDS_ON, NodeId("os-1499"))
    assert refused.value.message.count("→") == 1500


# --- reading -----------------------------------------------------------------------------------------------------


def test_natural_order_of_ids_decides_when_nodes_were_made_at_once(garden: Garden, store: Store) -> None:
    goal = garden.goal()
    made = [garden.task("t", goal).id for _ in range(12)]
    store.db.execute("UPDATE nodes SET created_at = '2026-01-01T00:00:00.000000Z'")
    assert [node.id for node in store.graph.query(NodeFilter(goal_id=goal.id))] == made
    assert [node.id for node in store.graph.descendants(goal.id)] == made
    assert [node.id for node in store.tasks.ready()] == made


# --- events and projects -----------------------------------------------------------------------------------------


def test_events_come_in_order_when_they_are_read_on(garden: Garden, store: Store) -> None:
    goal, other = garden.goal(), garden.goal("other")
    task = garden.task("t", goal)
    garden.task("u", other)
    everything = store.events.after(0)
    assert [event.seq for event in everything] == list(range(1, store.events.last_seq() + 1))
    assert store.events.after(everything[2].seq) == everything[3:]
    assert store.events.after(0, limit=2) == everything[:2]
    assert {event.node_id for event in store.events.after(0, goal_id=goal.id)} == {goal.id, task.id}
    assert store.events.after(0, project_id=ProjectId("proj-none")) == []
    assert EventStore(store.db).last_seq() == everything[-1].seq


def test_another_project_id_is_taken_when_a_random_one_collides(store: Store) -> None:
    offered = iter(["aaaaaaaa", "aaaaaaaa", "bbbbbbbb"])
    projects = ProjectStore(store.db, lambda: next(offered))
    assert [projects.add(path).id for path in ("/a", "/b")] == ["proj-aaaaaaaa", "proj-bbbbbbbb"]
