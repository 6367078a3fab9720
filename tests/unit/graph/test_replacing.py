"""Which tasks a plan may take the place of, and what goes with them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.plan import PlanDraft, TaskDraft
from ostinato.graph.replacing import Standing, check_replacing, kept_titles, swept
from ostinato.graph.types import Node, NodeType, Status

AT = datetime(2026, 1, 1, tzinfo=UTC)


def node(identifier: str, status: Status = Status.READY, parent: str = "os-1") -> Node:
    return Node(
        NodeId(identifier), ProjectId("proj-1"), NodeType.TASK, identifier, status, AT, parent_id=NodeId(parent)
    )


def standing(*tasks: Node, **after: str) -> Standing:
    depends = {NodeId(f"os-1.{one[1:]}"): (NodeId(f"os-1.{other[1:]}"),) for one, other in after.items()}
    return Standing(tasks, depends)


def plan(*tasks: TaskDraft) -> PlanDraft:
    return PlanDraft("p", tasks)


def new(key: str, *replaces: str, after: tuple[str, ...] = ()) -> TaskDraft:
    return TaskDraft(key, key, depends_on=after, replaces=replaces)


@pytest.mark.parametrize("status", [Status.PENDING, Status.READY, Status.BLOCKED, Status.FAILED])
def test_a_task_that_nobody_works_on_can_be_replaced(status: Status) -> None:
    assert check_replacing(plan(new("n", "os-1.1")), standing(node("os-1.1", status))) == []


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (Status.CLAIMED, "is being worked on"),
        (Status.IN_PROGRESS, "is being worked on"),
        (Status.REVIEW, "waits for a person"),
        (Status.COMPLETED, "is completed"),
        (Status.CANCELLED, "is cancelled"),
    ],
)
def test_others_stay_with_the_reason(status: Status, why: str) -> None:
    (finding,) = check_replacing(plan(new("n", "os-1.1")), standing(node("os-1.1", status)))
    assert (finding.task, finding.rule) == ("n", "replaces")
    assert f"os-1.1 {why}" in finding.message


def test_what_is_no_task_of_the_goal_is_named_clipped() -> None:
    (finding,) = check_replacing(plan(new("n", "os-2.1\n" * 100)), standing(node("os-1.1")))
    assert "no task of this goal" in finding.message
    assert "\n" not in finding.message
    assert len(finding.message) < 250


def test_open_tasks_below_go_too_and_one_at_work_keeps_the_parent() -> None:
    tasks = (
        node("os-1.1"),
        node("os-1.1.1", Status.COMPLETED, "os-1.1"),
        node("os-1.1.2", Status.PENDING, "os-1.1"),
        node("os-1.1.2.1", Status.FAILED, "os-1.1.2"),
        node("os-1.2"),
    )
    assert list(swept({NodeId("os-1.1"): [NodeId("n")]}, tasks)) == ["os-1.1", "os-1.1.2", "os-1.1.2.1"]
    (finding,) = check_replacing(
        plan(new("n", "os-1.1")), standing(*tasks, node("os-1.1.3", Status.IN_PROGRESS, "os-1.1"))
    )
    assert "os-1.1.3 is being worked on" in finding.message


def test_titles_of_what_stays_are_taken_those_of_what_goes_are_free() -> None:
    existing = standing(node("os-1.1"), node("os-1.2"), node("os-1.3", Status.COMPLETED))
    assert kept_titles(plan(new("n", "os-1.1")), existing) == {"os-1.2"}


def test_nothing_depends_on_what_it_replaces() -> None:
    (finding,) = check_replacing(plan(new("n", "os-1.1", after=("os-1.1",))), standing(node("os-1.1")))
    assert "depend on the task that takes its place" in finding.message


def test_a_circle_through_kept_tasks_is_found_with_its_way() -> None:
    # 2 waits for 1, and the new task takes the place of 1 but waits for 3, which waits for 2.
    existing = standing(node("os-1.1"), node("os-1.2"), node("os-1.3"), t2="t1", t3="t2")
    findings = check_replacing(plan(new("n", "os-1.1", after=("os-1.3",))), existing)
    assert [f.rule for f in findings] == ["cycle"]
    assert "n → os-1.3 → os-1.2 → n" in findings[0].message
    assert check_replacing(plan(new("n", "os-1.3", after=("os-1.2",))), existing) == []
