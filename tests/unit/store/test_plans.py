"""A draft in the database that cannot be read. All else about plans: tests/contract."""

from __future__ import annotations

import pytest

from ostinato.base.errors import DatabaseError
from ostinato.graph.plan import DecisionDraft, ObservationDraft, OptionDraft, PlanDraft, TaskDraft
from ostinato.graph.types import Check, Complexity, Node, Priority
from ostinato.store.store import Store

FIRST = TaskDraft(
    "a",
    "Parse",
    "Reads it",
    ("parses",),
    (Check("make a", 30.0), Check("make all", guard=True)),
    ("b",),
    ("src/**",),
    Complexity.SMALL,
    Priority.HIGH,
    "tester",
    judge=True,
)
DRAFT = PlanDraft(
    "Two steps",
    (FIRST, TaskDraft("b", "Prepare")),
    (
        DecisionDraft("Which", "ctx", (OptionDraft("X", pros=("fast",)), OptionDraft("Y")), "X", "speed"),
        DecisionDraft("Open", options=(OptionDraft("P"), OptionDraft("Q"))),
    ),
    (ObservationDraft("No tests yet", "none"),),
    red=(("a", "make a"),),
)


def test_a_corrupt_draft_is_an_error(store: Store, goal: Node) -> None:
    store.plans.save_draft(goal.id, DRAFT)
    store.db.execute("UPDATE plan_drafts SET draft = '{'")
    with pytest.raises(DatabaseError, match=goal.id):
        store.plans.draft(goal.id)
