"""The composition root: the one place that names concrete classes. Rooms below do not know it."""

from __future__ import annotations

import os

from ostinato.base.clock import SystemClock
from ostinato.config.paths import database_file
from ostinato.store.store import Store, open_store


def open_store_for(path: str | os.PathLike[str] | None, *, create: bool) -> Store:
    """Open the database at `path`, None for the person's own. Without `create` nothing is made or migrated, and a
    database that is not there reads as an empty one. Raises DatabaseError."""
    return open_store(path or database_file(os.environ), SystemClock(), create=create)
