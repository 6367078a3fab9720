"""A draft in the database that cannot be read. All else about plans: tests/contract."""

from __future__ import annotations

import pytest

from ostinato.base.errors import DatabaseError
from ostinato.graph.plan import PlanDraft, TaskDraft
from ostinato.graph.types import Node
from ostinato.store.store import Store


def test_a_corrupt_draft_is_an_error(store: Store, goal: Node) -> None:
    store.plans.save_draft(goal.id, PlanDraft("", (TaskDraft("a", "A"),)))
    store.db.execute("UPDATE plan_drafts SET draft = '{'")
    with pytest.raises(DatabaseError, match=goal.id):
        store.plans.draft(goal.id)
