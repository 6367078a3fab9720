"""What is asked most reads no table from end to end: SQLite says of each statement how it would find its rows.

The plans are those of a small database, and hold for a large one: nothing is ever analysed, so sizes do not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from ostinato.base.process import current_process
from ostinato.graph.edges import EdgeType
from ostinato.graph.projects import Project
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Node, Status
from ostinato.store.store import Store
from tests.unit.store.work import add_task

_SCAN = re.compile(r"^SCAN (nodes|edges|standings|claims|events|iterations|sessions|child|target|other)\b")
Work = Callable[[Store, Project, Node, Node], object]


def scans(store: Store, work: Callable[[], object]) -> list[str]:
    """Return what the statements of `work` would read from end to end, each with its statement."""
    ran: list[tuple[str, Any]] = []
    connection = store.db._connection

    def note(_: object, sql: str, bindings: Any) -> bool:
        ran.append((sql, bindings))
        return True

    connection.exec_trace = note
    try:
        work()
    finally:
        connection.exec_trace = None
    asked = [
        (sql, bindings) for sql, bindings in ran if re.match(r"(?s)\s*(--[^\n]*\n)*\s*(SELECT|WITH|UPDATE|DELETE)", sql)
    ]
    assert asked
    found = []
    for sql, bindings in asked:
        for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", bindings):
            if _SCAN.match(step):
                found.append(f"{step}: {' '.join(sql.split())}")
    return found


@pytest.fixture
def task(store: Store, goal: Node) -> Node:
    first, second = add_task(store, goal, "First words", "true"), add_task(store, goal, "Second words")
    add_task(store, second, "Below")
    store.graph.link(second.id, EdgeType.DEPENDS_ON, first.id)
    failed = add_task(store, goal, "Failed")
    store.graph.set_status(failed.id, Status.CLAIMED)
    store.graph.set_status(failed.id, Status.FAILED, reason="it is red")
    return first


def claim_for_the_loop(store: Store, project: Project, goal: Node, task: Node) -> None:
    session = store.sessions.start(project.id, goal.id, SessionKind.RALPH)
    store.tasks.claim_next(goal.id, "me", session_id=session.id, lease_seconds=60, process=current_process())


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(lambda s, p, g, t: s.tasks.next(project_id=p.id), id="next"),
        pytest.param(lambda s, p, g, t: s.tasks.next(goal_id=g.id), id="next of a goal"),
        pytest.param(lambda s, p, g, t: s.tasks.ready(project_id=p.id, limit=50), id="ready"),
        pytest.param(lambda s, p, g, t: s.tasks.claim("me", project_id=p.id), id="claim"),
        pytest.param(claim_for_the_loop, id="claim for the loop"),
        pytest.param(lambda s, p, g, t: s.graph.set_status(t.id, Status.COMPLETED), id="complete"),
        pytest.param(lambda s, p, g, t: s.graph.get(t.id), id="get"),
        pytest.param(lambda s, p, g, t: s.graph.edges_of(t.id), id="edges"),
        pytest.param(lambda s, p, g, t: s.graph.children(g.id), id="children"),
        pytest.param(lambda s, p, g, t: s.graph.attempts(t.id), id="attempts"),
        pytest.param(lambda s, p, g, t: s.graph.search("words", project_id=p.id, limit=10), id="search"),
        pytest.param(lambda s, p, g, t: s.graph.completed(g.id), id="completed"),
        pytest.param(lambda s, p, g, t: s.graph.notes(g.id), id="notes"),
        pytest.param(lambda s, p, g, t: add_task(s, g, "One more"), id="add"),
    ],
)
def test_no_table_is_read_from_end_to_end(store: Store, project: Project, goal: Node, task: Node, work: Work) -> None:
    assert scans(store, lambda: work(store, project, goal, task)) == []


def test_a_statement_that_reads_all_is_found_out(store: Store, task: Node) -> None:
    assert len(scans(store, lambda: store.db.execute("SELECT id FROM nodes WHERE title = :title", {"title": "x"}))) == 1
