"""How iterations are kept in the database: ids that are taken, rows that cannot be read. The rest: tests/contract."""

from __future__ import annotations

import pytest

from ostinato.base.errors import DatabaseError
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Node
from ostinato.store.iterations import IterationStore
from ostinato.store.store import Store
from tests.unit.store.work import add_task, begin, claim_next


def test_an_id_is_tried_again_when_it_is_taken(store: Store, goal: Node) -> None:
    numbers = iter(["aa", "aa", "bb"])
    own = IterationStore(
        store.db, store.events, store.graph, store.reasoning, store.sessions, new_id=lambda: next(numbers)
    )
    session = store.sessions.start(goal.project_id, goal.id, SessionKind.RALPH)
    for _ in range(2):
        add_task(store, goal)
    made = [own.start(session.id, claim_next(store, goal, session), "base").id for _ in range(2)]
    assert made == ["iter-aa", "iter-bb"]


@pytest.mark.parametrize(
    ("column", "value"), [("started_at", "soon"), ("ending", "odd"), ("reasons", "x"), ("spending", '"x"')]
)
def test_a_corrupt_row_is_an_error(store: Store, goal: Node, column: str, value: str) -> None:
    add_task(store, goal)
    work = begin(store, goal)
    store.db.execute(f"UPDATE iterations SET {column} = :value", {"value": value})
    with pytest.raises(DatabaseError, match=work.iteration.id):
        store.iterations.get(work.iteration.id)
