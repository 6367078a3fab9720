"""Many processes on one database: each task once, nothing lost, nobody kept waiting, the dead and the late told apart.

OSTINATO_PROCESSES and OSTINATO_TASKS ask for more than the few of an ordinary run; `-s` shows the figures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.clock import SystemClock
from ostinato.base.errors import ClaimLostError
from ostinato.base.ids import NodeId
from ostinato.base.process import current_process
from ostinato.base.spending import Spending
from ostinato.graph.iterations import Claim, Ending
from ostinato.graph.requests import NewNode, NodeChanges
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Node, NodeType, Status
from ostinato.loop.decide import Action, Decision
from ostinato.loop.finished import FinishedIteration
from ostinato.store.patience import pause
from ostinato.store.store import Store, open_store

ROOT = Path(__file__).resolve().parents[3]
PROCESSES = int(os.environ.get("OSTINATO_PROCESSES", "6"))
TASKS = int(os.environ.get("OSTINATO_TASKS", "90"))
LONGEST_WAIT = 15.0
"""Seconds for one claim on a busy machine: half of what is waited for at most. SQLite's own waiting took longer."""


@dataclass
class Crowd:
    """The processes on one database; whoever is left at the end is ended."""

    path: Path
    goal: NodeId
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, how: str) -> subprocess.Popen[str]:
        """Start a process and wait until it is ready to begin."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.store.claimer", str(self.path), self.goal, how],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        return process

    def begin(self) -> None:
        """Let all begin at once."""
        for process in self.running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()[1]
        for process in self.running:
            self.tell(process)

    def tell(self, process: subprocess.Popen[str]) -> None:
        """Send the line that a process waits for."""
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()

    def end(self) -> None:
        """End what still runs."""
        for process in self.running:
            process.kill()
            process.communicate()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "ostinato.db", SystemClock())
    yield opened
    opened.close()


@pytest.fixture
def goal(store: Store, tmp_path: Path) -> Node:
    project = store.projects.add(str(tmp_path))
    return store.graph.add_node(project.id, NewNode(NodeType.GOAL, "Goal"))


@pytest.fixture
def crowd(store: Store, goal: Node) -> Iterator[Crowd]:
    found = Crowd(Path(store.db.path), goal.id)
    yield found
    found.end()


@pytest.mark.timeout(900)
def test_each_task_has_one_owner_when_many_processes_claim_under_one_name(
    store: Store, goal: Node, crowd: Crowd
) -> None:
    with store.db.transaction():
        tasks = {_task(store, goal).id for _ in range(TASKS)}
    workers = [crowd.start(("loop", "loop", "hand")[number % 3]) for number in range(PROCESSES)]
    readers = [crowd.start("read") for _ in range(2)]
    crowd.begin()
    did = [_told(worker) for worker in workers]
    for reader in readers:
        crowd.tell(reader)
    read = [_told(reader) for reader in readers]

    claims = [claim for one in did for claim in one["claimed"]]
    assert sorted(task_id for task_id, _ in claims) == sorted(tasks)
    tokens = [token for _, token in claims if token is not None]
    assert len(set(tokens)) == len(tokens)
    assert store.graph.counts(goal.id) == {Status.CLAIMED: TASKS}
    rows = store.db.execute("SELECT task_id, count(*) AS n FROM claims GROUP BY task_id")
    assert {row["task_id"]: row["n"] for row in rows} == dict.fromkeys(tasks, 1)
    assert store.db.execute("PRAGMA integrity_check") == [{"integrity_check": "ok"}]

    waits = sorted(wait for one in did for wait in one["waited"])
    reads = sorted(wait for one in read for wait in one["waited"])
    print(f"\nclaims: {_spread(waits)}; reads beside them: {_spread(reads)}; fewest of one process: "
          f"{min(len(one['claimed']) for one in did)}")  # fmt: skip
    assert waits[-1] < LONGEST_WAIT
    assert len(reads) > 2, "nobody read meanwhile"
    assert reads[-1] < LONGEST_WAIT


def test_commands_that_claim_at_once_get_a_task_each_or_none(store: Store, goal: Node) -> None:
    tasks = {_task(store, goal).id for _ in range(3)}
    command = [sys.executable, "-m", "ostinato", "tasks", "claim", "--agent", "me", "--json", "--db", store.db.path]
    running = [
        subprocess.Popen([*command, "--goal", goal.id], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    told = [(*process.communicate(timeout=60), process.returncode) for process in running]
    assert sorted(code for *_, code in told) == [0, 0, 0, 3]
    assert {errors for _, errors, code in told if code == 0} == {""}
    found = [json.loads(output) for output, *_ in told]
    assert sorted(node["id"] for node in found if node) == sorted(tasks)


def test_claim_of_a_killed_process_is_free_at_once_and_its_late_writes_are_refused(
    store: Store, goal: Node, crowd: Crowd
) -> None:
    task = _task(store, goal)
    store.sessions.start(goal.project_id, goal.id, SessionKind.RALPH)
    holder = crowd.start("hold")
    crowd.begin()
    assert holder.stdout is not None
    ((task_id, token),) = json.loads(holder.stdout.readline())["claimed"]
    late = Claim(task_id, token, "coder", None)
    assert store.recover(goal.project_id, {}) == [], "a live process keeps what it has"

    holder.kill()
    holder.wait()
    (line,) = store.recover(goal.project_id, {})
    assert "claim freed" in line
    assert store.graph.get(task.id).status is Status.READY
    again = store.tasks.claim("coder", task_id=task.id)
    assert again is not None
    before = store.events.last_seq()
    finished = FinishedIteration(Ending.COMPLETE, "done", Decision(Action.DONE, "done"))
    for write in (
        lambda: store.tasks.renew(late, 60),
        lambda: store.tasks.create_child(late, NewNode(NodeType.TASK, "late")),
        lambda: store.iterations.start("sess-1", late, "base"),
        lambda: store.iterations.finish(late, finished),
    ):
        with pytest.raises(ClaimLostError):
            write()
    assert store.events.last_seq() == before
    assert store.graph.get(task.id) == again


def test_renewing_a_lease_leaves_nothing_behind(store: Store, goal: Node) -> None:
    _task(store, goal)
    found = store.tasks.claim_next(goal.id, "coder", session_id="s", lease_seconds=60, process=current_process())
    assert found is not None
    before = _rows(store)
    for _ in range(50):
        store.tasks.renew(found[0], 60)
    assert _rows(store) == before


def test_no_update_is_lost_when_several_write_to_one_node_and_one_session(store: Store, goal: Node) -> None:
    session = store.sessions.start(goal.project_id, goal.id, SessionKind.RALPH)

    def write(number: int) -> None:
        own = open_store(store.db.path, SystemClock())
        for turn in range(5):
            own.graph.update(goal.id, NodeChanges(metadata={f"writer {number}": str(turn)}))
            own.sessions.add_spending(session.id, Spending(input=1, calls=1))
            own.graph.add_node(goal.project_id, NewNode(NodeType.OBSERVATION, "seen", parent_id=goal.id))
        own.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.graph.get(goal.id).metadata == {f"writer {number}": "4" for number in range(4)}
    assert store.sessions.get(session.id).spending == Spending(input=20, calls=20)
    assert [node.id for node in store.graph.descendants(goal.id)] == [f"{goal.id}.{n}" for n in range(1, 21)]


@given(tries=st.integers(0, 10**6), waited=st.floats(0, 60_000), chance=st.floats(0, 1))
def test_who_waited_longer_tries_again_sooner_until_nobody_gets_in(tries: int, waited: float, chance: float) -> None:
    assert 0 < pause(tries, waited, chance) <= 100.5
    assert pause(0, 0, 1.0) < 5, "a lock is often free in a moment"
    ages = [pause(9, age, 1.0) for age in (0, 100, 1_000, 5_000)]
    assert ages == sorted(ages, reverse=True)
    assert pause(9, 30_000, chance) == 20


def _task(store: Store, goal: Node) -> Node:
    return store.graph.add_node(goal.project_id, NewNode(NodeType.TASK, "A task", parent_id=goal.id))


def _told(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, errors = process.communicate(timeout=600)
    assert (process.returncode, errors) == (0, "")
    found: dict[str, Any] = json.loads(output)
    return found


def _rows(store: Store) -> dict[str, int]:
    tables = [row["name"] for row in store.db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {name: len(store.db.tuples(f"SELECT 1 FROM {name}")) for name in tables}


def _spread(seconds: list[float]) -> str:
    found = {"median": seconds[len(seconds) // 2], "p99": seconds[len(seconds) * 99 // 100], "longest": seconds[-1]}
    return f"{len(seconds)}, " + ", ".join(f"{name} {one * 1000:.0f} ms" for name, one in found.items())
