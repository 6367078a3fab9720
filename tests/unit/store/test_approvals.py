"""How questions are kept in the database; the rest is in tests/contract."""

from __future__ import annotations

import pytest

from ostinato.base.errors import DatabaseError
from ostinato.graph.actors import Actor
from ostinato.graph.projects import Project
from ostinato.graph.types import Node
from ostinato.store.approvals import ApprovalStore
from ostinato.store.store import Store

LOOP = Actor("loop")


def test_an_id_is_tried_again_when_it_is_taken(store: Store, project: Project, goal: Node) -> None:
    numbers = iter(["aa", "aa", "bb"])
    approvals = ApprovalStore(store.db, store.events, new_id=lambda: next(numbers))
    asked = [approvals.ask(project.id, goal.id, "plan", q, {}, LOOP).id for q in ("One?", "Two?")]
    assert asked == ["appr-aa", "appr-bb"]


@pytest.mark.parametrize(("column", "value"), [("asked_at", "now"), ("payload", "[]"), ("answered_at", "")])
def test_a_corrupt_row_is_an_error(store: Store, project: Project, goal: Node, column: str, value: str) -> None:
    asked = store.approvals.ask(project.id, goal.id, "plan", "?", {}, LOOP)
    store.db.execute(f"UPDATE approvals SET {column} = :value", {"value": value})
    with pytest.raises(DatabaseError, match=asked.id):
        store.approvals.get(asked.id)
