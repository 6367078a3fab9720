"""Opening, migrations, transactions and clear errors of the database."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import apsw
import pytest

from ostinato.base.errors import DatabaseError
from ostinato.store import database
from ostinato.store.database import MEMORY, Database, migrations
from ostinato.store.store import open_store
from ostinato.testing.fake_clock import FakeClock

SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name <> 'schema_migrations' ORDER BY type, name"


def open_at(path: Path, *, create: bool = True, busy: int = 50) -> Database:
    return Database(path, FakeClock(), create=create, busy_milliseconds=busy)


def other_connection(path: Path) -> apsw.Connection:
    return apsw.Connection(str(path))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "ostinato.db"


def test_schema_equals_the_scripts_when_the_migrations_have_run(path: Path) -> None:
    plain = apsw.Connection(":memory:")
    for _, sql in sorted(migrations().items()):
        plain.execute(sql)
    opened = open_at(path)
    assert opened.tuples(SCHEMA) == list(plain.execute(SCHEMA))
    assert opened.schema_version() == max(migrations())


def test_nothing_is_migrated_again_when_a_database_is_opened_a_second_time(path: Path) -> None:
    open_at(path).close()
    again = open_at(path)
    assert again.one("SELECT count(*) AS n FROM schema_migrations") == {"n": len(migrations())}


def test_migration_leaves_nothing_when_it_fails(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {1: "CREATE TABLE one (a); ", 2: "CREATE TABLE two (a); INSERT INTO nowhere VALUES (1);"}
    monkeypatch.setattr(database, "migrations", lambda: broken)
    with pytest.raises(apsw.SQLError, match="nowhere"):
        open_at(path)
    assert list(other_connection(path).execute("SELECT name FROM sqlite_master")) == []


def test_later_migrations_run_when_a_database_is_older(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_at(path).close()
    newer = {**migrations(), max(migrations()) + 1: "CREATE TABLE added (a);"}
    monkeypatch.setattr(database, "migrations", lambda: newer)
    with pytest.raises(DatabaseError, match="older than"):
        open_at(path, create=False)
    opened = open_at(path)
    assert opened.schema_version() == max(newer)
    assert opened.execute("SELECT * FROM added") == []


def test_newer_schema_is_refused_when_the_program_is_older(path: Path) -> None:
    open_at(path).close()
    other_connection(path).execute("INSERT INTO schema_migrations VALUES (999, 'then')")
    for create in (True, False):
        with pytest.raises(DatabaseError, match=r"schema 999, newer than this program's .*: update Ostinato"):
            open_at(path, create=create)


def test_file_is_refused_when_it_is_no_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("not a database, but longer than the header of one: " + "x" * 200)
    for create in (True, False):
        with pytest.raises(DatabaseError, match="not a sound SQLite database"):
            open_at(path, create=create)


def test_database_is_refused_when_it_is_another_programs(path: Path) -> None:
    path.parent.mkdir()
    other_connection(path).execute("CREATE TABLE theirs (a)")
    for create in (True, False):
        with pytest.raises(DatabaseError, match="another program's"):
            open_at(path, create=create)


@pytest.mark.parametrize("any_schema", [True, False])
def test_database_is_refused_when_its_list_of_migrations_is_another_programs(path: Path, any_schema: bool) -> None:
    path.parent.mkdir()
    other_connection(path).execute("CREATE TABLE schema_migrations (name)")
    with pytest.raises(DatabaseError, match="no database of ours"):
        Database(path, FakeClock(), any_schema=any_schema)


def test_path_is_refused_when_it_is_a_directory(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="cannot use"):
        open_at(tmp_path)


def test_path_is_refused_when_a_parent_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match="cannot use"):
        open_at(tmp_path / "file" / "ostinato.db")


def test_absent_file_reads_as_empty_when_nothing_may_be_created(path: Path) -> None:
    opened = open_at(path, create=False)
    assert opened.execute("SELECT * FROM nodes") == []
    assert not path.parent.exists()


def test_empty_file_reads_as_empty_when_nothing_may_be_created(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert open_at(path, create=False).execute("SELECT * FROM nodes") == []
    assert path.stat().st_size == 0


def test_files_are_private_when_they_are_made(path: Path) -> None:
    open_at(path)
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_write_is_refused_in_words_when_another_holds_the_lock(path: Path) -> None:
    opened = open_at(path)
    holder = other_connection(path)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match="locked by another process; nothing was written"), opened.transaction():
        pytest.fail("the block must not run")
    holder.execute("ROLLBACK")
    add_project(opened)
    assert count_projects(opened) == 1


def test_reading_does_not_wait_when_another_holds_the_lock(path: Path) -> None:
    open_at(path).close()
    holder = other_connection(path)
    holder.execute("BEGIN IMMEDIATE")
    reader = open_at(path, create=False)
    with reader.reading():
        assert count_projects(reader) == 0


def test_reading_sees_one_state_when_others_write_meanwhile(path: Path) -> None:
    reader, writer = open_at(path), open_at(path)
    with reader.reading():
        before = count_projects(reader)
        add_project(writer)
        assert count_projects(reader) == before
    assert count_projects(reader) == before + 1


def test_data_version_changes_when_another_connection_commits(path: Path) -> None:
    reader, writer = open_at(path), open_at(path)
    before = reader.data_version()
    assert reader.data_version() == before
    add_project(writer)
    assert reader.data_version() != before


def test_transaction_inside_a_reading_is_refused() -> None:
    opened = open_at(MEMORY)
    with opened.reading(), pytest.raises(RuntimeError), opened.transaction():
        pytest.fail("the block must not run")


def test_no_transaction_stays_open_when_a_block_fails(path: Path) -> None:
    opened = open_at(path)
    with pytest.raises(apsw.ConstraintError), opened.transaction():
        add_project(opened)
        opened.execute("INSERT INTO edges VALUES ('e', 'contains', 'no', 'body', NULL, 'now')")
    assert count_projects(opened) == 0
    add_project(open_at(path))
    add_project(opened, "b")
    assert count_projects(opened) == 2


def test_no_transaction_stays_open_when_the_commit_fails(path: Path) -> None:
    opened = open_at(path)
    with pytest.raises(apsw.ConstraintError), opened.transaction():
        add_project(opened)
        opened.execute(
            "INSERT INTO nodes (id, project_id, node_type, title, status, created_at, parent_id)"
            " VALUES ('os-a', 'a', 'task', 't', 'pending', 'now', 'os-nobody')"
        )
    assert count_projects(opened) == 0
    add_project(opened)
    assert count_projects(opened) == 1


def test_all_is_rolled_back_when_the_outer_block_fails() -> None:
    opened = open_at(MEMORY)
    with pytest.raises(ValueError, match="outer"), opened.transaction():
        with opened.transaction():
            add_project(opened)
        raise ValueError("outer")
    assert count_projects(opened) == 0


def test_only_the_inner_part_is_undone_when_the_outer_block_goes_on() -> None:
    opened = open_at(MEMORY)
    with opened.transaction():
        add_project(opened, "kept")
        with pytest.raises(ValueError, match="inner"), opened.transaction():
            add_project(opened, "undone")
            with opened.transaction():
                add_project(opened, "undone too")
            raise ValueError("inner")
        add_project(opened, "kept too")
    assert [row["id"] for row in opened.execute("SELECT id FROM projects ORDER BY id")] == ["kept", "kept too"]


def test_every_process_gets_the_schema_when_many_open_a_new_database_at_once(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from ostinato.base.clock import SystemClock;"
        "from ostinato.store.database import Database;"
        "print(Database(Path(sys.argv[1]), SystemClock()).schema_version())"
    )
    found = [
        subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(6)
    ]
    for process in found:
        output, errors = process.communicate(timeout=60)
        assert (output.strip(), errors.decode()) == (str(max(migrations())).encode(), "")


def test_opening_waits_when_another_process_is_making_the_same_database(path: Path) -> None:
    """SQLite itself refuses to change the journal's mode at once while another holds the write lock."""
    path.parent.mkdir()
    other = other_connection(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match="locked by another process"):
        open_at(path)
    opened: list[Database] = []
    thread = threading.Thread(target=lambda: opened.append(open_at(path, busy=20_000)))
    thread.start()
    other.execute("ROLLBACK")
    thread.join(20)
    assert opened[0].schema_version() == max(migrations())


