"""Loading many nodes and edges at once: what is kept, what follows, and what is refused as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.edges import EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.projects import Project
from ostinato.graph.records import EdgeRecord, NodeRecord
from ostinato.graph.requests import NewNode, NodeChanges
from ostinato.graph.types import Node, NodeType, Status, TaskDetails
from ostinato.store.loading import first_free_number, load
from ostinato.store.soundness import faults
from ostinato.store.store import Store

AT = "2026-01-02T03:04:05.000006Z"
GOAL = NodeId("os-0000000a")


def record(node_id: str, node_type: NodeType = NodeType.TASK, status: Status | None = None, **more: Any) -> NodeRecord:
    default = Status.PENDING if node_type in {NodeType.TASK, NodeType.GOAL, NodeType.DECISION} else Status.ACTIVE
    above = node_id.rpartition(".")[0]
    more.setdefault("parent_id", NodeId(above) if above else None)
    return NodeRecord(NodeId(node_id), node_type, more.pop("title", node_id), status or default, AT, **more)


def edge(edge_type: EdgeType, from_id: str, to_id: str, label: str | None = None) -> EdgeRecord:
    return EdgeRecord(edge_type, NodeId(from_id), NodeId(to_id), label, AT)


def load_all(store: Store, project: Project, nodes: Sequence[NodeRecord], edges: Sequence[EdgeRecord] = ()) -> None:
    load(store.db, store.events, project.id, nodes, edges)


def goal_with(*tasks: NodeRecord) -> list[NodeRecord]:
    return [*tasks, record(GOAL, NodeType.GOAL)]


def test_nodes_are_kept_as_given_and_parents_may_come_last(store: Store, project: Project) -> None:
    task = record(f"{GOAL}.7", labels=("b", "a"), metadata={"k": "v"}, details=TaskDetails(("works",), attempts=2))
    load_all(store, project, goal_with(task))
    kept = store.graph.get(task.id)
    assert (kept.title, kept.labels, kept.metadata, kept.task.attempts) == (task.title, ("b", "a"), {"k": "v"}, 2)
    assert kept.task.acceptance_criteria == ("works",)
    assert (kept.status, kept.parent_id) == (Status.READY, GOAL)
    assert store.graph.get(GOAL).status is Status.ACTIVE
    assert [one.edge_type for one in store.graph.edges_of(GOAL)] == [EdgeType.CONTAINS]
    assert store.graph.add_node(project.id, NewNode(NodeType.TASK, "Next", parent_id=GOAL)).id == f"{GOAL}.8"


def test_events_tell_of_each_node_and_edge(store: Store, project: Project) -> None:
    load_all(store, project, goal_with(record(f"{GOAL}.1")))
    told = [(event.kind, event.node_id, event.payload.get("type")) for event in store.events.after(0)]
    assert told == [
        (EventKind.NODE_CREATED, GOAL, "goal"),
        (EventKind.NODE_CREATED, f"{GOAL}.1", "task"),
        (EventKind.EDGE_ADDED, GOAL, "contains"),
    ]


def test_a_claim_that_is_loaded_is_one_by_hand(store: Store, project: Project) -> None:
    load_all(store, project, goal_with(record(f"{GOAL}.1", status=Status.CLAIMED, assigned_to="ada")))
    assert store.graph.get(NodeId(f"{GOAL}.1")).assigned_to == "ada"
    assert store.tasks.next(project_id=project.id) is None
    assert store.tasks.release(NodeId(f"{GOAL}.1")).status is Status.READY


def test_a_ready_task_is_loaded_as_pending(store: Store, project: Project) -> None:
    tasks = record(f"{GOAL}.1", status=Status.READY), record(f"{GOAL}.2")
    load_all(store, project, goal_with(*tasks), [edge(EdgeType.DEPENDS_ON, f"{GOAL}.1", f"{GOAL}.2")])
    assert store.graph.get(tasks[0].id).status is Status.PENDING


def test_existing_nodes_follow_what_is_loaded_below_them(store: Store, project: Project, goal: Node) -> None:
    done = store.graph.add_node(project.id, NewNode(NodeType.TASK, "Done", parent_id=goal.id))
    store.graph.set_status(done.id, Status.COMPLETED)
    assert store.graph.get(goal.id).status is Status.COMPLETED
    number = first_free_number(store.db, goal.id)
    new = record(f"{goal.id}.{number}"), record(f"{done.id}.1", NodeType.OBSERVATION)
    load_all(store, project, new, [edge(EdgeType.DEPENDS_ON, new[0].id, done.id)])
    assert store.graph.get(goal.id).status is Status.ACTIVE
    assert store.graph.get(done.id).status is Status.COMPLETED
    assert store.graph.get(new[0].id).status is Status.READY


def test_a_reopened_parent_stays_as_it_was_written(store: Store, project: Project) -> None:
    nodes = goal_with(record(f"{GOAL}.1"), record(f"{GOAL}.1.1", status=Status.COMPLETED, completed_at=AT))
    load_all(store, project, nodes)
    assert store.graph.get(NodeId(f"{GOAL}.1")).status is Status.READY


T1, T2, T3 = f"{GOAL}.1", f"{GOAL}.2", f"{GOAL}.3"
D, O1, O2 = f"{GOAL}.4", f"{GOAL}.4.1", f"{GOAL}.4.2"
TASKS = goal_with(record(T1), record(T2), record(T3))
CHOICE = [*TASKS, record(D, NodeType.DECISION), record(O1, NodeType.OPTION), record(O2, NodeType.OPTION)]
NEEDS = EdgeType.DEPENDS_ON
REFUSED: dict[str, tuple[Sequence[NodeRecord], Sequence[EdgeRecord], str]] = {
    "an id twice": ([*TASKS, record(T1)], [], f"{T1} is there twice"),
    "a path as an id": ([record("os-../../etc")], [], "is no id of a node"),
    "a number that overflows": ([*TASKS, record(f"{GOAL}.9999999999999999999")], [], "is no id of a node"),
    "a uid twice": ([record("os-0000000b", uid="a" * 32), record("os-0000000c", uid="a" * 32)], [], "two nodes"),
    "a status of another type": ([record(GOAL, NodeType.GOAL, Status.BLOCKED)], [], f"{GOAL}: a goal is never blocked"),
    "a blank title": ([record(GOAL, NodeType.GOAL, title=" ")], [], f"{GOAL}: a title must not be empty"),
    "half a character": ([record(GOAL, NodeType.GOAL, description="\ud800")], [], "not valid Unicode"),
    "a time without offset": ([replace(TASKS[0], created_at="2026-01-01T00:00:00")], [], "RFC 3339"),
    "details of another type": ([record(GOAL, NodeType.GOAL, details=TaskDetails())], [], "a goal cannot have"),
    "a parent that is missing": ([record(T1)], [], f"{T1}: its parent '{GOAL}' is not there"),
    "an id of another parent": ([*TASKS, record(f"{T1}.1", parent_id=GOAL)], [], f"it lies in {T1}"),
    "an option in a task": ([*TASKS, record(f"{T1}.1", NodeType.OPTION)], [], "an option needs a decision"),
    "an unknown end": (TASKS, [edge(NEEDS, T1, "os-0000000f")], "'os-0000000f', which is not there"),
    "an edge twice": (TASKS, [edge(NEEDS, T1, T2), edge(NEEDS, T1, T2)], f"{T1} → {T2} is there twice"),
    "an edge to itself": (TASKS, [edge(NEEDS, T1, T1)], "to itself"),
    "wrong ends": (TASKS, [edge(EdgeType.CHOSEN, T1, T2)], "a decision to one of its options"),
    "two choices": (CHOICE, [edge(EdgeType.CHOSEN, D, O1), edge(EdgeType.CHOSEN, D, O2)], f"{D} has chosen {O1}"),
    "chosen and rejected": (CHOICE, [edge(EdgeType.CHOSEN, D, O1), edge(EdgeType.REJECTED, D, O1)], "and rejects"),
    "a cycle": (TASKS, [edge(NEEDS, T1, T2), edge(NEEDS, T2, T3), edge(NEEDS, T3, T1)], "wait for itself"),
    "waiting for what it lies in": (TASKS, [edge(NEEDS, T1, GOAL)], f"{GOAL} → {T1}"),
    "a circle of parents": (
        [
            record("os-0000000b", parent_id=NodeId("os-0000000c")),
            record("os-0000000c", parent_id=NodeId("os-0000000b")),
        ],
        [],
        "contains would close a cycle: os-0000000b → os-0000000c → os-0000000b",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_batch_is_refused_as_a_whole(case: str, store: Store, project: Project) -> None:
    nodes, edges, said = REFUSED[case]
    with pytest.raises(RuleError) as refused:
        load_all(store, project, nodes, edges)
    assert said in refused.value.message
    assert "\n" not in refused.value.message
    assert not store.db.one("SELECT 1 FROM nodes") and not store.db.one("SELECT 1 FROM events")


def test_what_exists_is_refused_and_so_is_a_cycle_through_it(store: Store, project: Project, goal: Node) -> None:
    old = store.graph.add_node(project.id, NewNode(NodeType.TASK, "Old", parent_id=goal.id))
    with pytest.raises(RuleError, match=rf"{old.id} exists already in the project {project.name}"):
        load_all(store, project, [record(old.id)])
    new = record(f"{goal.id}.2")
    with pytest.raises(RuleError, match=f"{old.id} → {new.id} → {old.id}"):
        load_all(store, project, [new], [edge(NEEDS, new.id, old.id), edge(NEEDS, old.id, new.id)])
    with pytest.raises(RuleError, match="exists already"):
        load_all(store, project, [], [edge(EdgeType.CONTAINS, goal.id, old.id)])
    with pytest.raises(NotFoundError, match="no project"):
        load(store.db, store.events, ProjectId("proj-00000000"), [], [])
    assert store.graph.find(new.id) is None


def test_each_node_has_a_uid_however_it_came(store: Store, project: Project, goal: Node) -> None:
    load_all(store, project, [record("os-0000000b", uid="b" * 32), record("os-0000000c")])
    uids = dict(store.db.tuples("SELECT id, uid FROM nodes"))
    assert uids["os-0000000b"] == "b" * 32
    assert all(len(uid) == 32 for uid in uids.values()) and len(set(uids.values())) == 3
    with pytest.raises(RuleError, match="os-0000000b exists already"):
        load_all(store, project, [record("os-0000000d", uid="b" * 32)])


def test_what_a_large_batch_brings_is_found_by_its_words_and_can_be_changed(store: Store, project: Project) -> None:
    """The search index rests while many rows are written: it must have them all at the end, and lose none later."""
    tasks = [record(f"{GOAL}.{n}", title=f"Pick apple{n}") for n in range(1, 1_101)]
    load_all(store, project, [record(GOAL, NodeType.GOAL, title="Harvest"), *tasks])
    assert [node.id for node in store.graph.search("apple1099")] == [f"{GOAL}.1099"]
    store.graph.update(tasks[0].id, NodeChanges(title="Pick pears"))
    assert [node.id for node in store.graph.search("pears")] == [tasks[0].id]
    assert not [node for node in store.graph.search("apple1") if node.id == tasks[0].id]
    store.projects.remove(project.id)
    assert store.graph.search("apple1099") == []
    assert not faults(store.db, deep=True)
