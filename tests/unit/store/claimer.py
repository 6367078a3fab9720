"""A process that works on a database among others: it claims tasks until there are none, or reads until it is told.

`python -m tests.unit.store.claimer PATH GOAL HOW`, HOW being `loop`, `hand`, `hold` (one claim, then waiting for ever)
or `read`. It says `ready` when its imports are done, begins when a line comes in, and prints what it did as JSON.
"""

from __future__ import annotations

import json
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ostinato.base.clock import SystemClock
from ostinato.base.ids import NodeId, SessionId
from ostinato.base.process import current_process
from ostinato.store.store import Store, open_store

AGENT = "coder"


def main(path: str, goal: str, how: str) -> None:
    """Do what `how` says."""
    store = open_store(Path(path), SystemClock())
    print("ready", flush=True)
    sys.stdin.readline()
    did = _read(store, NodeId(goal)) if how == "read" else _claim_all(store, NodeId(goal), how)
    print(json.dumps(did), flush=True)
    if how == "hold":
        sys.stdin.read()
    store.close()


def _claim_all(store: Store, goal: NodeId, how: str) -> dict[str, object]:
    claimed: list[tuple[str, int | None]] = []
    waited: list[float] = []
    claim = _by_hand if how == "hand" else _for_the_loop
    while how != "hold" or not claimed:
        began = time.monotonic()
        found = claim(store, goal)
        waited.append(time.monotonic() - began)
        if found is None:
            break
        claimed.append(found)
    return {"claimed": claimed, "waited": waited}


def _by_hand(store: Store, goal: NodeId) -> tuple[str, int | None] | None:
    node = store.tasks.claim(AGENT, goal_id=goal)
    return (node.id, None) if node else None


def _for_the_loop(store: Store, goal: NodeId) -> tuple[str, int | None] | None:
    found = store.tasks.claim_next(
        goal, AGENT, session_id=SessionId("sess-1"), lease_seconds=3600, process=current_process()
    )
    return (found[0].task_id, found[0].token) if found else None


def _read(store: Store, goal: NodeId) -> dict[str, object]:
    """Read until a second line comes in; a read that fails ends the process with its error."""
    reads: list[Callable[[], object]] = [
        lambda: store.tasks.ready(goal_id=goal, limit=5),
        lambda: store.graph.counts(goal),
        lambda: store.graph.get(goal),
    ]
    waited: list[float] = []
    while not select.select([sys.stdin], [], [], 0.002)[0]:
        began = time.monotonic()
        reads[len(waited) % len(reads)]()
        waited.append(time.monotonic() - began)
    return {"claimed": [], "waited": waited}


if __name__ == "__main__":
    main(*sys.argv[1:])
