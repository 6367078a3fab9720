"""Nobody opens a database's files beside SQLite: what it would cost, that the watch sees it, and that we never do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import apsw
import database_watch
import pytest

from ostinato.store.store import open_store
from ostinato.testing.fake_clock import FakeClock

HOLDER = """
import sys, apsw
path, opened = sys.argv[1:]
connection = apsw.Connection(path)
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT INTO kept VALUES ('mine')")
if opened:
    open(path + opened.removeprefix("main"), "rb").close()
print("holding", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
print("committed", flush=True)
"""


def unwatched() -> dict[str, str]:
    """Return an environment in which nobody looks."""
    return {name: text for name, text in os.environ.items() if name not in (database_watch.VARIABLE, "PYTHONPATH")}


@pytest.mark.parametrize(("opened", "let_in"), [("", False), ("-shm", True)])
def test_a_reported_commit_is_lost_when_the_holder_of_the_lock_opens_a_file_beside_sqlite(
    tmp_path: Path, opened: str, let_in: bool
) -> None:
    """Why we watch: with `-shm` opened and closed, both commits are reported, one row is gone, and all looks sound."""
    path = str(tmp_path / "kept.db")
    other = apsw.Connection(path)
    other.pragma("journal_mode", "wal")
    other.execute("CREATE TABLE kept (whose)")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, path, opened],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=unwatched(),
    )
    assert holder.stdin is not None and holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    try:
        other.execute("INSERT INTO kept VALUES ('other')")
        wrote = True
    except apsw.BusyError:
        wrote = False
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "committed\n"
    assert holder.wait(30) == 0
    assert wrote is let_in
    found = apsw.Connection(path)
    # Two commits were reported where both wrote, and one row is there.
    assert len(list(found.execute("SELECT whose FROM kept"))) == 1
    assert list(found.execute("PRAGMA integrity_check")) == [("ok",)]


@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
def test_the_watch_sees_an_opening_in_this_process(tmp_path: Path, ending: str) -> None:
    store = open_store(tmp_path / "watched.db", FakeClock())
    file = tmp_path / f"watched.db{ending}"
    with pytest.raises(database_watch.DirectOpening):
        file.read_bytes()
    assert [said.splitlines()[0] for said in database_watch.take()] == [
        f"open of {file}, while this process has {tmp_path / 'watched.db'} open"
    ]
    store.close()
    (tmp_path / "watched.db").read_bytes()
    assert database_watch.take() == []


def test_the_watch_sees_another_sqlite_on_the_same_file(tmp_path: Path) -> None:
    import sqlite3

    store = open_store(tmp_path / "watched.db", FakeClock())
    with pytest.raises(database_watch.DirectOpening):
        sqlite3.connect(tmp_path / "watched.db")
    assert len(database_watch.take()) == 1
    store.close()


def test_the_watch_sees_what_a_started_program_swallows(tmp_path: Path) -> None:
    script = (
        "import sys, apsw; c = apsw.Connection(sys.argv[1]); c.execute('CREATE TABLE t (a)')\n"
        "try: open(sys.argv[1], 'rb').close()\n"
        "except Exception: print('swallowed')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "a.db")], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "swallowed\n"
    (said,) = database_watch.take()
    assert said.startswith(f"open of {tmp_path / 'a.db'}")


def test_every_command_runs_under_the_watch(tmp_path: Path) -> None:
    """The real command line makes, writes, reads, copies and looks over a database without opening its files itself."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    data = {"OSTINATO_DB": str(tmp_path / "data" / "own.db"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    for line in ("node add goal A", "tasks next", "backup copy.db", "prune --yes --compact", "doctor", "status"):
        ran = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "ostinato", *line.split()],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, **data},
            check=False,
        )
        assert ran.returncode in (0, 3, 8), ran.stderr[-500:]
        assert "database_watch" in ran.stderr, "nobody looked"
    assert database_watch.take() == []
