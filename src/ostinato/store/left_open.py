"""Finds sessions and claims whose process died before it could end them. It ends none: recovery does."""

from __future__ import annotations

from ostinato.base.process import is_dead
from ostinato.store.database import Database, queries
from ostinato.store.record_rows import decode_process

Left = tuple[str, str, str]


def left_open(db: Database) -> list[Left]:
    """Return (session, goal, name of the project) of each, the oldest first; sessions of other hosts are not judged."""
    found = []
    for row in db.execute(queries("left_open")["open"]):
        process = decode_process(row)
        if process is not None and is_dead(process):
            found.append((str(row["id"]), str(row["goal_id"]), str(row["name"])))
    return found


def left_claims(db: Database) -> list[Left]:
    """Return (task, agent, name of the project) of each claim whose process is dead or whose lease has run out."""
    found = []
    for row in db.execute(queries("left_open")["claims"], {"now": db.now()}):
        process = decode_process(row)
        if row["expired"] or (process is not None and is_dead(process)):
            found.append((str(row["task_id"]), str(row["agent"]), str(row["name"])))
    return found