def test_waiting_writer_gets_its_turn_when_the_lock_is_given_back(path: Path) -> None:
    holder, waiter = open_at(path), open_at(path, busy=20_000)
    began = threading.Event()

    def wait_and_write() -> None:
        began.set()
        add_project(waiter, "late")

    thread = threading.Thread(target=wait_and_write)
    with holder.transaction():
        thread.start()
        assert began.wait(10)
        add_project(holder, "early")
    thread.join(20)
    assert count_projects(holder) == 2


def add_project(opened: Database, name: str = "a") -> None:
    with opened.transaction():
        opened.execute("INSERT INTO projects VALUES (:name, :name, :name, 'now')", {"name": name})


def count_projects(opened: Database) -> int:
    return len(opened.execute("SELECT id FROM projects"))


def test_questions_and_steps_survive_the_update_from_the_first_schema(tmp_path: Path) -> None:
    """A person who updates overnight must find the question that waited, and a transcript that can still be read."""
    path = tmp_path / "old.db"
    old = apsw.Connection(str(path))
    old.execute("CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)")
    old.execute(migrations()[1])
    old.execute("INSERT INTO schema_migrations VALUES (1, '2026-01-01T00:00:00.000000Z')")
    at = "2026-01-01T00:00:00.000000Z"
    old.execute("INSERT INTO projects VALUES ('proj-1', 'p', '/p', ?)", (at,))
    old.execute(
        "INSERT INTO nodes (id, project_id, node_type, title, status, created_at) "
        "VALUES ('os-00000001', 'proj-1', 'goal', 'g', 'pending', ?)",
        (at,),
    )
    old.execute(
        "INSERT INTO approvals (id, project_id, node_id, kind, question, asked_at) "
        "VALUES ('appr-1', 'proj-1', 'os-00000001', 'plan', 'Accept it?', ?)",
        (at,),
    )
    old.execute("INSERT INTO steps (owner_id, step, started_at) VALUES ('sess-1', 1, ?)", (at,))
    old.close()

    store = open_store(path, FakeClock())

    assert [asked.question for asked in store.approvals.open()] == ["Accept it?"]
    assert [step.step for step in store.iterations.steps("sess-1")] == [1]
    assert store.db.execute("PRAGMA foreign_key_check") == []
    store.close()


