"""What the reference system's store got wrong, one test each (its list of defects, A1 to A18)."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from ostinato.base.errors import DatabaseError, RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.edges import EdgeType
from ostinato.graph.requests import NewNode, NodeChanges, NodeFilter
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import NodeType, Status, TaskDetails
from ostinato.store.store import Store, open_store
from ostinato.testing.fake_clock import FakeClock
from tests.unit.store.garden import Garden, lower


def test_a1_each_descendant_is_named_once_and_cycles_are_refused(garden: Garden) -> None:
    outer = garden.goal()
    inner = garden.goal("inner", outer)
    left, right = garden.task("left", inner), garden.task("right", inner)
    shared = garden.task("shared", inner, depends_on=(left.id, right.id))
    found = [node.id for node in garden.store.graph.descendants(outer.id)]
    assert found == [inner.id, left.id, right.id, shared.id]
    with pytest.raises(RuleError, match="cycle"):
        garden.store.graph.link(inner.id, EdgeType.CONTAINS, outer.id)
    with pytest.raises(RuleError, match="cycle"):
        garden.store.graph.link(left.id, EdgeType.DEPENDS_ON, shared.id)
    with pytest.raises(RuleError, match="itself"):
        garden.store.graph.link(left.id, EdgeType.DEPENDS_ON, left.id)
    assert len(garden.store.graph.edges_of(shared.id)) == 3


def test_a2_more_descendants_than_sqlite_has_variables_are_no_special_case(garden: Garden, store: Store) -> None:
    lower(store, apsw.SQLITE_LIMIT_VARIABLE_NUMBER, 60)
    goal = garden.goal()
    many = """WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
        INSERT INTO nodes (id, project_id, node_type, title, status, created_at, parent_id)
        SELECT :goal || '.' || i, :project, 'task', 't', 'pending', '2026-01-01T00:00:00.000000Z', :goal FROM n"""
    with store.db.transaction():
        store.db.execute(many, {"goal": goal.id, "project": garden.project.id})
    assert store.graph.counts(goal.id) == {Status.READY: 400}
    assert len(store.graph.query(NodeFilter(goal_id=goal.id, status=Status.READY))) == 400
    assert [node.id for node in store.tasks.ready(limit=2)] == [f"{goal.id}.1", f"{goal.id}.2"]
    # Whatever number a child came with, the next one is counted on.
    assert garden.task("t", goal).id == f"{goal.id}.401"


def test_a3_children_are_counted_once(garden: Garden) -> None:
    goal = garden.goal()
    assert [garden.task("t", goal).id.rpartition(".")[2] for _ in range(3)] == ["1", "2", "3"]


def test_a4_no_counter_and_no_metadata_is_lost_when_metadata_changes(garden: Garden, tmp_path: Path) -> None:
    goal = garden.goal(metadata={"kept": "yes"})
    garden.task("t", goal)
    garden.store.graph.update(goal.id, NodeChanges(metadata={"one": "1"}))
    garden.store.graph.update(goal.id, NodeChanges(metadata={"two": "2"}))
    assert garden.now(goal).metadata == {"kept": "yes", "one": "1", "two": "2"}
    assert garden.task("t", goal).id == f"{goal.id}.2"


def test_a5_counter_follows_when_a_child_comes_with_a_number_of_its_own(garden: Garden, store: Store) -> None:
    goal = garden.goal()
    store.db.execute(
        "INSERT INTO nodes (id, project_id, node_type, title, status, created_at, parent_id)"
        " VALUES (:id, :project, 'task', 't', 'pending', :at, :goal)",
        {"id": f"{goal.id}.5", "project": garden.project.id, "goal": goal.id, "at": store.db.now()},
    )
    assert garden.task("t", goal).id == f"{goal.id}.6"


def test_a6_roots_have_long_ids_of_their_own_kind(garden: Garden) -> None:
    made = {garden.goal().id for _ in range(300)}
    assert len(made) == 300
    assert all(node_id.startswith("os-") and len(node_id) == 11 for node_id in made)
    assert garden.project.id.startswith("proj-")


def test_a7_later_writes_work_when_one_has_failed(garden: Garden, store: Store) -> None:
    with pytest.raises(apsw.ConstraintError), store.db.transaction():
        store.db.execute(
            "INSERT INTO sessions (id, project_id, goal_id, kind, started_at) VALUES ('s', 'none', 'none', 'plan', 'x')"
        )
    goal = garden.goal()
    assert store.sessions.start(garden.project.id, goal.id, SessionKind.PLAN).goal_id == goal.id


def test_a8_times_owner_and_reason_stay_true(garden: Garden) -> None:
    task = garden.task()
    done = garden.complete(task)
    assert done.completed_at is not None
    opened = garden.store.tasks.reopen(task.id)
    assert (opened.completed_at, opened.started_at, opened.assigned_to) == (None, None, None)
    garden.store.graph.set_status(task.id, Status.BLOCKED, reason="why")
    assert garden.store.graph.set_status(task.id, Status.READY).blocked_reason is None
    garden.store.tasks.claim("me", task_id=task.id)
    assert garden.store.tasks.release(task.id).assigned_to is None


def test_a9_statuses_are_checked_on_every_way_in(garden: Garden, store: Store) -> None:
    for kind in (NodeType.OBSERVATION, NodeType.OUTCOME, NodeType.REVISIT):
        with pytest.raises(RuleError, match="cannot be pending"):
            garden.add(kind, "n", status=Status.PENDING)
    with pytest.raises(apsw.ConstraintError):
        store.db.execute("UPDATE nodes SET status = 'ready' WHERE id = :id", {"id": garden.task().id})
    goal = garden.goal()
    decision = garden.add(NodeType.DECISION, "d", goal)
    first = garden.task("t", goal)
    store.graph.link(decision.id, EdgeType.DEPENDS_ON, first.id)
    garden.complete(first)
    assert garden.status(decision) == ["pending"]


def test_a10_tasks_without_dependencies_are_ready_from_the_start(garden: Garden) -> None:
    task = garden.task("t", garden.goal())
    assert task.status is Status.READY
    assert garden.store.tasks.next() == task


def test_a11_dependents_are_released_however_the_obstacle_goes(garden: Garden) -> None:
    goal = garden.goal()
    cancelled, unlinked = garden.task("cancelled", goal), garden.task("unlinked", goal)
    decided = garden.add(NodeType.DECISION, "d", goal)
    waiting = [garden.task("w", goal, depends_on=(node.id,)) for node in (cancelled, unlinked, decided)]
    assert garden.status(*waiting) == ["pending"] * 3
    graph = garden.store.graph
    graph.set_status(cancelled.id, Status.CANCELLED)
    (edge,) = [e for e in graph.edges_of(unlinked.id) if e.edge_type is EdgeType.DEPENDS_ON]
    graph.unlink(edge.id)
    graph.set_status(decided.id, Status.DECIDED)
    assert garden.status(*waiting) == ["ready"] * 3


def test_a12_notes_leave_no_status_out_and_name_each_decision_once(garden: Garden, store: Store) -> None:
    goal = garden.goal()
    decision = garden.add(NodeType.DECISION, "which", goal)
    options = [garden.add(NodeType.OPTION, title, decision) for title in ("this\none", "that")]
    store.reasoning.choose_option(decision.id, options[0].id, "it is\nfast")
    for status in (Status.BLOCKED, Status.FAILED, Status.COMPLETED):
        garden.task(f"was {status}", goal, status=status)
    notes = store.graph.notes(goal.id)
    assert f"- {decision.id}: which → this one (it is fast)\n" in notes
    assert [notes.count(f"{goal.id}.{number}: was") for number in (2, 3, 4)] == [1, 1, 1]
    empty = store.graph.notes(garden.goal("empty").id)
    assert empty == "## Done\n\n## Remaining\n\n## Blocked\n\n## Decisions Made\n\n"


def test_a13_sessions_keep_who_took_part_and_end_once(garden: Garden, store: Store) -> None:
    goal = garden.goal()
    session = store.sessions.start(garden.project.id, goal.id, SessionKind.RALPH)
    store.sessions.add_agent(session.id, "coder")
    ended = store.sessions.end(session.id, summary="one task", stop_reason="stuck")
    assert (ended.agent_ids, ended.summary) == (("coder",), "one task")
    with pytest.raises(RuleError, match="ended already"):
        store.sessions.end(session.id)
    assert store.sessions.list(goal.id) == [ended]


def test_a14_any_text_is_a_legal_query(garden: Garden) -> None:
    garden.task("fix user-auth in C++")
    for text in ("user-auth", "fix it?", "a.b", "C++", '"', "'", "AND", "NEAR(", "*", "-", "title:", "(", "\0"):
        assert isinstance(garden.store.graph.search(text), list)


def test_a15_queries_are_ordered_and_use_their_text_and_damage_is_not_guessed_away(garden: Garden) -> None:
    made = [garden.task(title).id for title in ("one", "two", "one more")]
    assert [node.id for node in garden.store.graph.query(NodeFilter())] == made
    assert [node.id for node in garden.store.graph.query(NodeFilter(text="one"))] == [made[0], made[2]]
    garden.store.db.execute("UPDATE nodes SET created_at = 'garbage' WHERE id = :id", {"id": made[0]})
    with pytest.raises(ValueError, match="garbage"):
        garden.store.graph.get(made[0])


def test_a16_no_edge_leads_into_nothing(garden: Garden, store: Store) -> None:
    task = garden.task()
    with pytest.raises(apsw.ConstraintError), store.db.transaction():
        store.db.execute(
            "INSERT INTO edges (id, edge_type, from_id, to_id, created_at)"
            " VALUES ('e-1', 'informs', :id, 'os-none', '2026-01-01T00:00:00.000000Z')",
            {"id": task.id},
        )
    assert store.graph.edges_of(task.id) == []


def test_a17_steps_belong_together_and_a_choice_must_be_an_option(garden: Garden) -> None:
    decision = garden.add(NodeType.DECISION, "d")
    stranger = garden.add(NodeType.OPTION, "o", garden.add(NodeType.DECISION, "other"))
    before = garden.seq()
    with pytest.raises(RuleError, match="is not an option of"):
        garden.store.reasoning.choose_option(decision.id, stranger.id, "why")
    assert garden.seq() == before


def test_a18_project_can_be_removed_with_all_it_has(garden: Garden, store: Store) -> None:
    goal = garden.goal()
    lower(store, apsw.SQLITE_LIMIT_TRIGGER_DEPTH, 50)
    node = goal
    for _ in range(100):  # deeper than SQLite cascades
        node = store.graph.add_node(garden.project.id, NewNode(NodeType.GOAL, "deeper", parent_id=node.id))
    task = garden.task("t", goal, details=TaskDetails(profile="coder"))
    store.tasks.claim("me", task_id=task.id)
    store.sessions.end(store.sessions.start(garden.project.id, goal.id, SessionKind.PLAN).id)
    kept = store.graph.add_node(store.projects.add("/elsewhere").id, NewNode(NodeType.TASK, "kept"))
    store.projects.remove(garden.project.name)
    for table in ("nodes", "edges", "claims", "sessions"):
        rows = store.db.execute(f"SELECT * FROM {table}")
        assert len(rows) == (1 if table == "nodes" else 0), table
    assert {event.project_id for event in store.events.after(0)} == {kept.project_id}
    assert store.graph.query(NodeFilter()) == [kept]


def test_schema_of_a_newer_release_is_refused_and_reading_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "ostinato.db"
    reader = open_store(path, FakeClock(), create=False)
    assert (reader.projects.list(), reader.graph.find(NodeId("os-a")), reader.tasks.ready()) == ([], None, [])
    assert not path.exists()
    writer = open_store(path, FakeClock())
    writer.db.execute("INSERT INTO schema_migrations VALUES (999, 'then')")
    writer.close()
    writer.close()
    with pytest.raises(DatabaseError, match="newer"):
        open_store(path, FakeClock())
