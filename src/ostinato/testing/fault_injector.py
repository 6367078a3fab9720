"""A database whose statements fail when they are told to: the disk is full, the device fails, the process is killed.

Given at composition (`Store(FaultyDatabase(…))`), so that no line of production code knows of it. What fails is a
statement on its way to SQLite, BEGIN and COMMIT among them: all that can go wrong between two calls of the store goes
wrong at one of these.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from enum import Enum
from typing import Any, cast

import apsw

from ostinato.testing.prepared_database import PreparedDatabase


class Injected(Exception):
    """What an armed fault raises where a bug of ours would raise something."""


class Gone(BaseException):
    """What a process that is gone would still do, if it could, fails with."""


class Fault(Enum):
    """What happens in the place of a statement."""

    FULL = "full"
    """The disk is full from here on: SQLite has rolled the transaction back by itself."""
    IO = "io"
    """The device fails once; the transaction is still open."""
    BUSY = "busy"
    """Another process has the lock."""
    BUG = "bug"
    """An exception that nobody expects."""
    INTERRUPT = "interrupt"
    """Ctrl-C."""
    GONE = "gone"
    """The process is gone, as seen from inside of a test: nothing that it still does reaches the database."""
    KILL = "kill"
    """The process is gone, without any word."""


_RAISED: dict[Fault, Callable[[], BaseException]] = {
    Fault.FULL: lambda: apsw.FullError("FullError: database or disk is full"),
    Fault.IO: lambda: apsw.IOError("IOError: disk I/O error"),
    Fault.BUSY: lambda: apsw.BusyError("BusyError: database is locked"),
    Fault.BUG: lambda: Injected("injected"),
    Fault.INTERRUPT: KeyboardInterrupt,
    Fault.GONE: Gone,
}
_LASTING = frozenset({Fault.FULL, Fault.GONE})
_UNDO = ("ROLLBACK",)


class FaultInjector:
    """Counts the statements of a database and lets the `at`-th fail, counted from 1. Unarmed, it counts only."""

    def __init__(self) -> None:
        self.seen = 0
        self.commits = 0
        self.struck = False
        self._at = 0
        self._fault: Fault | None = None
        self._counted: Callable[[str], bool] = lambda sql: True

    def arm(self, at: int, fault: Fault, *, only_commits: bool = False) -> None:
        """From now on count anew and strike at the `at`-th statement, or the `at`-th commit."""
        self.seen = self.commits = 0
        self.struck = False
        self._at, self._fault = at, fault
        self._counted = (lambda sql: sql == "COMMIT") if only_commits else (lambda sql: True)

    def disarm(self) -> None:
        """Let every statement pass from now on."""
        self._fault = None

    def before(self, sql: str, connection: apsw.Connection) -> None:
        """Strike in the place of this statement, or let it pass."""
        # Undoing needs no room on the disk, and a rollback that fails has happened all the same.
        if sql.startswith(_UNDO):
            return
        if self._counted(sql):
            self.seen += 1
        if self._fault is not None and (self.seen == self._at or (self.struck and self._fault in _LASTING)):
            self.struck = True
            self._strike(self._fault, connection)

    def passed(self, sql: str) -> None:
        """Note that a statement ran."""
        self.commits += sql == "COMMIT"

    def _strike(self, fault: Fault, connection: apsw.Connection) -> None:
        if fault is Fault.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        if fault in _LASTING and connection.in_transaction:
            connection.execute("ROLLBACK")
        if fault not in _LASTING:
            self._fault = None
        raise _RAISED[fault]()


class _FaultyConnection:
    """A connection that asks the injector before each statement, and is the real one in everything else."""

    def __init__(self, real: apsw.Connection, injector: FaultInjector) -> None:
        self._real = real
        self._injector = injector

    def execute(self, sql: str, *arguments: Any, **named: Any) -> apsw.Cursor:
        self._injector.before(sql, self._real)
        found = self._real.execute(sql, *arguments, **named)
        self._injector.passed(sql)
        return found

    def executemany(self, sql: str, *arguments: Any, **named: Any) -> apsw.Cursor:
        self._injector.before(sql, self._real)
        return self._real.executemany(sql, *arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class FaultyDatabase(PreparedDatabase):
    """A database with an injector between it and SQLite, from after its opening on."""

    def __init__(self, injector: FaultInjector, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.injector = injector
        self.plain = self._connection
        """The connection below, where nothing fails."""
        self._connection = cast(apsw.Connection, _FaultyConnection(self.plain, injector))
