"""A backup is one moment of a database that others write to, sound, private, and never half a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from ostinato.base.errors import DatabaseError, UsageError
from ostinato.graph.requests import NewNode
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import NodeType
from ostinato.store import database
from ostinato.store.backup import Backup, back_up
from ostinato.store.database import Database
from ostinato.store.soundness import counts, faults
from ostinato.store.store import Store, open_store
from ostinato.testing.fake_clock import FakeClock

WRITER = """
import sys
from ostinato.base.clock import SystemClock
from ostinato.graph.requests import NewNode
from ostinato.graph.types import NodeType
from ostinato.store.store import open_store
store = open_store(sys.argv[1], SystemClock())
project = store.projects.list()[0].id
for number in range(100_000):
    store.graph.add_node(project, NewNode(NodeType.OBSERVATION, f"{sys.argv[2]} {number}"))
    if number == 0:
        print("writing", flush=True)
"""


@pytest.fixture
def kept(tmp_path: Path) -> Store:
    """A store in a file, with something of each kind that a backup is to hold."""
    store = open_store(tmp_path / "data" / "kept.db", FakeClock())
    project = store.projects.add(str(tmp_path / "shop"))
    goal = store.graph.add_node(project.id, NewNode(NodeType.GOAL, "A goal"))
    session = store.sessions.start(project.id, goal.id, SessionKind.PLAN)
    store.iterations.add_message(session.id, 1, "the system prompt")
    store.sessions.end(session.id)
    return store


def copy_of(store: Store, target: Path, *, replace: bool = False) -> Backup:
    return back_up(store.db, target, replace=replace, told=lambda *_: None)


def test_backup_holds_everything_and_is_worked_on_like_any_database(kept: Store, tmp_path: Path) -> None:
    made = copy_of(kept, tmp_path / "copy.db")
    assert made.rows == counts(kept.db)
    assert {made.rows[name] for name in ("nodes", "sessions", "messages")} == {1}
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert made.path.stat().st_size == made.bytes
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "data"]
    again = open_store(made.path, FakeClock())
    (session,) = again.sessions.list()
    assert [one.message for one in again.iterations.transcript(session.id)] == ["the system prompt"]
    assert [event.kind for event in again.events.after(0)] == [event.kind for event in kept.events.after(0)]
    again.graph.add_node(session.project_id, NewNode(NodeType.GOAL, "Another"))
    again.close()


def test_backup_is_one_moment_when_four_processes_write(kept: Store, tmp_path: Path) -> None:
    """Each writer's nodes are there without a gap up to some number, each with the event of its own transaction."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, kept.db.path, f"w{n}"], stdout=subprocess.PIPE, text=True)
        for n in range(4)
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "writing\n"
        sizes = [copy_of(kept, tmp_path / "copy.db", replace=True).rows["nodes"]]
        sizes.append(copy_of(kept, tmp_path / "copy.db", replace=True).rows["nodes"])
        assert all(writer.poll() is None for writer in writers), "nobody wrote any more"
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    assert sizes[0] < sizes[1]
    copy = Database(tmp_path / "copy.db", FakeClock(), create=False)
    assert faults(copy, deep=True) == []
    made = [row[0] for row in copy.tuples("SELECT title FROM nodes WHERE node_type = 'observation' ORDER BY key")]
    for n in range(4):
        numbers = [int(title.split()[1]) for title in made if title.startswith(f"w{n} ")]
        assert numbers == list(range(len(numbers))) and numbers
    told = copy.tuples("SELECT node_id FROM events WHERE kind = 'node.created' EXCEPT SELECT id FROM nodes")
    untold = copy.tuples("SELECT id FROM nodes EXCEPT SELECT node_id FROM events WHERE kind = 'node.created'")
    assert (told, untold) == ([], [])


