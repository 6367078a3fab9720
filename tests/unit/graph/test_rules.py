"""Readiness, derived blocking and the order Next, on values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.ids import NodeId
from ostinato.graph.rules import Derived, Facts, Situation, derive, next_key, open_dependents, why_not_ready
from ostinato.graph.types import Complexity, NodeType, Priority, Status
from ostinato.testing.memory.naive import naive
from tests.examples import examples

GOAL, TASK, DECISION = NodeType.GOAL, NodeType.TASK, NodeType.DECISION
READY: Derived = (Status.READY, None)
PENDING: Derived = (Status.PENDING, None)


def situation(*nodes: Facts, depends_on: dict[str, tuple[str, ...]] | None = None) -> Situation:
    edges = {NodeId(source): tuple(NodeId(to) for to in targets) for source, targets in (depends_on or {}).items()}
    return Situation({node.id: node for node in nodes}, edges)


def node(node_id: str, status: Status = Status.PENDING, parent: str | None = None, kind: NodeType = TASK) -> Facts:
    return Facts(NodeId(node_id), kind, status, NodeId(parent) if parent else None)


def blocked(reason: str) -> Derived:
    return Status.BLOCKED, reason


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        (TASK, Status.COMPLETED, READY),
        (TASK, Status.CANCELLED, READY),
        (GOAL, Status.COMPLETED, READY),
        (GOAL, Status.CANCELLED, READY),
        (DECISION, Status.DECIDED, READY),
        (DECISION, Status.SUPERSEDED, READY),
        (TASK, Status.REVIEW, PENDING),
        (TASK, Status.CLAIMED, PENDING),
        (GOAL, Status.ACTIVE, PENDING),
        (DECISION, Status.ACTIVE, PENDING),
        (TASK, Status.FAILED, blocked("os-b failed")),
        (TASK, Status.BLOCKED, blocked("os-b blocked")),
    ],
)
def test_task_follows_its_prerequisite_when_that_has_a_status(
    kind: NodeType, status: Status, expected: Derived
) -> None:
    found = derive(situation(node("os-a"), node("os-b", status, kind=kind), depends_on={"os-a": ("os-b",)}))
    assert found[NodeId("os-a")] == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.PENDING, READY),
        (Status.CLAIMED, READY),
        (Status.COMPLETED, READY),
        (Status.CANCELLED, PENDING),
        (Status.FAILED, blocked("os-a failed")),
        (Status.BLOCKED, blocked("os-a blocked")),
    ],
)
def test_task_follows_its_ancestor_when_that_has_a_status(status: Status, expected: Derived) -> None:
    found = derive(situation(node("os-a", status), node("os-a.1", parent="os-a"), node("os-a.1.1", parent="os-a.1")))
    assert found[NodeId("os-a.1.1")] == expected


def test_task_waits_when_its_goal_is_cancelled() -> None:
    found = derive(situation(node("os-g", Status.CANCELLED, kind=GOAL), node("os-g.1", parent="os-g")))
    assert found[NodeId("os-g.1")] == PENDING


def test_task_waits_when_an_ancestor_has_an_open_prerequisite() -> None:
    nodes = (node("os-a"), node("os-a.1", parent="os-a"), node("os-b"))
    assert derive(situation(*nodes, depends_on={"os-a": ("os-b",)}))[NodeId("os-a.1")] == PENDING


def test_parent_waits_and_child_is_ready_when_children_are_open() -> None:
    found = derive(situation(node("os-a"), node("os-a.1", parent="os-a"), node("os-a.2", Status.COMPLETED, "os-a")))
    assert found == {NodeId("os-a"): PENDING, NodeId("os-a.1"): READY}


def test_sibling_stays_ready_when_another_child_failed() -> None:
    found = derive(situation(node("os-a"), node("os-a.1", Status.FAILED, "os-a"), node("os-a.2", parent="os-a")))
    assert found == {NodeId("os-a"): blocked("os-a.1 failed"), NodeId("os-a.2"): READY}


def test_nearest_blocker_is_named_when_several_are_upstream() -> None:
    nodes = (
        node("os-a"),
        node("os-b"),
        node("os-c.10", Status.FAILED),
        node("os-c.9", Status.BLOCKED),
        node("os-far", Status.FAILED),
        node("os-d"),
    )
    edges = {"os-a": ("os-b", "os-d"), "os-b": ("os-c.10", "os-c.9"), "os-d": ("os-far",)}
    found = derive(situation(*nodes, depends_on=edges))
    assert found[NodeId("os-a")] == blocked("os-c.9 blocked")
    assert found[NodeId("os-d")] == blocked("os-far failed")


def test_task_is_blocked_when_a_goal_that_it_waits_for_holds_a_failed_task() -> None:
    nodes = (node("os-a"), node("os-g", Status.ACTIVE, kind=GOAL), node("os-g.1", Status.FAILED, "os-g"))
    found = derive(situation(*nodes, depends_on={"os-a": ("os-g",)}))
    assert found[NodeId("os-a")] == blocked("os-g.1 failed")


def test_blocking_stops_when_a_task_upstream_is_being_worked_on() -> None:
    nodes = (node("os-a"), node("os-b", Status.IN_PROGRESS), node("os-c", Status.FAILED))
    found = derive(situation(*nodes, depends_on={"os-a": ("os-b",), "os-b": ("os-c",)}))
    assert found[NodeId("os-a")] == PENDING


def test_deep_chains_are_derived_when_recursion_would_overflow() -> None:
    count = 20_000
    nodes = [node(f"os-{i}") for i in range(count)]
    nodes[0] = node("os-0", Status.FAILED)
    found = derive(situation(*nodes, depends_on={f"os-{i}": (f"os-{i - 1}",) for i in range(1, count)}))
    assert found[NodeId(f"os-{count - 1}")] == blocked("os-0 failed")


def test_reasons_are_named_when_a_task_is_not_ready() -> None:
    nodes = (
        node("os-g", Status.CANCELLED, kind=GOAL),
        node("os-g.1", parent="os-g"),
        node("os-g.1.1", parent="os-g.1"),
        node("os-b", Status.CLAIMED),
        node("os-c"),
    )
    found = situation(*nodes, depends_on={"os-g.1": ("os-b", "os-c")})
    why = why_not_ready(found, NodeId("os-g.1"))
    assert why == (
        "it waits for os-b (claimed); it waits for os-c (pending); it lies in os-g, which is cancelled; "
        "its child task os-g.1.1 is open"
    )
    assert "os-g.1, in which it lies, waits for os-b" in why_not_ready(found, NodeId("os-g.1.1"))
    assert why_not_ready(found, NodeId("os-c")) == "it is ready"


def test_next_orders_by_each_criterion_when_the_ones_before_are_equal() -> None:
    def facts(
        node_id: str, priority: Priority | None = None, complexity: Complexity | None = None, created_at: str = ""
    ) -> Facts:
        return Facts(NodeId(node_id), TASK, Status.PENDING, None, priority, complexity, created_at)

    in_order = [
        (facts("os-a.10", priority=Priority.CRITICAL), 0),
        (facts("os-a.9", priority=Priority.HIGH, complexity=Complexity.LARGE), 2),
        (facts("os-a.8", priority=Priority.HIGH, complexity=Complexity.SMALL), 1),
        (facts("os-a.7", priority=Priority.HIGH, complexity=Complexity.MEDIUM), 1),
        (facts("os-a.6", priority=Priority.HIGH), 1),
        (facts("os-a.5", priority=Priority.MEDIUM, created_at="2026-01-02"), 0),
        (facts("os-a.2", priority=Priority.MEDIUM, created_at="2026-01-03"), 0),
        (facts("os-a.11", priority=Priority.MEDIUM, created_at="2026-01-03"), 0),
        (facts("os-a.3", priority=Priority.LOW), 0),
        (facts("os-a.1"), 9),
    ]
    for turn in range(len(in_order)):
        turned = in_order[turn:] + in_order[:turn]
        assert sorted(turned, key=lambda pair: next_key(*pair)) == in_order


def test_only_open_tasks_count_when_dependents_are_counted() -> None:
    nodes = {n.id: n for n in (node("os-a"), node("os-b"), node("os-c", Status.COMPLETED), node("os-d", kind=DECISION))}
    edges = [(source, NodeId("os-a")) for source in nodes if source != "os-a"]
    assert open_dependents(nodes, edges) == {"os-a": 1}


_TASK_STATUSES = [s for s in Status if s in {Status.PENDING, Status.CLAIMED, Status.COMPLETED, Status.BLOCKED,
                                             Status.FAILED, Status.CANCELLED, Status.REVIEW}]  # fmt: skip
_OTHERS = {
    GOAL: [Status.PENDING, Status.ACTIVE, Status.COMPLETED, Status.CANCELLED],
    DECISION: [Status.PENDING, Status.ACTIVE, Status.DECIDED, Status.SUPERSEDED],
}


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    count = draw(st.integers(1, 12))
    nodes: list[Facts] = []
    for number in range(count):
        kind = draw(st.sampled_from([TASK, TASK, TASK, TASK, GOAL, DECISION]))
        weights = [Status.PENDING] * 6 + _TASK_STATUSES
        status = draw(st.sampled_from(weights if kind is TASK else _OTHERS[kind]))
        parent = draw(st.sampled_from([None, *range(number)]))
        nodes.append(node(f"os-{number}", status, None if parent is None else f"os-{parent}", kind))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges: dict[str, tuple[str, ...]] = {}
    for source, target in draw(st.sets(pairs, max_size=count * 2)):
        # Any direction: rules must not hang on a cycle either.
        if source != target:
            edges[f"os-{source}"] = (*edges.get(f"os-{source}", ()), f"os-{target}")
    return situation(*nodes, depends_on=edges)


@examples(200)
@given(situations())
def test_derived_statuses_equal_the_naive_rule_when_the_graph_is_any(found: Situation) -> None:
    edges = {(source, target) for source, targets in found.depends_on.items() for target in targets}
    expected = naive(found.nodes, edges)
    assert derive(found) == expected
    for task_id, (status, _) in expected.items():
        assert (why_not_ready(found, task_id) == "it is ready") is (status is Status.READY)
