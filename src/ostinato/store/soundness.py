"""Whether a database is what it should be: its pages, references, search indexes, and what is kept of the graph.

Looking takes no write lock and changes nothing: search indexes are compared with ones made anew in memory. What follows
from facts can be worked out anew; facts are never mended.
"""

from __future__ import annotations

from dataclasses import dataclass

import apsw

from ostinato.base.errors import DatabaseError
from ostinato.base.text import many
from ostinato.store.database import Database, queries

_SEARCHED = {"node_search": ("nodes", "title, description"), "notes_search": ("sessions", "handoff_notes")}
"""Search index → the table that it is about, and the texts in it."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class TableSize:
    """What one table holds: its rows, and its bytes on disk with those of its indexes."""

    name: str
    rows: int
    bytes: int


def library_version() -> str:
    """Return the version of the SQLite that reads and writes the database."""
    return apsw.sqlite_lib_version()


def faults(db: Database, *, deep: bool) -> list[str]:
    """Return what is wrong with the database, one line each; [] when it is sound.

    Reads every page. `deep` also compares each table with its indexes and the words of the search indexes, which takes
    several times as long.
    """
    with db.reading():
        try:
            found = page_faults(db, deep=deep)
            return found or [*reference_faults(db), *search_faults(db, deep=deep)]
        except (apsw.Error, DatabaseError) as error:
            return [str(error)]


def page_faults(db: Database, *, deep: bool) -> list[str]:
    """Return what SQLite finds wrong with the pages, and with `deep` with the indexes of the tables."""
    check = "integrity_check" if deep else "quick_check"
    said = [str(row[check]) for row in db.execute(f"PRAGMA {check}(20)")]
    if said == ["ok"]:
        return []
    return [*said[:_SHOWN], *([f"and {len(said) - _SHOWN} more"] if len(said) > _SHOWN else [])]


def reference_faults(db: Database) -> list[str]:
    """Return the tables with rows that refer to rows which are gone."""
    counted: dict[tuple[str, str], int] = {}
    for row in db.execute("PRAGMA foreign_key_check"):
        pair = (str(row["table"]), str(row["parent"]))
        counted[pair] = counted.get(pair, 0) + 1
    return [f"{many(n, 'row')} of {table} without the {parent} they refer to" for (table, parent), n in counted.items()]


def search_faults(db: Database, *, deep: bool) -> list[str]:
    """Return the search indexes that do not hold their tables' rows, and with `deep` words. The pages must be sound."""
    present = {row["name"] for row in db.execute("SELECT name FROM sqlite_master")}
    return [
        f"the search index of {table} does not agree with it"
        for index, (table, texts) in _SEARCHED.items()
        if index in present
        and (_rows_differ(db, index, table, texts) or (deep and _words_differ(db, index, table, texts)))
    ]


def _rows_differ(db: Database, index: str, table: str, texts: str) -> bool:
    kept, wanted = f"SELECT id FROM main.{index}_docsize", f"SELECT key FROM main.{table} WHERE {_any(texts)}"
    return any(db.execute(f"{way} LIMIT 1") for way in (f"{wanted} EXCEPT {kept}", f"{kept} EXCEPT {wanted}"))


def _words_differ(db: Database, index: str, table: str, texts: str) -> bool:
    """Tell whether an index made anew, in memory, has other words than the one that is kept."""
    try:
        for statement in (
            f"CREATE VIRTUAL TABLE temp.fresh USING fts5({texts}, content='', tokenize='unicode61')",
            f"INSERT INTO temp.fresh (rowid, {texts}) SELECT key, {texts} FROM main.{table} WHERE {_any(texts)}",
            "CREATE VIRTUAL TABLE temp.fresh_words USING fts5vocab(temp, 'fresh', 'row')",
            f"CREATE VIRTUAL TABLE temp.kept_words USING fts5vocab(main, '{index}', 'row')",
        ):
            db.execute(statement)
        fresh, kept = (f"SELECT term, doc, cnt FROM temp.{name}_words" for name in ("fresh", "kept"))
        return any(db.execute(f"{way} LIMIT 1") for way in (f"{fresh} EXCEPT {kept}", f"{kept} EXCEPT {fresh}"))
    finally:
        for name in ("kept_words", "fresh_words", "fresh"):
            db.execute(f"DROP TABLE IF EXISTS temp.{name}")


def _any(texts: str) -> str:
    return " OR ".join(f"{text} IS NOT NULL" for text in texts.split(", "))


def graph_faults(db: Database) -> list[str]:
    """Return what is kept of the graph and does not follow from its facts, one line each; [] in a sound database.

    Lines about what can be worked out anew say `kept`. The schema must be this program's.
    """
    from ostinato.store.derive import misjudged

    with db.reading():
        sql = queries("keeping")
        found = [f"{node} is not kept among the standings" for (node,) in db.tuples(sql["without_standing"])]
        try:
            for (project,) in db.tuples(sql["projects"]):
                found += misjudged(db, project)
        except (KeyError, ValueError) as error:
            found.append(f"a node has a type or status that does not exist: {error}")
        loose = db.tuples(sql["loose_children"])
    return found + [f"{child} says that it is in {parent}, which has no edge to it" for child, parent in loose]


def work_out_anew(db: Database) -> None:
    """Make anew what follows from facts: which tasks are ready and why others wait, and the search indexes."""
    from ostinato.store.settling import unsettle_all

    with db.transaction():
        unsettle_all(db)
        for index, (table, texts) in _SEARCHED.items():
            db.execute(f"INSERT INTO {index} ({index}) VALUES ('delete-all')")
            db.execute(f"INSERT INTO {index} (rowid, {texts}) SELECT key, {texts} FROM {table} WHERE {_any(texts)}")


def table_sizes(db: Database) -> list[TableSize]:
    """Return every table with what it holds, the largest first; of a search index the bytes alone count."""
    with db.reading():
        rows = counts(db)
        sizes = {str(row["name"]): int(row["bytes"]) for row in db.execute(queries("keeping")["sizes"])}
    found = [TableSize(name, rows.get(name, 0), size) for name, size in sizes.items()]
    return sorted(found, key=lambda one: (-one.bytes, one.name))


def counts(db: Database) -> dict[str, int]:
    """Return table → number of rows, by name; search indexes are left out, since they hold no rows of their own."""
    found = {}
    for name in (str(row["name"]) for row in db.execute(queries("keeping")["tables"])):
        row = db.one(f'SELECT count(*) AS n FROM "{name}"')
        found[name] = int(row["n"]) if row else 0
    return found
