"""Inserting a row under a fresh random id: a collision is tried again, never an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ostinato.store.database import Database

NewId = Callable[[], str]
"""Makes the random part of an id."""


def insert_with_new_id(db: Database, sql: str, prefix: str, parameters: Mapping[str, Any], new_id: NewId) -> str:
    """Run `sql` with `:id` set to `prefix` and a new random part until no row has that id; return the id.

    The statement must end in `ON CONFLICT (id) DO NOTHING RETURNING id`.
    """
    while True:
        candidate = prefix + new_id()
        if db.execute(sql, {**parameters, "id": candidate}):
            return candidate
