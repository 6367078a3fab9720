"""`ostinato backup`: what it prints, what it refuses, and that its file is worked on by `--db`."""

from __future__ import annotations

from pathlib import Path

import apsw

from tests.unit.cli.conftest import Shell


def test_backup_is_told_and_restored_by_naming_it(shell: Shell, tmp_path: Path) -> None:
    goal = shell.add("goal", "Keep me")
    target = tmp_path / "safe" / "copy.db"
    target.parent.mkdir()
    ran = shell.ok("backup", str(target))
    assert ran.out.startswith(f"{target}: ")
    assert "schema" in ran.out and "1 node, 0 sessions" in ran.out
    assert ran.err == ""
    shell.ok("node", "set", goal, "--title", "Changed")
    assert shell.json("node", "show", goal, "--db", str(target))["title"] == "Keep me"
    assert [path.name for path in target.parent.iterdir()] == ["copy.db"], "looking wrote something"
    shell.ok("node", "set", goal, "--title", "Changed there", "--db", str(target))
    assert shell.json("node", "show", goal)["title"] == "Changed"


def test_backup_as_json_says_what_is_in_it(shell: Shell, tmp_path: Path) -> None:
    shell.add("goal", "Keep me")
    document = shell.json("backup", str(tmp_path / "copy.db"))
    assert (document["path"], document["sound"]) == (str(tmp_path / "copy.db"), True)
    assert document["bytes"] == (tmp_path / "copy.db").stat().st_size
    assert (document["rows"]["nodes"], document["rows"]["events"]) == (1, 1)


def test_backup_refuses_what_is_there_and_where_there_is_nothing(shell: Shell, tmp_path: Path) -> None:
    target = str(tmp_path / "copy.db")
    nothing = shell.run("backup", target, "--json")
    assert (nothing.code, nothing.error["kind"]) == (2, "usage")
    assert "nothing to back up" in nothing.error["message"]
    shell.add("goal", "Keep me")
    shell.ok("backup", target)
    again = shell.run("backup", target, "--json")
    assert again.code == 2
    assert "--replace" in again.error["message"]
    assert shell.json("backup", target, "--replace")["rows"]["nodes"] == 1


def test_database_of_an_older_or_newer_program_can_be_backed_up(shell: Shell, tmp_path: Path) -> None:
    """Before an update is the moment for a backup; it must not be the update."""
    shell.add("goal", "Keep me")
    plain = apsw.Connection(str(shell.database))
    plain.execute("INSERT INTO schema_migrations VALUES (999, 'then')")
    assert shell.run("status").code == 8
    assert shell.json("backup", str(tmp_path / "newer.db"))["schema"] == 999
    plain.execute("DELETE FROM schema_migrations WHERE version > 1")
    assert shell.json("backup", str(tmp_path / "older.db"))["schema"] == 1
    assert list(plain.execute("SELECT max(version) FROM schema_migrations")) == [(1,)]


def test_file_that_is_no_database_is_refused_in_one_line(shell: Shell, tmp_path: Path) -> None:
    shell.database.parent.mkdir()
    shell.database.write_bytes(b"no database " * 100)
    ran = shell.run("backup", str(tmp_path / "copy.db"))
    assert (ran.code, ran.out, ran.err.count("\n")) == (8, "", 1)
    assert not (tmp_path / "copy.db").exists()
