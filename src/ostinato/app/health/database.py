"""Looks at the database: sound, writable, of this program's schema; and what dead processes left open in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from ostinato.app import database_at, open_store_for
from ostinato.app.health.finding import Finding, Situation, State, size_text
from ostinato.app.health.machine import existing
from ostinato.base.errors import OstinatoError
from ostinato.base.text import many
from ostinato.store.database import migrations

_CHECKED = 400_000_000
"""Bytes up to which every page is looked at; more would take longer than a person waits for a doctor."""
_CHECKED_IN_FULL = 20_000_000
"""Bytes up to which tables are compared with their indexes, and texts with the search indexes."""
_LARGE_LOG = 64_000_000
_RESTORE = "put a backup in its place: docs/keeping.md tells how, and how to keep this one aside"


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
        yield from _looked_at(path, full=situation.full)
    except OstinatoError as error:
        yield Finding("database", State.FAIL, error.message, "name another file with --db, or mend this one")


def _looked_at(path: Path, *, full: bool) -> Iterator[Finding]:
    from ostinato.store.soundness import faults, library_version

    size = path.stat().st_size
    deep, newest = full or size <= _CHECKED_IN_FULL, max(migrations())
    with closing(database_at(path)) as db:
        found = faults(db, deep=deep) if deep or size <= _CHECKED else []
        version = 0 if found else db.schema_version()
    if found:
        derived = all("search index" in fault for fault in found)
        said = f"{path} is damaged: {'; '.join(found)}"
        yield Finding("database", State.FAIL, said, "`ostinato doctor --mend` makes it anew" if derived else _RESTORE)
    elif version > newest:
        said = f"{path} has schema {version}, newer than this program's {newest}"
        yield Finding("database", State.FAIL, said, "update Ostinato")
    elif not os.access(path, os.W_OK):
        yield Finding("database", State.FAIL, f"{path} cannot be written", "give yourself the right to write it")
    else:
        sound = "sound" if deep else "its pages are sound" if size <= _CHECKED else "not looked at (--full does)"
        said = f"{path}, schema {version}, {size_text(size)}, {sound}; SQLite {library_version()}"
        if version < newest:
            fix = f"any command that writes updates it to {newest}; `ostinato backup` before that keeps a way back"
            yield Finding("database", State.WARN, said, fix)
        else:
            yield Finding("database", State.OK, said)


def log(situation: Situation) -> Iterator[Finding]:
    """Return the write-ahead log where it is large: somebody has been reading for long."""
    try:
        size = Path(f"{situation.database}-wal").stat().st_size
    except OSError:
        return
    if size > _LARGE_LOG:
        said = f"{situation.database}-wal has {size_text(size)}: a command has been reading for long, or one was killed"
        yield Finding("log", State.WARN, said, "end such commands; the next one that writes makes it small again")


def sessions(situation: Situation) -> Iterator[Finding]:
    """Return sessions and claims that a dead process left open, and projects whose repository is gone."""
    from ostinato.store.left_open import left_claims, left_open

    if not situation.database.exists():
        return
    try:
        with closing(open_store_for(situation.database, create=False)) as store:
            left, claims = left_open(store.db), left_claims(store.db)
            projects = store.projects.list()
    except OstinatoError:
        return  # the database has its own finding
    carries_on = "the next `ostinato ralph` there ends it and carries on"
    for session, goal, project in left:
        said = f"{session} of {goal} ({project}) was left open by a process that died; nothing of it is lost"
        yield Finding("sessions", State.WARN, said, carries_on)
    for task, agent, project in claims:
        said = f"{task} ({project}) is claimed by {agent}, whose process is gone"
        yield Finding("claims", State.WARN, said, "the next `ostinato ralph` there gives it back and carries on")
    if not left and not claims:
        yield Finding("sessions", State.OK, "none was left open by a process that died")
    for one in projects:
        if not Path(one.path).is_dir():
            fix = f"bring it back, or forget it: ostinato project remove {one.name}"
            yield Finding("projects", State.WARN, f"the repository of {one.name} is gone: {one.path}", fix)


def contents(situation: Situation) -> Iterator[Finding]:
    """Return whether what is kept of the graph follows from its facts, and what takes the space."""
    from ostinato.store.soundness import graph_faults, table_sizes

    if not situation.database.exists():
        return
    try:
        store = open_store_for(situation.database, create=False)
    except OstinatoError:
        return  # the database has its own finding
    with closing(store):
        try:
            wrong, sizes = graph_faults(store.db), table_sizes(store.db)
        except OstinatoError as error:
            yield Finding("graph", State.FAIL, error.message, _RESTORE)
            return
    for said in wrong[:5]:
        fix = "`ostinato doctor --mend` works it out anew from the facts"
        yield Finding("graph", State.FAIL, said, fix if "kept" in said else _RESTORE)
    if len(wrong) > 5:
        yield Finding("graph", State.FAIL, f"{len(wrong) - 5} more of that kind")
    if not wrong:
        yield Finding("graph", State.OK, "which tasks are ready, and why others wait, follows from the facts")
    largest = [one for one in sizes if one.rows][:4]
    told = ", ".join(f"{one.name} {size_text(one.bytes)} ({many(one.rows, 'row')})" for one in largest)
    yield Finding("sizes", State.OK, told or "empty")