def test_an_old_database_is_updated_once_when_many_processes_open_it_at_once(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old = apsw.Connection(str(path))
    old.execute("CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)")
    for version in (1, 2):
        old.execute(migrations()[version])
        old.execute("INSERT INTO schema_migrations VALUES (?, '2026-01-01T00:00:00.000000Z')", (version,))
    old.close()
    script = (
        "import sys; from ostinato.base.clock import SystemClock; from ostinato.store.store import open_store;"
        "sys.stdin.readline(); print(open_store(sys.argv[1], SystemClock()).db.schema_version())"
    )
    found = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in found:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60) for process in found] == [(f"{max(migrations())}\n", "")] * 4
    opened = open_at(path, create=False)
    assert [row[0] for row in opened.tuples("SELECT version FROM schema_migrations")] == sorted(migrations())


def test_only_what_need_not_last_is_written_without_waiting_for_the_disk(path: Path) -> None:
    db = open_at(path)
    waits = "SELECT synchronous FROM pragma_synchronous"
    full, normal = [(2,)], [(1,)]
    with db.transaction(lasting=False):
        assert db.tuples(waits) == normal
        with db.transaction():
            db.execute("CREATE TABLE inner_part (x)")
    assert db.tuples(waits) == full, "the next transaction lasts again"
    with pytest.raises(ZeroDivisionError), db.transaction(lasting=False):
        db.execute(f"CREATE TABLE gone (x DEFAULT {1 / 0})")
    assert db.tuples(waits) == full
    holder = other_connection(path)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match="locked"), db.transaction(lasting=False):
        raise AssertionError("it has no lock")
    assert db.tuples(waits) == full, "a lock that did not come changes nothing either"
