"""The composition root: the one place that names concrete classes. Rooms below do not know it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ostinato.base.clock import SystemClock
from ostinato.config.paths import database_file
from ostinato.store.database import Database
from ostinato.store.store import Store, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from ostinato.store.backup import Backup, Told


def open_store_for(path: str | os.PathLike[str] | None, *, create: bool) -> Store:
    """Open the database at `path`, None for the person's own. Without `create` nothing is made or migrated, and a
    database that is not there reads as an empty one. Raises DatabaseError."""
    return open_store(path or database_file(os.environ), SystemClock(), create=create)


def database_at(path: str | os.PathLike[str] | None) -> Database:
    """Open the database at `path`, None for the person's own, as it is, whatever its schema: to examine and copy it.

    Raises DatabaseError.
    """
    return Database(path or database_file(os.environ), SystemClock(), create=False, any_schema=True)


def back_up_database(path: str | None, target: Path, *, replace: bool, told: Told) -> Backup:
    """Copy the database at `path`, None for the person's own, to the file `target`; see `store.backup`."""
    # Late: every command comes through here, and hardly one makes a backup.
    from ostinato.store.backup import back_up

    db = database_at(path)
    try:
        return back_up(db, target, replace=replace, told=told)
    finally:
        db.close()
