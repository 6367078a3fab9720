"""What `doctor` says of a database: sound, damaged in many ways, old, large; and that no damage makes it fall over."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from ostinato.app.health.database import contents, database, log, sessions
from ostinato.app.health.finding import Finding, Situation, State
from ostinato.base.process import current_process
from ostinato.graph.requests import NewNode
from ostinato.graph.types import NodeType
from ostinato.store.database import migrations
from ostinato.store.soundness import work_out_anew
from ostinato.store.store import Store, open_store
from ostinato.testing.fake_clock import FakeClock
from tests.unit.night import night
from tests.unit.store.work import add_task, begin


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "looked-at.db"


@pytest.fixture
def kept(path: Path) -> Store:
    """A night of work in a file, and a ready task that another waits for."""
    store = open_store(path, FakeClock())
    made = night(store, str(path.parent))
    first = add_task(store, made.goal, "First")
    add_task(store, made.goal, "Second", depends_on=(first.id,))
    return store


def look(path: Path, *, full: bool = False) -> dict[str, list[Finding]]:
    situation = Situation(None, path, os.environ, None, "", full=full)
    found: dict[str, list[Finding]] = {}
    for part in (database, log, contents, sessions):
        for finding in part(situation):
            found.setdefault(finding.name, []).append(finding)
    return found


def plainly(path: Path, *statements: str) -> None:
    """Change the file as no part of the store would."""
    connection = apsw.Connection(str(path))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_sound_database_is_told_with_its_facts(kept: Store, path: Path) -> None:
    found = look(path)
    assert {finding.state for findings in found.values() for finding in findings} == {State.OK}
    message = found["database"][0].message
    assert f"schema {max(migrations())}" in message and "sound" in message and apsw.sqlite_lib_version() in message
    assert "rows)" in found["sizes"][0].message


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM node_search_docsize WHERE id = 2", "the search index of nodes does not agree"),
        (
            "INSERT INTO node_search (node_search, rowid, title, description) VALUES ('delete', 1, 'calculator', '')",
            "the search index of nodes does not agree",
        ),
        ("UPDATE standings SET ready = 1 - ready", "is kept as"),
        ("DELETE FROM standings WHERE key = 3", "is not kept among the standings"),
        ("UPDATE standings SET open_dependents = 7 WHERE open_dependents = 1", "7 open dependents"),
    ],
)
def test_what_follows_from_facts_is_compared_and_mended(kept: Store, path: Path, statement: str, said: str) -> None:
    plainly(path, statement)
    faulty = [one for findings in look(path).values() for one in findings if one.state is State.FAIL]
    assert faulty and said in faulty[0].message
    assert "doctor --mend" in faulty[0].fix
    work_out_anew(kept.db)
    assert all(one.state is State.OK for findings in look(path).values() for one in findings)


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (("PRAGMA foreign_keys = off", "DELETE FROM nodes WHERE node_type = 'option'"), "without the nodes"),
        (("DELETE FROM edges WHERE edge_type = 'contains'",), "has no edge to it"),
        (
            (
                "PRAGMA writable_schema = on",
                "UPDATE sqlite_master SET sql = replace(sql, 'failed', 'flailed') WHERE name = 'nodes'",
                "PRAGMA writable_schema = off",
            ),
            "CHECK constraint failed",
        ),
    ],
)
def test_damaged_facts_are_named_and_a_backup_advised(
    kept: Store, path: Path, statements: tuple[str, ...], said: str
) -> None:
    plainly(path, *statements)
    faulty = [one for findings in look(path).values() for one in findings if one.state is State.FAIL]
    assert any(said in one.message and "backup" in one.fix for one in faulty), faulty


def test_no_damage_of_the_file_makes_the_doctor_fall_over(kept: Store, path: Path, tmp_path: Path) -> None:
    kept.close()
    sound = path.read_bytes()
    dice = random.Random(1)
    seen = 0
    for number in range(30):
        broken = bytearray(sound)
        for _ in range(dice.choice((1, 3, 20))):
            start = dice.randrange(100, len(broken))
            broken[start : start + 200] = dice.randbytes(min(200, len(broken) - start))
        target = tmp_path / f"broken-{number}.db"
        target.write_bytes(broken[: dice.randrange(len(broken))] if number % 5 == 4 else broken)
        found = look(target)
        seen += found["database"][0].state is State.FAIL
    assert seen > 12
    assert look(path)["database"][0].state is State.OK


def test_older_and_newer_schemas_are_told_apart(kept: Store, path: Path) -> None:
    kept.close()
    plainly(path, "INSERT INTO schema_migrations VALUES (999, 'then')")
    (newer,) = look(path)["database"]
    assert (newer.state, newer.fix) == (State.FAIL, "update Ostinato")
    plainly(path, "DELETE FROM schema_migrations WHERE version > 2")
    (older,) = look(path)["database"]
    assert older.state is State.WARN
    assert "ostinato backup" in older.fix
    assert list(apsw.Connection(str(path)).execute("SELECT max(version) FROM schema_migrations")) == [(2,)]


def test_large_log_and_large_database_are_told(path: Path, monkeypatch: pytest.MonkeyPatch, kept: Store) -> None:
    from ostinato.app.health import database as module

    monkeypatch.setattr(module, "_LARGE_LOG", 10)
    monkeypatch.setattr(module, "_CHECKED", 10)
    monkeypatch.setattr(module, "_CHECKED_IN_FULL", 10)
    found = look(path)
    assert found["log"][0].state is State.WARN
    assert "not looked at (--full does)" in found["database"][0].message
    assert found["database"][0].message != look(path, full=True)["database"][0].message


def test_claims_of_dead_processes_are_found(kept: Store, path: Path) -> None:
    project = kept.projects.list()[0]
    goal = kept.graph.add_node(project.id, NewNode(NodeType.GOAL, "Another"))
    add_task(kept, goal)
    dead = replace(current_process(), started="long ago")
    work = begin(kept, goal, dead)
    found = look(path)
    assert work.claim.task_id in found["claims"][0].message
    assert work.session.id in found["sessions"][0].message
    kept.recover(project.id, {})
    assert "claims" not in look(path)
