"""What claiming costs in process: `claim_next` beside its own statements through plain apsw, and beside one UPDATE.

`make bench` runs it; sizes may be given. The statements are those that `claim_next` really runs, written down while it
claims on a copy of the database; they are then run again by plain apsw on another copy, so both leave the same rows
with the same durability. Claims are timed in turn, in CPU and in wall time; the limit goes by CPU, since
wall time is that of the disk and of whoever else uses it.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import apsw
from tests.bench.measuring import load, slope
from tests.bench.prepared import prepared

from ostinato.base.clock import SystemClock
from ostinato.base.ids import NodeId
from ostinato.base.process import current_process
from ostinato.graph.sessions import SessionKind
from ostinato.store.store import Store, open_store

SIZES = (1_000, 10_000, 100_000)
CLAIMS = 60
BLOCK = 10
"""So many of a kind follow each other: one alone would find the processor's caches full of the other kinds."""
LIMIT = 1.5
PROCESS = current_process()
GOAL = NodeId("os-00000001")
Statements = list[tuple[str, Any]]
Times = tuple[float, float]
"""Seconds of CPU and of wall time."""
_UPDATE = (
    "UPDATE nodes SET status = 'claimed', assigned_to = 'me' WHERE id = (SELECT id FROM nodes WHERE project_id ="
    " (SELECT id FROM projects) AND node_type = 'task' AND status = 'pending' LIMIT 1) RETURNING id"
)


def main() -> int:
    """Print the table; return 1 when the ratio at the largest size is over the limit."""
    sizes = tuple(int(size) for size in sys.argv[1:]) or SIZES
    print(f"claim next in process, {CLAIMS} of each kind, {BLOCK} in turn; {load()}; medians, ms of CPU (of wall time)")
    print("  nodes          claim_next      same statements  x plain apsw   one UPDATE … RETURNING")
    ratio, firsts = 0.0, []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            ours, same, one = _measured(prepared("goals", size), Path(folder))
        ratio = ours[0] / same[0]
        firsts.append(ours[0])
        print(f"  {size:>7,}   {_said(ours)}   {_said(same)}       x{ratio:5.2f}          {_said(one)}")
    if len(sizes) > 1:
        print(f"slope of claim_next: {slope(firsts[0], firsts[-1], sizes[-1] / sizes[0]):.2f} (1 is linear)")
    print(f"limit x{LIMIT} of the same statements: {'kept' if ratio <= LIMIT else 'NOT kept'}")
    return 0 if ratio <= LIMIT else 1


def _said(times: Times) -> str:
    return f"{times[0] * 1000:6.2f} ({times[1] * 1000:7.2f})"


def _measured(source: Path, folder: Path) -> tuple[Times, Times, Times]:
    """Return the medians for claim_next, for its statements by plain apsw, and for the single UPDATE."""
    begun = folder / "begun.db"
    shutil.copy(source / "graph.db", begun)
    store = open_store(begun, SystemClock())
    session = store.sessions.start(store.projects.list()[0].id, GOAL, SessionKind.RALPH).id
    store.close()
    ours, noted, plain, single = (_copy(begun, name) for name in ("ours", "noted", "plain", "single"))
    written = _written_down(noted, session)
    store, by_hand, update = open_store(ours, SystemClock()), _connection(plain), _connection(single)
    taken: tuple[list[Times], list[Times], list[Times]] = ([], [], [])
    for begin in range(0, CLAIMS, BLOCK):
        part = written[begin : begin + BLOCK]
        taken[0].extend(_times(lambda: _claim(store, session)) for _ in part)
        taken[1].extend(_times(lambda s=statements: _replay(by_hand, s)) for statements in part)  # type: ignore[misc]
        taken[2].extend(_times(lambda: list(update.execute(_UPDATE))) for _ in part)
    _require_equal(store, by_hand)
    return _medians(taken[0]), _medians(taken[1]), _medians(taken[2])


def _written_down(path: Path, session: Any) -> list[Statements]:
    """Return the statements of each of CLAIMS claims, those of triggers left out: they run again by themselves."""
    store = open_store(path, SystemClock())
    written: list[Statements] = []

    def note(_: apsw.Cursor, sql: str, bindings: Any) -> bool:
        written[-1].append((sql, _kept(bindings)))
        return True

    store.db._connection.exec_trace = note
    for _ in range(CLAIMS):
        written.append([])
        _claim(store, session)
    store.db._connection.exec_trace = None
    store.close()
    return written


def _kept(bindings: Any) -> Any:
    return dict(bindings) if isinstance(bindings, dict) else bindings


def _claim(store: Store, session: Any) -> None:
    found = store.tasks.claim_next(GOAL, "me", session_id=session, lease_seconds=900, process=PROCESS)
    if found is None:
        raise RuntimeError("the goal has too few ready tasks for so many claims")


def _replay(connection: apsw.Connection, statements: Statements) -> None:
    for sql, bindings in statements:
        list(connection.execute(sql, bindings))


def _connection(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.pragma("foreign_keys", True)
    connection.pragma("synchronous", "full")
    return connection


def _copy(source: Path, name: str) -> Path:
    return Path(shutil.copy(source, source.with_name(f"{name}.db")))


def _times(work: Callable[[], object]) -> Times:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def _medians(taken: list[Times]) -> Times:
    return statistics.median(cpu for cpu, _ in taken), statistics.median(wall for _, wall in taken)


def _require_equal(store: Store, other: apsw.Connection) -> None:
    sql = "SELECT task_id, token, agent FROM claims ORDER BY token"
    mine, theirs = store.db.tuples(sql), list(other.execute(sql))
    if mine != theirs or len(mine) != CLAIMS:
        raise RuntimeError("both must have made the same claims")


if __name__ == "__main__":
    sys.exit(main())