def test_copy_is_of_the_moment_when_it_began_though_another_commits_between_its_parts(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_PAGES_AT_ONCE", 4)
    other = open_store(kept.db.path, FakeClock())
    before, added = counts(kept.db), []

    def commit(what: str, done: int, whole: int) -> None:
        if what == "copying" and len(added) < 10:
            added.append(other.projects.add(f"/{len(added)}"))

    made = back_up(kept.db, tmp_path / "copy.db", replace=False, told=commit)
    assert len(added) == 10
    assert made.rows == before == counts(Database(tmp_path / "copy.db", FakeClock(), create=False))
    assert counts(kept.db)["projects"] == before["projects"] + 10


def test_file_that_is_there_stays_as_it_was_unless_it_may_be_replaced(kept: Store, tmp_path: Path) -> None:
    target = tmp_path / "precious.txt"
    target.write_text("precious")
    with pytest.raises(UsageError, match="is there already"):
        copy_of(kept, target)
    assert target.read_text() == "precious"
    copy_of(kept, target, replace=True)
    assert counts(Database(target, FakeClock(), create=False)) == counts(kept.db)


def test_what_is_no_file_is_never_replaced(kept: Store, tmp_path: Path) -> None:
    """As /dev/null would be, for a person who may do that."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is no file, and is not replaced"):
        copy_of(kept, tmp_path / "pipe", replace=True)
    assert (tmp_path / "pipe").is_fifo() and sorted(path.name for path in tmp_path.iterdir()) == ["data", "pipe"]


@pytest.mark.parametrize("name", ["kept.db", "kept.db-wal", "link"])
def test_database_itself_is_never_written_over(kept: Store, tmp_path: Path, name: str) -> None:
    folder = Path(kept.db.path).parent
    (folder / "link").symlink_to("kept.db")
    before = counts(kept.db)
    with pytest.raises(UsageError, match="is the database itself"):
        copy_of(kept, folder / name, replace=True)
    assert counts(kept.db) == before


def test_database_in_use_is_not_replaced(kept: Store, tmp_path: Path) -> None:
    """Its write-ahead log would be taken for the copy's own."""
    other = open_store(tmp_path / "other.db", FakeClock())
    with pytest.raises(UsageError, match="is a database in use"):
        copy_of(kept, tmp_path / "other.db", replace=True)
    assert faults(other.db, deep=True) == []


@pytest.mark.parametrize("name", ["nowhere/copy.db", "data", "absent"])
def test_place_that_cannot_take_a_copy_is_refused_before_anything_is_written(
    kept: Store, tmp_path: Path, name: str
) -> None:
    source = Database(tmp_path / "absent.db", FakeClock(), create=False) if name == "absent" else kept.db
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match=r"no directory|is a directory|nothing to back up"):
        back_up(source, tmp_path / name, replace=True, told=lambda *_: None)
    assert sorted(tmp_path.rglob("*")) == before


def test_nothing_is_left_and_the_old_copy_stays_when_copying_is_interrupted(kept: Store, tmp_path: Path) -> None:
    copy_of(kept, tmp_path / "copy.db")
    good = (tmp_path / "copy.db").read_bytes()

    def stop(what: str, done: int, whole: int) -> None:
        if what == "checking":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(kept.db, tmp_path / "copy.db", replace=True, told=stop)
    assert (tmp_path / "copy.db").read_bytes() == good
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "data"]
    kept.projects.add(str(tmp_path / "another"))


def test_old_copy_stays_when_the_database_is_damaged(kept: Store, tmp_path: Path) -> None:
    copy_of(kept, tmp_path / "copy.db")
    good = (tmp_path / "copy.db").read_bytes()
    plain = apsw.Connection(kept.db.path)
    plain.execute("INSERT INTO node_search (node_search, rowid, title, description) VALUES ('delete', 1, 'A goal', '')")
    plain.close()
    with pytest.raises(DatabaseError, match=r"no backup was made.*search index of nodes"):
        copy_of(kept, tmp_path / "copy.db", replace=True)
    assert (tmp_path / "copy.db").read_bytes() == good


def test_progress_grows_to_the_whole(kept: Store, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    back_up(kept.db, tmp_path / "copy.db", replace=False, told=lambda *facts: heard.append(facts))
    copied = [(done, whole) for what, done, whole in heard if what == "copying"]
    assert copied[-1][0] == copied[-1][1] > 0
    assert heard[-1] == ("checking", 1, 1)
