"""What tests open instead of a fresh database is a fresh database."""

from __future__ import annotations

import apsw

from ostinato.graph.types import NodeType
from ostinato.store.database import MEMORY, migrations
from ostinato.store.store import Store, open_store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.prepared_database import PreparedDatabase, open_memory
from tests.unit.store.garden import Garden


def _all_of_it(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Return every row and the text of every table, index and trigger."""
    schema = store.db.tuples("SELECT type, name, sql FROM sqlite_master ORDER BY name")
    tables = [name for kind, name, sql in schema if kind == "table" and "VIRTUAL" not in (sql or "")]
    return {"schema": schema, **{name: store.db.tuples(f"SELECT * FROM {name}") for name in tables}}


def test_a_copy_is_what_migrating_makes_and_keeps_its_rules() -> None:
    fresh, copy = open_store(MEMORY, FakeClock()), open_memory(FakeClock())
    assert _all_of_it(copy) == _all_of_it(fresh)
    for pragma in ("foreign_keys", "synchronous"):
        assert copy.db.one(f"PRAGMA {pragma}") == fresh.db.one(f"PRAGMA {pragma}")


def test_each_copy_is_its_own() -> None:
    one, other = open_memory(FakeClock()), open_memory(FakeClock())
    Garden(one, one.projects.add("/repository")).add(NodeType.TASK, "t")
    assert one.projects.list()
    assert other.projects.list() == open_memory(FakeClock()).projects.list() == []


def test_no_pages_are_migrated_like_every_new_database() -> None:
    empty = apsw.Connection(MEMORY)
    empty.execute("VACUUM")
    db = PreparedDatabase(MEMORY, FakeClock(), pages=empty.serialize("main"))
    assert db.schema_version() == max(migrations())
