"""Each operation that writes fails at each of its statements, in turn: nothing of it is left, and the next call works.

What fails is a statement on its way to SQLite, BEGIN and COMMIT among them: full disk, device, lock, bug, Ctrl-C.
By default each statement gets one of these, in rotation; OSTINATO_FAULTS=all has each statement fail in every way.
"""

from __future__ import annotations

import contextlib
import inspect
import os
from functools import cached_property

import apsw
import pytest

from ostinato.base.errors import DatabaseError
from ostinato.store.soundness import faults, graph_faults
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.fault_injector import Fault, FaultyDatabase, Injected
from ostinato.testing.prepared_database import open_memory
from tests.faults.operations import OPERATIONS, READING, Act
from tests.faults.situation import Situation, situation

WAYS = (Fault.FULL, Fault.IO, Fault.INTERRUPT, Fault.BUG, Fault.BUSY)
EVERY_WAY = os.environ.get("OSTINATO_FAULTS") == "all"
EACH, STRIDE = 50, 7
"""So many statements fail one by one, of the rest every seventh, unless all ways are asked for."""
SINGLE_STATEMENTS = {"events.add"}
"""Operations that are called inside the transaction of what they tell of."""
SEVERAL_COMMITS = {"retention.prune"}
"""Operations that are done a part at a time, each part whole: stopped anywhere, the next call goes on."""


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_is_half_done_whichever_statement_fails(name: str) -> None:
    here = situation()
    act = OPERATIONS[name](here)
    before, statement = state(here), 1
    for fault in WAYS if name not in SINGLE_STATEMENTS else ():
        assert _fails_at(here, act, 1, fault, name, only_commits=True)
    while all(_fails_at(here, act, statement, fault, name) for fault in _ways(statement)):
        statement += 1 if statement < EACH or EVERY_WAY else STRIDE
    # The last call ran to its end, in the very database where all the others had failed.
    assert state(here) != before, "does it write at all?"
    assert_whole(here)


def _ways(statement: int) -> tuple[Fault, ...]:
    return WAYS if EVERY_WAY else (WAYS[statement % len(WAYS)],)


def _fails_at(
    here: Situation, act: Act, statement: int, fault: Fault, name: str, *, only_commits: bool = False
) -> bool:
    """Run `act` with that statement failing; tell whether there was such a statement. Nothing may be left of it."""
    plain, before = plain_of(here), state(here)
    here.injector.arm(statement, fault, only_commits=only_commits)
    try:
        act()
    except (DatabaseError, Injected, KeyboardInterrupt):
        assert here.injector.struck
    else:
        # Whatever swallows a fault must not report that all went well.
        assert not here.injector.struck, f"{name} went on after {fault}"
        assert name in SEVERAL_COMMITS or here.injector.commits <= 1, f"{name} commits more than once"
        return False
    finally:
        here.injector.disarm()
    assert not plain.in_transaction
    if here.injector.commits:
        # What was committed is whole; what came after it failed: reading it back, or the next part.
        assert_whole(here)
        plain.deserialize("main", before)
    assert state(here) == before, f"{name} left something at statement {statement} ({fault})"
    return True


def plain_of(here: Situation) -> apsw.Connection:
    """Return the connection on which nothing fails."""
    assert isinstance(here.store.db, FaultyDatabase)
    return here.store.db.plain


def state(here: Situation) -> bytes:
    """Return every byte of the database."""
    return plain_of(here).serialize("main")


def assert_whole(here: Situation) -> None:
    """The database is sound, what follows from its facts does, and the notes of every goal can be written."""
    db = here.store.db
    assert faults(db, deep=False) == []
    assert graph_faults(db) == []
    for (goal,) in db.tuples("SELECT id FROM nodes WHERE node_type = 'goal'"):
        here.store.graph.notes(goal)
    assert db.execute("SELECT 1 FROM unsettled") == []


def test_every_method_of_the_store_is_known_to_write_or_to_read() -> None:
    """A method that writes and stands in no table would never be made to fail."""
    written = {name for name in OPERATIONS if "." in name}
    read = {f"{part}.{name}" for part, names in READING.items() for name in names.split()}
    unnamed, gone = set(_methods()) - written - read, (written | read) - set(_methods())
    assert not unnamed, f"name in tests/faults/operations.py, as writing or reading: {', '.join(sorted(unnamed))}"
    assert not gone
    assert not written & read
    writing = {name for name, source in _methods().items() if ".transaction()" in source}
    assert not writing & read


def _methods() -> dict[str, str]:
    """Return `part.method` → source of every public method of the store's parts."""
    store, found = open_memory(FakeClock()), {}
    for part, value in vars(Store).items():
        if isinstance(value, cached_property):
            for name, method in inspect.getmembers(type(getattr(store, part)), inspect.isfunction):
                if not name.startswith("_"):
                    found[f"{part}.{name}"] = inspect.getsource(method)
    return found


def test_an_operation_in_two_transactions_would_be_seen() -> None:
    """The sieve itself is tried: of two writes in two transactions the first one stays behind."""
    here = situation()

    def careless() -> None:
        here.store.steering.say(here.goal.id, "one")
        here.store.steering.say(here.goal.id, "two")

    with pytest.raises(AssertionError, match="careless commits more than once"):
        for statement in range(1, 20):
            _fails_at(here, careless, statement, Fault.IO, "careless")


def test_an_operation_that_swallows_a_failure_would_be_seen() -> None:
    here = situation()

    def careless() -> None:
        with contextlib.suppress(DatabaseError):
            here.store.steering.say(here.goal.id, "one")

    with pytest.raises(AssertionError, match="careless went on"):
        _fails_at(here, careless, 2, Fault.IO, "careless")
