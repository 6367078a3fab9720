"""One SQLite database through apsw: opening, transactions, migrations, named queries, clear errors.

It knows nothing of the graph. SQL stands in `queries/*.sql` by name and in `migrations/NNN_name.sql`. Never a second
SQLite library on the same file in one process, and nobody opens the database's files beside this module: closing
such a descriptor drops SQLite's locks. Paths are text here: pathlib would cost every command a tenth of its start.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import chain, islice
from typing import Any

import apsw

from ostinato.base.clock import Clock, format_time
from ostinato.base.errors import DatabaseError
from ostinato.base.text import whole
from ostinato.store.explaining import Explained
from ostinato.store.patience import Patience

Row = dict[str, Any]
MEMORY = ":memory:"
_BUSY_MILLISECONDS = 30_000
_VALUES = 4_000
"""Values in one statement of `insert`. Its text, 3 characters for each, is below the 16 KB up to which apsw keeps a
prepared statement."""
_PAGES_AT_ONCE = 2048
_PAUSE = 0.01
_WHOLE = ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
_FOLDER = os.path.dirname(__file__)
"""Where the SQL lies. Not importlib.resources: it would import zipfile and tempfile at every start."""


class Database:
    """A connection with its rules. One thread at a time; many processes may share the file."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        clock: Clock,
        *,
        create: bool = True,
        any_schema: bool = False,
        busy_milliseconds: int = _BUSY_MILLISECONDS,
        settle: Callable[[Database], None] = lambda _: None,
    ) -> None:
        """Open `path`; with `create`, make and migrate it. Without, an absent or empty file reads as an empty database.

        `settle` brings up to date what follows from other rows: it runs before every commit, and before what is read in
        a `reading` inside a transaction.
        `any_schema` opens an older or newer schema as it is, for copying and examining; `create` does not count then.

        Raises DatabaseError for a newer schema, a file that is no database of ours, a directory that cannot be written,
        and (here and in every call) when another process holds the lock for longer than `busy_milliseconds`.
        """
        self.path = path = os.fspath(path)
        self.clock = clock
        self._settle = settle
        self._depth = 0
        self._names: dict[str, tuple[str, ...]] = {}
        self._reading = False
        create = create and not any_schema
        in_memory = path == MEMORY or (not create and _is_empty(path))
        self._explained = Explained(path)
        with self._explained:
            self._patience = Patience(busy_milliseconds)
            self._connection = _connect(MEMORY if in_memory else path, self._patience, writes=create)
            try:
                if in_memory or create:
                    self._migrate()
                elif not any_schema:
                    self._refuse_other_schema()
                else:
                    self.schema_version()  # a file that is no database shows only when it is read
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the connection; a second time does nothing."""
        self._connection.close()

    @contextmanager
    def transaction(self, *, lasting: bool = True) -> Iterator[None]:
        """Hold the write lock until the block ends: committed when it returns, rolled back when it raises.

        Nested blocks join the outer one; one that raises undoes its own part, even if the outer block goes on.
        Without `lasting` nobody waits for the disk: a commit that any crash of programs leaves whole, and that only a
        power cut may take, with all that was committed in this way since the last lasting one.
        """
        if self._reading:
            raise RuntimeError("a transaction may not begin inside a reading: its snapshot could be stale")
        begin, end, undo = ("SAVEPOINT part", "RELEASE part", "ROLLBACK TO part") if self._depth else _WHOLE
        hurried = not lasting and not self._depth
        try:
            if hurried:
                self._connection.pragma("synchronous", "normal")
            self._connection.execute(begin)
        except BaseException as error:
            if hurried:
                self._connection.pragma("synchronous", "full")
            self._explained.explain(error)
            raise
        self._depth += 1
        try:
            yield
            if self._depth == 1:
                self._settle(self)
        except BaseException:
            self._undo(undo, end)
            raise
        else:
            self._end(end, undo)
            if end == "COMMIT":
                self._patience.give_way()
        finally:
            self._depth -= 1
            if hurried:
                self._connection.pragma("synchronous", "full")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let all reads of the block see one state of the database, whatever others commit meanwhile. Waits for nobody.

        Inside a transaction it shows what was written so far, settled; inside another reading it changes nothing.
        """
        if self._depth:
            self._settle(self)
        if self._depth or self._reading:
            yield
            return
        with self._explained:
            self._connection.execute("BEGIN")
        self._reading = True
        try:
            yield
        finally:
            self._reading = False
            self._undo("ROLLBACK", None)

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Run one statement with `:name` parameters and return all its rows as dictionaries."""
        try:
            cursor = self._connection.execute(sql, parameters)
            first = next(cursor, None)
            if first is None:
                return []
            names = self._names.get(sql, ())
            if len(names) != len(first):
                # Kept, since asking costs more than a small statement; another program's migration may add some.
                names = self._names[sql] = tuple(column[0] for column in cursor.get_description())
            return [dict(zip(names, values, strict=True)) for values in chain((first,), cursor)]
        except Exception as error:
            self._explained.explain(error)
            raise

    def tuples(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows as tuples: for reads of many rows."""
        try:
            return list(self._connection.execute(sql, parameters))
        except Exception as error:
            self._explained.explain(error)
            raise

    def many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run one statement without an answer for each row of `?` parameters."""
        with self._explained:
            self._connection.executemany(sql, rows)

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """Insert many rows, all with the same columns in the same order, some hundred per statement.

        One statement for each row would make the search index write itself out each time: four times the cost.
        """
        with self._explained:
            for sql, values in _inserts(table, iter(rows)):
                self._connection.execute(sql, values)

    def one(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Row | None:
        """Return the first row or None."""
        rows = self.execute(sql, parameters)
        return rows[0] if rows else None

    def data_version(self) -> int:
        """Return a number that changes when another connection has committed."""
        return int(self._connection.pragma("data_version"))

    def now(self) -> str:
        """Return the present time as it is stored."""
        return format_time(self.clock.now())

    def copy_pages(self, target: apsw.Connection, told: Callable[[int, int], None]) -> None:
        """Copy the whole database, as it is now, into the empty one of `target`; others go on writing meanwhile.

        Call it inside `reading`: the snapshot that it holds is what is copied, and nothing that others commit makes
        the copy begin anew. `told` gets the pages copied so far and all pages after each part. Raises apsw.Error.
        """
        self.schema_version()  # the snapshot begins with the first read
        with target.backup("main", self._connection, "main") as backup:
            while not backup.done:
                backup.step(_PAGES_AT_ONCE)
                told(backup.page_count - backup.remaining, backup.page_count)

    def compact(self) -> None:
        """Give the space that nothing uses back to the disk; it takes the write lock and as much space again."""
        with self._explained:
            self._connection.execute("VACUUM")
            self._connection.pragma("wal_checkpoint", "truncate")

    def _undo(self, statement: str, end: str | None) -> None:
        # A full disk or an I/O error may have rolled back everything already.
        if self._connection.in_transaction:
            self._connection.execute(statement)
            if statement != "ROLLBACK" and end:
                self._connection.execute(end)

    def _end(self, statement: str, undo: str) -> None:
        with self._explained:
            try:
                self._connection.execute(statement)
            except BaseException:
                self._undo(undo, None)
                raise

    def schema_version(self) -> int:
        """Return the number of the last migration, 0 for an empty database."""
        known = self.one("SELECT count(*) AS n FROM sqlite_master WHERE name = 'schema_migrations'")
        if not known or not known["n"]:
            return 0
        try:
            row = self.one("SELECT max(version) AS version FROM schema_migrations")
        except apsw.SQLError as error:
            raise DatabaseError(f"{self.path} is no database of ours ({error}): name another path") from error
        return int(row["version"] or 0) if row else 0

    def _migrate(self) -> None:
        if self.schema_version() == max(migrations()):
            return
        with self.transaction():
            present = self.schema_version()
            self._refuse_newer(present)
            self._refuse_foreign(present)
            self.execute(
                "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)"
            )
            for version, sql in sorted(migrations().items()):
                if version > present:
                    self.execute(sql)
                    self.execute(
                        "INSERT INTO schema_migrations VALUES (:version, :at)",
                        {"version": version, "at": self.now()},
                    )

    def _refuse_newer(self, present: int) -> None:
        if present > max(migrations()):
            raise DatabaseError(
                f"{self.path} has schema {present}, newer than this program's {max(migrations())}: update Ostinato"
            )

    def _refuse_foreign(self, present: int) -> None:
        if present == 0 and self.one("SELECT 1 FROM sqlite_master LIMIT 1"):
            raise DatabaseError(f"{self.path} is another program's database: name another path")

    def _refuse_other_schema(self) -> None:
        present = self.schema_version()
        self._refuse_newer(present)
        self._refuse_foreign(present)
        if present < max(migrations()):
            raise DatabaseError(
                f"{self.path} has schema {present}, older than {max(migrations())}: any command that writes updates it"
            )


def _inserts(table: str, rows: Iterator[Row]) -> Iterator[tuple[str, list[Any]]]:
    """Yield statements that insert the rows, each with its values."""
    first = next(rows, None)
    if first is None:
        return
    rows = chain((first,), rows)
    head, one = f"INSERT INTO {table} ({', '.join(first)}) VALUES ", f"({', '.join('?' * len(first))})"
    while part := list(islice(rows, _VALUES // len(first))):
        yield head + ", ".join([one] * len(part)), [value for row in part for value in row.values()]


@cache
def migrations() -> dict[int, str]:
    """Return version → SQL text of the packaged migrations."""
    names = os.listdir(f"{_FOLDER}/migrations")
    return {int(name[:3]): _text(f"migrations/{name}") for name in names if name.endswith(".sql")}


@cache
def queries(name: str) -> dict[str, str]:
    """Return query name → SQL of `queries/<name>.sql`, where each query stands under a `-- name: …` line."""
    found: dict[str, str] = {}
    for part in _text(f"queries/{name}.sql").split("-- name:")[1:]:
        title, _, body = part.partition("\n")
        found[title.strip()] = body.strip()
    return found


def key_list(keys: Iterable[int]) -> str:
    """Return row numbers as the JSON array that a query takes with `json_each`."""
    return f"[{','.join(map(str, keys))}]"


def _text(name: str) -> str:
    with open(f"{_FOLDER}/{name}", encoding="utf-8") as file:
        return file.read()


def _size(path: str) -> int | None:
    """Return the size of the file in bytes, None where there is none."""
    try:
        return os.stat(path).st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def _is_empty(path: str) -> bool:
    with Explained(path):
        return not _size(path)


def _connect(path: str, patience: Patience, *, writes: bool) -> apsw.Connection:
    if whole(path) != path:
        raise DatabaseError(f"cannot use {path!r}: SQLite takes only paths that are valid UTF-8: name another by --db")
    if path != MEMORY and _size(path) is None:
        os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = apsw.Connection(path)
    try:
        connection.set_busy_handler(patience)
        # Once, by who writes: reading leaves the bytes of a copy as they are.
        if writes and path != MEMORY and connection.pragma("journal_mode") != "wal":
            _set_wal(connection, patience.milliseconds)
        connection.pragma("foreign_keys", True)
        connection.pragma("synchronous", "full")
    except BaseException:
        connection.close()
        raise
    return connection


def _set_wal(connection: apsw.Connection, milliseconds: int) -> None:
    """Have a write-ahead log from now on. While others make the same file SQLite does not wait, so we do."""
    until = time.monotonic() + milliseconds / 1000
    while True:
        try:
            connection.pragma("journal_mode", "wal")
            return
        except apsw.BusyError:
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE)
