"""Handoff notes out of a graph in either store."""

from __future__ import annotations

import pytest

from ostinato.base.errors import NotFoundError
from ostinato.base.ids import NodeId
from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode
from ostinato.graph.types import Node, NodeType, Status
from ostinato.store.store import Store
from tests.unit.store.work import add_task

EMPTY = "## Done\n\n## Remaining\n\n## Blocked\n\n## Decisions Made\n\n"


def test_a_goal_without_descendants_gives_the_bare_headers(store: Store, goal: Node) -> None:
    assert store.graph.notes(goal.id) == EMPTY
    assert store.graph.notes(goal.id) == EMPTY


def test_an_unknown_goal_is_an_error(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.graph.notes(NodeId("os-none"))


def test_notes_speak_of_derived_statuses_when_tasks_wait(store: Store, goal: Node) -> None:
    first = add_task(store, goal, "First")
    second = add_task(store, goal, "Second", depends_on=(first.id,))
    third = add_task(store, goal, "Third", depends_on=(second.id,))
    notes = store.graph.notes(goal.id)
    assert f"## Remaining\n- {first.id}: First [ready]\n- {second.id}: Second [pending]\n" in notes
    store.graph.set_status(first.id, Status.BLOCKED, reason="no\nkey")
    notes = store.graph.notes(goal.id)
    assert notes == (
        "## Done\n(none)\n\n## Remaining\n(none)\n\n## Blocked\n"
        f"- {first.id}: First — no key\n"
        f"- {second.id}: Second — {first.id} blocked\n"
        f"- {third.id}: Third — {first.id} blocked\n"
        "\n## Decisions Made\n(none)\n\n"
    )


def test_outcomes_and_observations_stay_out(store: Store, goal: Node) -> None:
    task = add_task(store, goal)
    store.reasoning.record_outcome(task.id, "Led to", "", True)
    store.reasoning.record_observation(goal.id, "Seen", "", None)
    notes = store.graph.notes(goal.id)
    assert "Led to" not in notes
    assert "Seen" not in notes


def test_a_goal_knows_nothing_of_its_neighbour(store: Store, project: Project, goal: Node) -> None:
    other = store.graph.add_node(project.id, NewNode(NodeType.GOAL, "Other"))
    add_task(store, other)
    assert store.graph.notes(goal.id) == EMPTY
