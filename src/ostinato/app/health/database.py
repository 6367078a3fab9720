"""Looks at the database: sound, writable, of this program's schema; and what dead processes left open in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ostinato.app import open_store_for
from ostinato.app.health.finding import Finding, Situation, State, size_text
from ostinato.app.health.machine import existing
from ostinato.base.errors import OstinatoError

_CHECKED_IN_FULL = 400_000_000
"""Bytes up to which every page is looked at; more would take longer than a person waits for a doctor."""


def database(situation: Situation) -> Iterator[Finding]:
    """Return what is wrong with the database file, or that it is sound."""
    path = situation.database
    if not path.exists():
        place = existing(path)
        if os.access(place, os.W_OK):
            yield Finding("database", State.OK, f"{path} is not there yet; the first command that writes makes it")
        else:
            yield Finding("database", State.FAIL, f"{place} cannot be written", "name another file with --db")
        return
    try:
        store = open_store_for(path, create=False)
        try:
            size = path.stat().st_size
            whole = size <= _CHECKED_IN_FULL
            faults = [str(row["quick_check"]) for row in store.db.execute("PRAGMA quick_check")] if whole else ["ok"]
            dangling = store.db.execute("PRAGMA foreign_key_check") if whole else []
            version = store.db.schema_version()
        finally:
            store.close()
    except OstinatoError as error:
        yield Finding("database", State.FAIL, error.message, "name another file with --db, or mend this one")
        return
    if faults != ["ok"] or dangling:
        said = "; ".join(faults[:3]) if faults != ["ok"] else f"{len(dangling)} rows refer to rows that are gone"
        yield Finding("database", State.FAIL, f"{path} is damaged: {said}", "restore a backup")
    elif not os.access(path, os.W_OK):
        yield Finding("database", State.FAIL, f"{path} cannot be written", "give yourself the right to write it")
    else:
        sound = "sound" if whole else "too large to look at every page"
        yield Finding("database", State.OK, f"{path}, schema {version}, {size_text(size)}, {sound}")


def sessions(situation: Situation) -> Iterator[Finding]:
    """Return sessions that a dead process left open, and projects whose repository is gone."""
    from ostinato.store.left_open import left_open

    if not situation.database.exists():
        return
    try:
        store = open_store_for(situation.database, create=False)
        try:
            left = left_open(store.db)
            projects = store.projects.list()
        finally:
            store.close()
    except OstinatoError:
        return  # the database has its own finding
    for session, goal, project in left:
        said = f"{session} of {goal} ({project}) was left open by a process that died; nothing of it is lost"
        yield Finding("sessions", State.WARN, said, "the next `ostinato ralph` there ends it and carries on")
    if not left:
        yield Finding("sessions", State.OK, "none was left open by a process that died")
    for one in projects:
        if not Path(one.path).is_dir():
            fix = f"bring it back, or forget it: ostinato project remove {one.name}"
            yield Finding("projects", State.WARN, f"the repository of {one.name} is gone: {one.path}", fix)
