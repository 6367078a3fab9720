"""The rows of one project as plain values: taken at one moment, compared, and put into a new database.

Left out are the texts of conversations, step by step, and the events: no decision of the loop rests on them. It works
on whatever tables the schema has, by the names of their columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import apsw

from ostinato.base.clock import Clock
from ostinato.base.errors import DatabaseError
from ostinato.base.ids import ProjectId, SessionId
from ostinato.store.database import Database, Row
from ostinato.store.store import open_store

Rows = dict[str, list[Row]]
"""Table → its rows, each with every column that is written."""
Flat = dict[str, Row]
"""`table key` → a row, without what belongs to one machine."""

_LEFT_OUT = frozenset(
    {
        *("events", "messages", "steps", "claim_tokens", "graph_files", "graph_file_marks", "graph_file_names"),
        *("sqlite_schema", "sqlite_stat1", "schema_migrations"),
    }
)
_MACHINE = frozenset({"host", "boot", "pid", "started", "lease_until", "uid"})
"""Columns that name a process, are moved on by the clock alone, or are drawn by the database itself."""
_SEARCHED = ("node_search", "notes_search")
_OF_NODES = "SELECT id FROM nodes WHERE project_id = :project"
_SCOPES = (
    ("project_id", "project_id = :project"),
    *((name, f"{name} IN ({_OF_NODES})") for name in ("goal_id", "task_id", "node_id", "from_id")),
    ("session_id", "session_id IN (SELECT id FROM sessions WHERE project_id = :project)"),
)


def rows_of(db: Database, project: ProjectId, session: SessionId | None = None) -> Rows:
    """Return the project's rows of one moment; with `session` no attempts, checks and work periods but its own."""
    found: Rows = {}
    with db.reading():
        for table in _tables(db):
            columns = _columns(db, table)
            where = "id = :project" if table == "projects" else _scope(columns)
            if session is not None and (table == "sessions" or "session_id" in columns):
                where = f"{'id' if table == 'sessions' else 'session_id'} = :session"
            parameters = {"project": project, "session": session}
            named = {name: value for name, value in parameters.items() if f":{name}" in where}
            found[table] = db.execute(f'SELECT {", ".join(columns)} FROM "{table}" WHERE {where}', named)
    return found


def flat(rows: Mapping[str, list[Row]]) -> Flat:
    """Return the rows by table and key, to be compared: without what belongs to one machine or to SQLite."""
    kept: Flat = {}
    for table, found in rows.items():
        if table == "sqlite_sequence":
            continue
        for row in found:
            key = row.get("id") or " ".join(str(value) for value in list(row.values())[:1])
            kept[f"{table} {key}"] = {name: value for name, value in row.items() if name not in _MACHINE}
    return kept


def made_of(path: Path, rows: Mapping[str, list[Row]], clock: Clock) -> None:
    """Make a new database at `path` that holds these rows. Raises DatabaseError where they do not fit its tables."""
    open_store(path, clock, create=True).close()
    database = apsw.Connection(str(path))
    tables = {name for _, name, kind, *_ in database.execute("PRAGMA table_list") if kind == "table"} - _LEFT_OUT
    try:
        # What triggers would work out is among the rows; the order of the tables says nothing of references.
        database.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        database.pragma("foreign_keys", False)
        with database:
            for table, found in rows.items():
                if table not in tables:
                    raise TypeError(f"there is no table {table}")
                _fill(database, table, found)
            for index in _SEARCHED:
                database.execute(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")
    except (apsw.Error, TypeError, AttributeError) as error:
        raise DatabaseError(f"the rows do not fit this version's tables: {error}") from error
    finally:
        database.close()


def _fill(database: apsw.Connection, table: str, rows: list[Row]) -> None:
    known = {name for _, name, *_ in database.execute("SELECT * FROM pragma_table_info(?)", (table,))}
    database.execute(f'DELETE FROM "{table}"')
    for row in rows:
        unknown = sorted(row.keys() - known)
        if unknown:
            raise TypeError(f"{table} has no column {unknown[0]}")
        holes = ", ".join(f":{name}" for name in row)
        database.execute(f'INSERT INTO "{table}" ({", ".join(row)}) VALUES ({holes})', row)


def _tables(db: Database) -> list[str]:
    named = db.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name")
    return [str(row["name"]) for row in named if row["name"] not in _LEFT_OUT]


def _columns(db: Database, table: str) -> list[str]:
    if table == "sqlite_sequence":
        return ["name", "seq"]
    # Generated columns are not among them.
    return [str(row["name"]) for row in db.execute("SELECT name FROM pragma_table_info(:t)", {"t": table})]


def _scope(columns: list[str]) -> str:
    return next((where for name, where in _SCOPES if name in columns), "1")


def as_values(rows: Any) -> Rows:
    """Return rows as read from a file. Raises ValueError where they are none."""
    if not isinstance(rows, dict) or not all(isinstance(found, list) for found in rows.values()):
        raise ValueError("no rows of tables")
    return rows


def newest_session(db: Database, project: ProjectId) -> SessionId:
    """Return the id of the project's newest work period, "" where there was none."""
    found = db.execute(
        "SELECT id FROM sessions WHERE project_id = :project ORDER BY key DESC LIMIT 1", {"project": project}
    )
    return SessionId(str(found[0]["id"]) if found else "")
