"""Nodes, edges, statuses by hand and what follows from them, in either store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import EdgeId, NodeId, ProjectId
from ostinato.graph.actors import Actor
from ostinato.graph.details import OptionDetails, OutcomeDetails, RevisitDetails
from ostinato.graph.edges import EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.requests import NewNode, NodeChanges, NodeFilter
from ostinato.graph.types import Check, Complexity, Node, NodeType, Priority, Status, TaskDetails
from ostinato.store.rows import encode_details
from ostinato.store.store import Store
from tests.unit.store.garden import Garden

TASK = TaskDetails(
    acceptance_criteria=("it works",),
    checks=(Check("make test", 5.0, "sub", guard=True), Check("true")),
    file_scope=("src/**",),
    complexity=Complexity.SMALL,
    profile="coder",
    attempts=2,
    max_attempts=4,
    judge=True,
)


# --- making ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        (NodeType.TASK, TASK),
        (NodeType.TASK, TaskDetails()),
        (NodeType.OUTCOME, OutcomeDetails(True, None, "c0ffee")),
        (NodeType.REVISIT, RevisitDetails("it was slow")),
        (NodeType.OBSERVATION, None),
    ],
)
def test_every_field_comes_back_when_a_node_is_made(garden: Garden, kind: NodeType, details: object) -> None:
    made = garden.add(
        kind,
        "A “title”\nof two lines",
        description="# Ünïcode\n",
        priority=Priority.HIGH,
        created_by="me",
        labels=("a", "b c"),
        details=details,
        metadata={"k": "v"},
    )
    assert made == garden.now(made)
    assert (made.title, made.description, made.priority) == ("A “title”\nof two lines", "# Ünïcode\n", Priority.HIGH)
    assert (made.created_by, made.labels, made.metadata) == ("me", ("a", "b c"), {"k": "v"})
    assert (made.details, made.project_id, made.parent_id) == (details, garden.project.id, None)


def test_ids_are_counted_by_the_parent_when_children_are_made(garden: Garden) -> None:
    goal = garden.goal()
    assert goal.id.startswith("os-")
    assert len(goal.id) == 11
    made = [garden.task("t", goal).id for _ in range(11)]
    assert made == [f"{goal.id}.{number}" for number in range(1, 12)]
    assert garden.task("t", garden.store.graph.get(made[0])).id == f"{goal.id}.1.1"
    assert [node.id for node in garden.store.graph.query(NodeFilter(parent_id=goal.id))] == made


def test_edges_are_made_when_a_node_has_parent_and_prerequisites(garden: Garden) -> None:
    goal = garden.goal()
    first = garden.task("first", goal)
    second = garden.task("second", goal, depends_on=(first.id,))
    found = {(e.edge_type, e.from_id, e.to_id) for e in garden.store.graph.edges_of(second.id)}
    assert found == {
        (EdgeType.CONTAINS, goal.id, second.id),
        (EdgeType.DEPENDS_ON, second.id, first.id),
    }
    assert garden.store.graph.prerequisites(second.id) == [first]


def test_option_is_led_to_when_it_is_made_in_a_decision(garden: Garden) -> None:
    decision = garden.add(NodeType.DECISION, "which")
    option = garden.add(NodeType.OPTION, "this", decision, details=OptionDetails(("fast",), ("dear",)))
    types = [edge.edge_type for edge in garden.store.graph.edges_of(option.id)]
    assert types == [EdgeType.CONTAINS, EdgeType.LEADS_TO]
    assert garden.now(option).details == OptionDetails(("fast",), ("dear",))


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        (NodeType.TASK, {"title": ""}, "title must not be empty"),
        (NodeType.TASK, {"title": " \n\t"}, "title must not be empty"),
        (NodeType.TASK, {"title": "a\0b"}, "must not contain NUL"),
        (NodeType.TASK, {"description": "\0"}, "must not contain NUL"),
        (NodeType.TASK, {"title": "\ud800"}, "not valid Unicode"),
        (NodeType.TASK, {"labels": (" ",)}, "label must not be blank"),
        (NodeType.TASK, {"metadata": {"k": 1}}, "metadata maps text to text"),
        (NodeType.TASK, {"details": OptionDetails()}, "a task cannot have OptionDetails"),
        (NodeType.GOAL, {"details": TaskDetails()}, "a goal cannot have TaskDetails"),
        (NodeType.TASK, {"details": TaskDetails(checks=(Check(" "),))}, "a check needs a command"),
        (NodeType.TASK, {"details": TaskDetails(checks=(Check("true", timeout=0),))}, "more than 0 seconds"),
        (NodeType.TASK, {"details": TaskDetails(max_attempts=0)}, "max_attempts must be at least 1"),
        (NodeType.TASK, {"status": Status.CLAIMED}, "a new task cannot be claimed"),
        (NodeType.OBSERVATION, {"status": Status.PENDING}, "a new observation cannot be pending"),
        (NodeType.OPTION, {}, "an option needs a decision"),
    ],
)
def test_node_is_refused_when_a_field_is_wrong(
    garden: Garden, kind: NodeType, fields: dict[str, object], words: str
) -> None:
    before = garden.seq()
    with pytest.raises(RuleError, match=words):
        garden.store.graph.add_node(garden.project.id, replace(NewNode(kind, "title"), **fields))
    assert garden.seq() == before
    assert garden.store.graph.query(NodeFilter()) == []


def test_node_is_refused_when_its_place_is_wrong(garden: Garden, store: Store) -> None:
    goal, task = garden.goal(), garden.task()
    with pytest.raises(RuleError, match="an option needs a decision"):
        garden.add(NodeType.OPTION, "o", goal)
    with pytest.raises(RuleError, match="a goal stands alone or inside a goal, not inside a task"):
        garden.goal("g", task)
    with pytest.raises(NotFoundError, match="os-none"):
        store.graph.add_node(garden.project.id, NewNode(NodeType.TASK, "t", parent_id=NodeId("os-none")))
    with pytest.raises(NotFoundError, match="no project proj-none"):
        store.graph.add_node(ProjectId("proj-none"), NewNode(NodeType.TASK, "t"))
    other = store.projects.add("/elsewhere")
    with pytest.raises(RuleError, match="belongs to another project"):
        store.graph.add_node(other.id, NewNode(NodeType.TASK, "t", parent_id=goal.id))


def test_nothing_is_left_when_a_prerequisite_of_a_new_node_is_refused(garden: Garden) -> None:
    goal = garden.goal()
    before = garden.seq()
    with pytest.raises(NotFoundError, match="os-none"), garden.store.db.transaction():
        garden.task("t", goal, depends_on=(NodeId("os-none"),))
    with pytest.raises(RuleError, match="lies inside"):
        garden.task("t", goal, depends_on=(goal.id,))
    assert garden.store.graph.descendants(goal.id) == []
    assert garden.seq() == before
    assert garden.task("t", goal).id == f"{goal.id}.1"


def test_events_tell_the_whole_story_when_a_task_is_made(garden: Garden) -> None:
    goal = garden.goal("g")
    before = garden.seq()
    actor = Actor("agent:coder")
    new = NewNode(NodeType.TASK, "t", parent_id=goal.id, status=Status.READY)
    task = garden.store.graph.add_node(garden.project.id, new, actor)
    assert [(e.kind, e.node_id, e.payload) for e in garden.events(before)] == [
        (
            EventKind.NODE_CREATED,
            task.id,
            {"v": 1, "by": "agent:coder", "type": "task", "title": "t", "parent": goal.id, "status": "pending"},
        ),
        (
            EventKind.EDGE_ADDED,
            goal.id,
            {"v": 1, "by": "agent:coder", "type": "contains", "from": goal.id, "to": task.id, "label": None},
        ),
        (
            EventKind.NODE_STATUS,
            goal.id,
            {"v": 1, "by": "agent:coder", "from": "pending", "to": "active", "reason": "there is open work in it"},
        ),
    ]
    assert task.created_by == "agent:coder"


# --- goals and parents -------------------------------------------------------------------------------------------


def test_goals_become_active_when_a_task_is_added_below(garden: Garden) -> None:
    outer = garden.goal()
    inner = garden.goal("inner", outer)
    assert garden.status(outer, inner) == ["pending", "pending"]
    garden.task("t", inner)
    assert garden.status(outer, inner) == ["active", "active"]


def test_goals_complete_when_the_last_task_below_is_done(garden: Garden) -> None:
    outer = garden.goal()
    inner = garden.goal("inner", outer)
    first, second, third = garden.task("1", inner), garden.task("2", inner), garden.task("3", outer)
    garden.complete(first)
    assert garden.status(outer, inner) == ["active", "active"]
    garden.store.graph.set_status(second.id, Status.CANCELLED)
    assert garden.status(outer, inner) == ["active", "completed"]
    assert garden.now(inner).completed_at is not None
    garden.complete(third)
    assert garden.status(outer, inner) == ["completed", "completed"]


def test_completed_goals_and_parents_open_again_when_work_is_added_or_reopened(garden: Garden) -> None:
    goal = garden.goal()
    parent = garden.task("parent", goal)
    child = garden.task("child", parent)
    garden.complete(child)
    assert garden.status(goal, parent) == ["completed", "completed"]
    garden.store.tasks.reopen(child.id)
    assert garden.status(goal, parent, child) == ["active", "pending", "ready"]
    assert garden.now(goal).completed_at is None
    assert garden.now(parent).completed_at is None
    garden.complete(child)
    garden.task("another", parent)
    assert garden.status(goal, parent) == ["active", "pending"]


def test_parent_becomes_ready_when_its_children_are_done_and_it_has_checks(garden: Garden) -> None:
    goal = garden.goal()
    parent = garden.checked_task("parent", goal)
    child = garden.task("child", parent)
    garden.complete(child)
    assert garden.status(goal, parent) == ["active", "ready"]


def test_parents_complete_one_above_the_other_when_the_last_child_is_done(garden: Garden) -> None:
    goal = garden.goal()
    top = garden.task("top", goal)
    middle = garden.task("middle", top)
    first, second = garden.task("1", middle), garden.task("2", middle)
    garden.complete(first)
    assert garden.status(top, middle) == ["pending", "pending"]
    garden.complete(second)
    assert garden.status(goal, top, middle) == ["completed", "completed", "completed"]


def test_parent_is_not_completed_when_all_its_children_were_cancelled(garden: Garden) -> None:
    parent = garden.task("parent", garden.goal())
    child = garden.task("child", parent)
    garden.store.graph.set_status(child.id, Status.CANCELLED)
    assert garden.status(parent) == ["ready"]


def test_goal_completes_when_its_only_task_is_added_as_completed(garden: Garden) -> None:
    goal = garden.goal()
    task = garden.task("t", goal, status=Status.COMPLETED)
    assert task.completed_at is not None
    assert garden.status(goal) == ["completed"]
    garden.task("u", goal)
    assert garden.status(goal) == ["active"]


# --- statuses by hand --------------------------------------------------------------------------------------------


def test_nothing_changes_when_the_status_is_the_present_one(garden: Garden) -> None:
    task = garden.task()
    blocked = garden.store.graph.set_status(garden.task().id, Status.BLOCKED, reason="why")
    before = garden.seq()
    for status in (Status.READY, Status.PENDING):
        assert garden.store.graph.set_status(task.id, status) == task
    assert garden.store.graph.set_status(blocked.id, Status.BLOCKED, reason="other") == blocked
    assert garden.seq() == before


def test_ready_is_refused_in_words_when_a_task_waits(garden: Garden) -> None:
    first = garden.task("first")
    second = garden.task("second", depends_on=(first.id,))
    with pytest.raises(RuleError, match=f"{second.id} is pending and cannot become ready: it waits for {first.id}"):
        garden.store.graph.set_status(second.id, Status.READY)
    garden.store.graph.set_status(first.id, Status.BLOCKED)
    with pytest.raises(RuleError, match=f"{second.id} is blocked and cannot become claimed: it waits for {first.id}"):
        garden.store.graph.set_status(second.id, Status.CLAIMED, agent="me")


def test_own_reason_is_kept_when_a_task_that_shows_as_blocked_is_blocked_by_hand(garden: Garden) -> None:
    first = garden.task("first")
    second = garden.task("second", depends_on=(first.id,))
    garden.store.graph.set_status(first.id, Status.BLOCKED)
    assert garden.now(second).blocked_reason == f"{first.id} blocked"
    garden.store.graph.set_status(second.id, Status.BLOCKED, reason="mine")
    garden.complete(first)
    assert (garden.now(second).status, garden.now(second).blocked_reason) == (Status.BLOCKED, "mine")


def test_event_names_both_statuses_when_a_person_completes_a_task(garden: Garden) -> None:
    task = garden.task()
    before = garden.seq()
    garden.store.graph.set_status(task.id, Status.COMPLETED, reason="seen it")
    (event,) = garden.events(before)
    assert event.payload == {"v": 1, "by": "person", "from": "pending", "to": "completed", "reason": "seen it"}


def test_change_is_refused_and_nothing_written_when_it_is_illegal(garden: Garden) -> None:
    task = garden.complete(garden.task())
    before = garden.seq()
    with pytest.raises(RuleError, match=f"{task.id} is completed and cannot become cancelled: allowed are ready"):
        garden.store.graph.set_status(task.id, Status.CANCELLED)
    with pytest.raises(RuleError, match="is a task, which is never decided"):
        garden.store.graph.set_status(task.id, Status.DECIDED)
    with pytest.raises(NotFoundError):
        garden.store.graph.set_status(NodeId("os-none"), Status.CANCELLED)
    assert garden.seq() == before


# --- updates -----------------------------------------------------------------------------------------------------


def test_only_named_fields_change_when_a_node_is_updated(garden: Garden) -> None:
    task = garden.task("t", priority=Priority.LOW, labels=("a",), details=TASK, metadata={"a": "1", "b": "2"})
    before = garden.seq()
    changes = NodeChanges(title="new", priority=None, metadata={"a": None, "c": "3", "gone": None})
    updated = garden.store.graph.update(task.id, changes)
    assert updated == replace(task, title="new", priority=None, metadata={"b": "2", "c": "3"})
    (event,) = garden.events(before)
    assert event.kind is EventKind.NODE_UPDATED
    assert event.payload["fields"] == ["title", "priority", "metadata"]


def test_no_event_is_written_when_an_update_changes_nothing(garden: Garden) -> None:
    task = garden.task("t", metadata={"a": "1"})
    before = garden.seq()
    assert garden.store.graph.update(task.id, NodeChanges(title="t", metadata={"a": "1", "b": None})) == task
    assert garden.seq() == before


def test_used_up_attempts_are_kept_when_details_are_replaced(garden: Garden) -> None:
    task = garden.task(details=TASK)
    changed = garden.store.graph.update(task.id, NodeChanges(details=TaskDetails(profile="tester", attempts=0)))
    assert changed.details == TaskDetails(profile="tester", attempts=2)
    before = garden.seq()
    assert garden.store.graph.update(task.id, NodeChanges(details=TaskDetails(profile="tester"))) == changed
    assert garden.seq() == before
    assert encode_details(TaskDetails(attempts=3)) == "{}"


@pytest.mark.parametrize(
    "changes",
    [
        NodeChanges(title=" "),
        NodeChanges(description="\0"),
        NodeChanges(labels=("",)),
        NodeChanges(details=OptionDetails()),
        NodeChanges(metadata={"k": "\0"}),
    ],
)
def test_update_is_refused_when_a_value_is_wrong(garden: Garden, changes: NodeChanges) -> None:
    task = garden.task()
    with pytest.raises(RuleError):
        garden.store.graph.update(task.id, changes)
    assert garden.now(task) == task


# --- edges -------------------------------------------------------------------------------------------------------


def test_same_edge_is_the_same_when_it_is_made_twice(garden: Garden) -> None:
    first, second = garden.task(), garden.task()
    graph = garden.store.graph
    edge = graph.link(first.id, EdgeType.DEPENDS_ON, second.id, "because")
    before = garden.seq()
    assert graph.link(first.id, EdgeType.DEPENDS_ON, second.id, "because") == edge
    assert graph.link(first.id, EdgeType.DEPENDS_ON, second.id) == edge
    assert garden.seq() == before
    assert graph.link(first.id, EdgeType.DEPENDS_ON, second.id, "other") == replace(edge, label="other")
    assert [event.payload["label"] for event in garden.events(before)] == ["other"]
    assert edge.id.startswith("e-")
    assert len(edge.id) == 14


def test_dependent_is_ready_again_when_the_edge_is_removed(garden: Garden) -> None:
    first = garden.task("first")
    second = garden.task("second", depends_on=(first.id,))
    (edge,) = garden.store.graph.edges_of(second.id)
    before = garden.seq()
    assert garden.store.graph.unlink(edge.id) == edge
    assert garden.status(second) == ["ready"]
    assert [event.kind for event in garden.events(before)] == [EventKind.EDGE_REMOVED]
    with pytest.raises(NotFoundError, match="no edge e-"):
        garden.store.graph.unlink(edge.id)


ALLOWED = {
    EdgeType.CONTAINS: {
        (parent, child)
        for parent in NodeType
        for child in NodeType
        if (child is not NodeType.GOAL or parent is NodeType.GOAL)
        and (child is not NodeType.OPTION or parent is NodeType.DECISION)
    },
    EdgeType.DEPENDS_ON: {
        (a, b)
        for a in (NodeType.GOAL, NodeType.TASK, NodeType.DECISION)
        for b in (NodeType.GOAL, NodeType.TASK, NodeType.DECISION)
    },
    EdgeType.LEADS_TO: {
        (NodeType.DECISION, NodeType.OPTION),
        (NodeType.TASK, NodeType.OUTCOME),
        (NodeType.OUTCOME, NodeType.REVISIT),
        (NodeType.REVISIT, NodeType.DECISION),
    },
    EdgeType.CHOSEN: set(),
    EdgeType.REJECTED: set(),
    EdgeType.SUPERSEDES: {(kind, kind) for kind in NodeType},
    EdgeType.INFORMS: {(NodeType.OBSERVATION, kind) for kind in NodeType},
}


@pytest.mark.parametrize("edge_type", list(EdgeType))
def test_edge_is_refused_when_its_ends_have_the_wrong_types(garden: Garden, edge_type: EdgeType) -> None:
    def grow(kind: NodeType) -> Node:
        # Options cannot stand alone: each is in a decision of its own, and so is never an option of the other end.
        return garden.add(kind, "n", garden.add(NodeType.DECISION, "d") if kind is NodeType.OPTION else None)

    for source in NodeType:
        for target in NodeType:
            one, other = grow(source), grow(target)
            expected = (source, target) in ALLOWED[edge_type]
            try:
                garden.store.graph.link(one.id, edge_type, other.id)
            except RuleError:
                assert not expected, (source, target)
            else:
                assert expected, (source, target)


@pytest.mark.parametrize("edge_type", list(EdgeType))
def test_edge_is_refused_when_both_ends_are_the_same_node(garden: Garden, edge_type: EdgeType) -> None:
    task = garden.task()
    with pytest.raises(RuleError, match="edge to itself"):
        garden.store.graph.link(task.id, edge_type, task.id)


def test_edge_is_refused_when_its_ends_belong_to_two_projects(garden: Garden, store: Store) -> None:
    other = store.graph.add_node(store.projects.add("/elsewhere").id, NewNode(NodeType.TASK, "t"))
    with pytest.raises(RuleError, match="different projects"):
        store.graph.link(garden.task().id, EdgeType.DEPENDS_ON, other.id)


def test_cycle_is_refused_with_its_path_when_dependencies_would_close_it(garden: Garden) -> None:
    goal = garden.goal()
    a = garden.task("a", goal)
    b = garden.task("b", goal, depends_on=(a.id,))
    c = garden.task("c", goal, depends_on=(b.id,))
    before = garden.seq()
    with pytest.raises(RuleError) as refused:
        garden.store.graph.link(a.id, EdgeType.DEPENDS_ON, c.id)
    assert f"cycle: {a.id} → {c.id} → {b.id} → {a.id}" in refused.value.message
    assert garden.seq() == before


def test_cycle_is_refused_when_the_work_on_it_is_done_already(garden: Garden) -> None:
    a = garden.task("a")
    b = garden.task("b", depends_on=(a.id,))
    garden.complete(a)
    with pytest.raises(RuleError, match="cycle"):
        garden.store.graph.link(a.id, EdgeType.DEPENDS_ON, b.id)


def test_dependency_is_refused_when_one_task_lies_inside_the_other(garden: Garden) -> None:
    outer = garden.task("outer", garden.goal())
    inner = garden.task("inner", garden.task("middle", outer))
    with pytest.raises(RuleError, match=f"{inner.id} lies inside {outer.id}, which waits for it: {inner.id} → "):
        garden.store.graph.link(inner.id, EdgeType.DEPENDS_ON, outer.id)
    with pytest.raises(RuleError, match=f"{inner.id} lies inside {outer.id} and waits for what that waits for"):
        garden.store.graph.link(outer.id, EdgeType.DEPENDS_ON, inner.id)


def test_dependency_is_refused_when_two_trees_would_wait_for_each_other(garden: Garden) -> None:
    left, right = garden.task("left"), garden.task("right")
    left_child, right_child = garden.task("l", left), garden.task("r", right)
    garden.store.graph.link(left_child.id, EdgeType.DEPENDS_ON, right.id)
    with pytest.raises(RuleError) as refused:
        garden.store.graph.link(right_child.id, EdgeType.DEPENDS_ON, left.id)
    way = f"{right_child.id} → {left.id} → {left_child.id} → {right.id} → {right_child.id}"
    assert refused.value.message.endswith(way)


def test_contains_is_refused_when_it_would_close_a_cycle(garden: Garden) -> None:
    outer = garden.goal("outer")
    middle = garden.goal("middle", outer)
    inner = garden.goal("inner", middle)
    with pytest.raises(RuleError) as refused:
        garden.store.graph.link(inner.id, EdgeType.CONTAINS, outer.id)
    assert refused.value.message.endswith(f"{inner.id} → {outer.id} → {middle.id} → {inner.id}")
    a = garden.task("a")
    b = garden.task("b", depends_on=(a.id,))
    with pytest.raises(RuleError, match=f"never become ready: {a.id} → {b.id} → {a.id}"):
        garden.store.graph.link(a.id, EdgeType.CONTAINS, b.id)
    with pytest.raises(RuleError, match="would wait for itself"):
        garden.store.graph.link(b.id, EdgeType.CONTAINS, a.id)


def test_root_gets_and_loses_its_parent_when_it_is_linked_and_unlinked(garden: Garden) -> None:
    goal, task = garden.goal(), garden.task()
    edge = garden.store.graph.link(goal.id, EdgeType.CONTAINS, task.id)
    assert (garden.now(task).parent_id, garden.status(goal)) == (goal.id, ["active"])
    garden.store.graph.unlink(edge.id)
    assert garden.now(task).parent_id is None
    assert garden.store.graph.descendants(goal.id) == []


def test_second_parent_lists_a_node_and_leaves_its_first_parent_when_it_is_linked(garden: Garden) -> None:
    first, second, task = garden.goal(), garden.goal(), garden.task()
    garden.store.graph.link(first.id, EdgeType.CONTAINS, task.id)
    edge = garden.store.graph.link(second.id, EdgeType.CONTAINS, task.id)
    assert garden.now(task).parent_id == first.id
    assert task.id in garden.store.graph.notes(second.id)
    garden.store.graph.unlink(edge.id)
    assert garden.now(task).parent_id == first.id
    assert task.id not in garden.store.graph.notes(second.id)


def test_contains_is_refused_when_a_second_parent_would_close_a_cycle(garden: Garden) -> None:
    outer, inner, leaf = garden.task(), garden.task(), garden.task()
    garden.store.graph.link(outer.id, EdgeType.CONTAINS, leaf.id)
    garden.store.graph.link(inner.id, EdgeType.CONTAINS, leaf.id)
    other = garden.task()
    garden.store.graph.link(leaf.id, EdgeType.CONTAINS, other.id)
    with pytest.raises(RuleError, match=f"{other.id} → {inner.id} → {leaf.id} → {other.id}"):
        garden.store.graph.link(other.id, EdgeType.CONTAINS, inner.id)


def test_child_stays_when_its_contains_edge_is_unlinked(garden: Garden) -> None:
    goal = garden.goal()
    task = garden.task("t", goal)
    (edge,) = garden.store.graph.edges_of(task.id)
    with pytest.raises(RuleError, match=f"{task.id} was made in {goal.id}, as its id says"):
        garden.store.graph.unlink(edge.id)


def test_unknown_ends_are_named_when_an_edge_is_asked_for(garden: Garden) -> None:
    with pytest.raises(NotFoundError, match="os-none"):
        garden.store.graph.link(garden.task().id, EdgeType.DEPENDS_ON, NodeId("os-none"))
    with pytest.raises(NotFoundError, match="e-none"):
        garden.store.graph.unlink(EdgeId("e-none"))


# --- reading -----------------------------------------------------------------------------------------------------


def test_every_condition_counts_when_nodes_are_queried(garden: Garden, store: Store) -> None:
    goal = garden.goal("the goal")
    first = garden.task("first Ünit", goal)
    second = garden.task("second", goal, depends_on=(first.id,), description="of the ünits")
    third = garden.task("third", second)
    seen = garden.add(NodeType.OBSERVATION, "seen", goal)

    def found(**conditions: object) -> list[str]:
        return [node.id for node in store.graph.query(replace(NodeFilter(), **conditions))]

    assert found() == [goal.id, first.id, second.id, third.id, seen.id]
    assert found(project_id=garden.project.id) == found()
    assert found(project_id=ProjectId("proj-none")) == []
    assert found(node_type=NodeType.TASK) == [first.id, second.id, third.id]
    assert found(status=Status.READY) == [first.id]
    assert found(status=Status.PENDING) == [second.id, third.id]
    assert found(status=Status.PENDING, limit=1) == [second.id]
    assert found(status=Status.ACTIVE) == [goal.id, seen.id]
    assert found(parent_id=goal.id) == [first.id, second.id, seen.id]
    assert found(goal_id=goal.id) == [first.id, second.id, third.id, seen.id]
    assert found(goal_id=goal.id, parent_id=second.id) == [third.id]
    assert found(text="ÜNIT") == [first.id, second.id]
    assert found(text="nothing like it") == []
    assert found(limit=2) == [goal.id, first.id]
    assert found(limit=0) == []
    store.graph.update(second.id, NodeChanges(priority=Priority.HIGH, labels=("a b", "c")))
    store.graph.update(third.id, NodeChanges(labels=("a",)))
    assert found(priority=Priority.HIGH) == [second.id]
    assert found(label="a") == [third.id]
    assert found(label="c", limit=1, node_type=NodeType.TASK) == [second.id]
    store.graph.set_status(first.id, Status.BLOCKED)
    assert found(status=Status.BLOCKED) == [first.id, second.id, third.id]


def test_nearest_goal_is_found_when_goals_are_nested(garden: Garden) -> None:
    outer = garden.goal("outer")
    inner = garden.goal("inner", outer)
    task = garden.task("child", garden.task("t", inner))
    graph = garden.store.graph
    assert graph.goal_of(task.id) == garden.now(inner)
    assert graph.goal_of(inner.id) == garden.now(outer)
    assert graph.goal_of(outer.id) is None


def test_tasks_are_counted_by_derived_status_when_a_goal_is_asked_for(garden: Garden) -> None:
    goal = garden.goal()
    first = garden.task("1", goal)
    garden.task("2", goal, depends_on=(first.id,))
    garden.complete(garden.task("3", goal))
    garden.task("4", garden.goal())
    assert garden.store.graph.counts(goal.id) == {Status.READY: 1, Status.PENDING: 1, Status.COMPLETED: 1}


def test_unknown_nodes_are_errors_when_they_are_read(garden: Garden) -> None:
    graph = garden.store.graph
    assert graph.find(NodeId("os-none")) is None
    for read in (graph.get, graph.edges_of, graph.descendants, graph.goal_of, graph.prerequisites, graph.counts):
        with pytest.raises(NotFoundError, match="no node os-none"):
            read(NodeId("os-none"))


# --- events and projects -----------------------------------------------------------------------------------------


def test_project_is_the_same_when_its_path_is_added_twice(store: Store) -> None:
    first = store.projects.add("/srv/thing")
    assert store.projects.add("/srv/thing", "renamed") == first
    assert first.id.startswith("proj-")
    assert store.projects.get("thing") == store.projects.get(first.id) == first
    assert store.projects.find_by_path("/srv/../srv/thing") == first
    assert store.projects.find_by_path("/srv") is None


def test_project_gets_another_name_when_its_directorys_is_taken(store: Store) -> None:
    names = [store.projects.add(f"/{place}/thing").name for place in "abc"]
    assert names == ["thing", "thing-2", "thing-3"]
    assert [project.name for project in store.projects.list()] == names
    with pytest.raises(RuleError, match="/a/thing is called thing already"):
        store.projects.add("/d/thing", "thing")
    with pytest.raises(RuleError, match="blank"):
        store.projects.add("/e/thing", " ")
    with pytest.raises(NotFoundError, match="no project nothing"):
        store.projects.get("nothing")
