"""Handoff notes out of a real graph."""

from __future__ import annotations

import pytest

from ostinato.base.errors import NotFoundError
from ostinato.base.ids import NodeId
from ostinato.graph.plan import DecisionDraft, OptionDraft
from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode
from ostinato.graph.types import Node, NodeType, Status
from ostinato.store.notes import handoff_notes
from ostinato.store.store import Store
from tests.unit.store.work import add_task

EMPTY = "## Done\n\n## Remaining\n\n## Blocked\n\n## Decisions Made\n\n"


def test_a_goal_without_descendants_gives_the_bare_headers(store: Store, goal: Node) -> None:
    assert handoff_notes(store.db, goal.id) == EMPTY
    assert store.graph.notes(goal.id) == EMPTY


def test_an_unknown_goal_is_an_error(store: Store) -> None:
    with pytest.raises(NotFoundError):
        handoff_notes(store.db, NodeId("os-none"))


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


def test_a_node_is_named_once_when_damaged_edges_make_a_diamond_and_a_circle(store: Store, goal: Node) -> None:
    left, right = add_task(store, goal, "Left"), add_task(store, goal, "Right")
    shared = add_task(store, left, "Shared")
    for number, (parent, child) in enumerate([(right, shared), (shared, left), (shared, goal)]):
        # The store refuses such edges; whatever put them there must not make the notes endless.
        store.db.execute(
            "INSERT INTO edges (id, edge_type, from_id, to_id, created_at) VALUES (:id, 'contains', :a, :b, :at)",
            {"id": f"e-{number}", "a": parent.id, "b": child.id, "at": store.db.now()},
        )
    lines = [line for line in store.graph.notes(goal.id).splitlines() if line.startswith("- ")]
    assert sorted(line.split(": ")[0] for line in lines) == [f"- {left.id}", f"- {shared.id}", f"- {right.id}"]


def test_the_latest_choice_counts_when_a_decision_has_several_chosen_edges(store: Store, goal: Node) -> None:
    draft = DecisionDraft("Which", options=(OptionDraft("Old"), OptionDraft("New")), chosen="Old", rationale="was\nso")
    decision = store.reasoning.log_decision(goal.id, draft)
    assert f"- {decision.id}: Which → Old (was so)\n" in store.graph.notes(goal.id)
    new = next(n for n in store.graph.descendants(decision.id) if n.title == "New")
    # Only an import could leave two behind: the store itself replaces the choice.
    store.db.execute(
        "INSERT INTO edges (id, edge_type, from_id, to_id, created_at) VALUES ('e-x', 'chosen', :d, :n, :at)",
        {"d": decision.id, "n": new.id, "at": store.db.now()},
    )
    assert f"- {decision.id}: Which → New\n" in store.graph.notes(goal.id)


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


def test_forty_thousand_descendants_are_no_special_case(store: Store, goal: Node) -> None:
    many = 40_000
    values = {"project": goal.project_id, "goal": goal.id, "at": "2026-01-01T00:00:00.000000Z", "many": many}
    numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :many)"
    with store.db.transaction():
        store.db.execute(
            f"""INSERT INTO nodes (id, project_id, node_type, title, status, created_at, parent_id)
            {numbers}
            SELECT :goal || '.' || n, :project, 'task', 'T' || n, 'pending', :at, :goal FROM numbers""",
            values,
        )
        store.db.execute(
            f"""INSERT INTO edges (id, edge_type, from_id, to_id, created_at)
            {numbers}
            SELECT 'e-' || n, 'contains', :goal, :goal || '.' || n, :at FROM numbers""",
            {name: value for name, value in values.items() if name != "project"},
        )
    lines = store.graph.notes(goal.id).splitlines()
    remaining = lines[lines.index("## Remaining") + 1 : lines.index("## Blocked") - 1]
    assert remaining == [f"- {goal.id}.{n}: T{n} [ready]" for n in range(1, many + 1)]
