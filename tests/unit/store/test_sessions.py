"""How sessions are kept in the database: ids that are taken, rows that cannot be read. The rest: tests/contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from ostinato.base.errors import DatabaseError
from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Node, NodeType
from ostinato.store.sessions import SessionStore
from ostinato.store.store import Store, open_store
from ostinato.testing.fake_clock import FakeClock
from tests.unit.store.work import add_task

RALPH = SessionKind.RALPH


def test_an_id_is_tried_again_when_it_is_taken(store: Store, project: Project, goal: Node) -> None:
    numbers = iter(["aa", "aa", "aa", "bb"])
    sessions = SessionStore(store.db, store.events, new_id=lambda: next(numbers))
    assert [sessions.start(project.id, goal.id, RALPH).id for _ in range(2)] == ["sess-aa", "sess-bb"]


def test_ending_leaves_the_session_open_when_the_notes_cannot_be_made(
    store: Store, project: Project, goal: Node
) -> None:
    session = store.sessions.start(project.id, goal.id, RALPH)
    task = add_task(store, goal)
    store.db.execute("PRAGMA ignore_check_constraints = ON")
    store.db.execute("UPDATE nodes SET status = 'nonsense' WHERE id = :id", {"id": task.id})
    with pytest.raises(ValueError, match="nonsense"):
        store.sessions.end(session.id)
    assert store.sessions.get(session.id).ended_at is None


def test_sessions_come_newest_first_and_by_id_when_of_the_same_moment(project: Project, tmp_path: Path) -> None:
    store = open_store(tmp_path / "still.db", FakeClock(tick=0.0))
    home = store.projects.add("/home/x")
    goal = store.graph.add_node(home.id, NewNode(NodeType.GOAL, "G"))
    ids = iter(["bb", "aa", "cc"])
    sessions = SessionStore(store.db, store.events, new_id=lambda: next(ids))
    for _ in range(3):
        sessions.start(home.id, goal.id, RALPH)
    assert [s.id for s in sessions.list(goal.id)] == ["sess-aa", "sess-bb", "sess-cc"]
    store.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("started_at", "yesterday"),
        ("ended_at", "2026-01-01T00:00:00"),
        ("ended_at", ""),
        ("agent_ids", "{"),
        ("agent_ids", "[1]"),
        ("spending", '{"inputs": 1}'),
        ("spending", "[]"),
    ],
)
def test_a_corrupt_row_is_an_error_and_never_a_guess(
    store: Store, project: Project, goal: Node, column: str, value: str
) -> None:
    session = store.sessions.start(project.id, goal.id, RALPH)
    store.db.execute(f"UPDATE sessions SET {column} = :value", {"value": value})
    with pytest.raises(DatabaseError, match=session.id):
        store.sessions.get(session.id)
