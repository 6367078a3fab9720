"""Processes that really die, with a claim in a database or with nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ostinato.base.process import ProcessIdentity

WORKER = """
import json, sys, time
from dataclasses import asdict
from pathlib import Path
from ostinato.base.clock import SystemClock
from ostinato.base.ids import NodeId
from ostinato.base.process import current_process
from ostinato.graph.sessions import SessionKind
from ostinato.store.store import open_store

if len(sys.argv) > 1:
    store, me = open_store(Path(sys.argv[1]), SystemClock()), current_process()
    goal = store.graph.get(NodeId(sys.argv[2]))
    session = store.sessions.start(goal.project_id, goal.id, SessionKind.RALPH, process=me)
    claim, task = store.tasks.claim_next(goal.id, "coder", session_id=session.id, lease_seconds=1e6, process=me)
    store.iterations.start(session.id, claim, "base")
print(json.dumps(asdict(current_process())), flush=True)
sys.stdin.read()
"""


def die(*arguments: str, killed: bool) -> ProcessIdentity:
    """Run a worker to its end, or kill it in the middle, and return who it was."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    who = ProcessIdentity(**json.loads(worker.stdout.readline()))
    if killed:
        worker.kill()
    worker.communicate()
    return who


@pytest.fixture(scope="module")
def dead() -> ProcessIdentity:
    """A process that has ended."""
    return die(killed=False)
