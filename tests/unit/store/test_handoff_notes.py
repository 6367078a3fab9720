"""Handoff notes out of damaged and out of very large graphs; the rest is in tests/contract."""

from __future__ import annotations

import apsw

from ostinato.graph.plan import DecisionDraft, OptionDraft
from ostinato.graph.types import Node
from ostinato.store.store import Store
from tests.unit.store.garden import lower
from tests.unit.store.work import add_task


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


def test_more_descendants_than_sqlite_has_variables_are_no_special_case(store: Store, goal: Node) -> None:
    lower(store, apsw.SQLITE_LIMIT_VARIABLE_NUMBER, 60)
    many = 400
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
