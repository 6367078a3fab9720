"""Finds sessions whose process died before it could end them. It ends none: that is recovery's."""

from __future__ import annotations

from ostinato.base.process import is_dead
from ostinato.store.database import Database, queries
from ostinato.store.record_rows import decode_process


def left_open(db: Database) -> list[tuple[str, str, str]]:
    """Return (session, goal, name of the project) of each, the oldest first; sessions of other hosts are not judged."""
    found = []
    for row in db.execute(queries("left_open")["open"]):
        process = decode_process(row)
        if process is not None and is_dead(process):
            found.append((str(row["id"]), str(row["goal_id"]), str(row["name"])))
    return found
