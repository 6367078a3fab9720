"""The way to the nearest obstacle, on values."""

from __future__ import annotations

from hypothesis import given

from ostinato.base.ids import NodeId
from ostinato.graph.rules import Situation, derive
from ostinato.graph.types import Status
from ostinato.graph.why import why_waiting
from tests.examples import examples
from tests.unit.graph.test_rules import GOAL, node, situation, situations


def _way(found: Situation, task_id: str) -> list[tuple[str, str, str, str]]:
    chain = why_waiting(found, NodeId(task_id)).chain
    return [(str(s.by), str(s.how), str(s.id), str(s.status)) for s in chain]


def test_the_way_leads_through_prerequisites_parents_and_children() -> None:
    found = situation(
        node("os-g", Status.ACTIVE, kind=GOAL),
        node("os-g.1", parent="os-g"),
        node("os-g.1.1", parent="os-g.1"),
        node("os-g.2", parent="os-g"),
        node("os-g.2.1", parent="os-g.2"),
        node("os-g.2.2", Status.FAILED, parent="os-g.2"),
        depends_on={"os-g.1": ("os-g.2",)},
    )
    assert _way(found, "os-g.1.1") == [
        ("os-g.1", "depends_on", "os-g.2", "blocked"),
        ("os-g.2", "contains", "os-g.2.2", "failed"),
    ]
    assert _way(found, "os-g.2.1") == []


def test_the_nearest_node_that_waits_for_nothing_is_the_obstacle_when_nothing_has_stopped() -> None:
    found = situation(
        node("os-a"), node("os-b"), node("os-c", Status.IN_PROGRESS), depends_on={"os-a": ("os-b",), "os-b": ("os-c",)}
    )
    assert [step[2:] for step in _way(found, "os-a")] == [("os-b", "pending"), ("os-c", "in_progress")]


def test_a_cancelled_ancestor_is_the_end_of_the_way() -> None:
    found = situation(node("os-g", Status.CANCELLED, kind=GOAL), node("os-g.1", parent="os-g"))
    assert _way(found, "os-g.1") == [("os-g.1", "lies_in", "os-g", "cancelled")]


@examples(100)
@given(situations())
def test_the_obstacle_is_the_one_that_the_status_names(found: Situation) -> None:
    for task_id, (status, reason) in derive(found).items():
        waits, chain = why_waiting(found, task_id)
        if all(step.id == task_id for step in waits) and waits:
            continue  # in a circle, which the store refuses, a task can wait for itself
        assert bool(waits) is bool(chain) is (status is not Status.READY)
        if status is Status.BLOCKED:
            assert f"{chain[-1].id} {chain[-1].status}" == reason
