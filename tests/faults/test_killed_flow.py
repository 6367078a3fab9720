"""A whole attempt, from recovery to the session's end, is killed at each of its commits: the next run carries on.

What is killed is a process of its own, with SIGKILL, in the place of a commit: that commit never happened, and all the
ones before it did. `tests/scenario/test_crash.py` kills the whole program at random moments; here no commit is missed.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostinato.base.process import current_process
from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage, ToolCall, ToolMessage
from ostinato.graph.actors import Actor
from ostinato.graph.events import EventKind
from ostinato.graph.evidence import CheckPhase, CheckStatus
from ostinato.graph.requests import NewNode
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Node, NodeType, Status
from ostinato.loop.decide import Action
from ostinato.store.settling import settle
from ostinato.store.soundness import faults, graph_faults
from ostinato.store.store import Store, open_store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.fault_injector import Fault, FaultInjector, FaultyDatabase
from tests.unit.night import COMMIT, DIFF
from tests.unit.store.work import PASSED, a_run, add_task, ended

SPENT = Spending(10, 0, 0, 5, 0, 1, 0.01)
MOST = 60


def run(store: Store, goal: Node, landed: set[str]) -> None:
    """Do what one ralph session does until nothing is ready; `landed` gets the attempts whose commit the branch has."""
    unfinished = store.iterations.unfinished(goal.project_id)
    store.recover(goal.project_id, {one.id: COMMIT for one in unfinished if one.id in landed})
    process = current_process()
    session = store.sessions.start(goal.project_id, goal.id, SessionKind.RALPH, process=process)
    store.sessions.add_agent(session.id, "coder")
    while claimed := store.tasks.claim_next(goal.id, "coder", session_id=session.id, lease_seconds=60, process=process):
        claim, task = claimed
        iteration = store.iterations.start(session.id, claim, "base")
        actor = Actor("loop", session.id, iteration.id)
        store.iterations.add_message(iteration.id, 0, "the system prompt")
        store.iterations.begin_step(iteration.id, 1, {"task": 10})
        store.events.add(EventKind.STEP_STARTED, project_id=task.project_id, node_id=task.id, actor=actor)
        reply = AssistantMessage("I write it", (ToolCall("c1", "write_file", "{}"),))
        store.iterations.add_reply(iteration.id, 1, reply, SPENT, "some:model")
        store.iterations.add_message(iteration.id, 1, ToolMessage("c1", "write_file", "written"))
        store.iterations.end_step(iteration.id, 1, SPENT, "some:model")
        store.tasks.renew(claim, 60)
        runs = (a_run("true", CheckStatus.PASSED, CheckPhase.ATTEMPT, task),)
        store.iterations.add_check_runs(task.project_id, runs, session_id=session.id, iteration_id=iteration.id)
        finished = ended(Action.DONE, verdict=PASSED, commit=COMMIT, diff=DIFF, steps=1, spending=SPENT)
        store.iterations.finish(claim, finished, before_commit=lambda name=iteration.id: landed.add(name))
    store.sessions.end(session.id, stop_reason="goal_completed")


def killed_at(path: Path, goal: Node, commit: int) -> bool:
    """Run it in a process that is killed in the place of its `commit`-th commit; tell whether there was one."""
    child = os.fork()
    if child == 0:
        current_process.cache_clear()
        injector = FaultInjector()
        db = FaultyDatabase(injector, path, FakeClock(), settle=settle)
        injector.arm(commit, Fault.KILL, only_commits=True)
        landed = Landed(path.with_suffix(".landed"))
        run(Store(db), goal, landed)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0 or os.WTERMSIG(status) == signal.SIGKILL
    return status != 0


class Landed(set[str]):
    """The attempts whose commit is on the branch, kept in a file as git would keep it: a kill does not take it back."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.read_text().split() if path.exists() else ())
        self._path = path

    def add(self, name: str) -> None:
        with self._path.open("a") as file:
            file.write(f"{name}\n")


@pytest.fixture
def prepared(tmp_path: Path) -> Iterator[Path]:
    """A database with a goal of two tasks, one after the other, in memory where the system has such a place."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else tmp_path))
    path = folder / "flow.db"
    store = open_store(path, FakeClock())
    project = store.projects.add("/shop")
    goal = store.graph.add_node(project.id, NewNode(NodeType.GOAL, "A goal"))
    first = add_task(store, goal, "First", "true")
    add_task(store, goal, "Second", "true", depends_on=(first.id,))
    store.close()
    yield path
    shutil.rmtree(folder)


def test_an_attempt_killed_at_any_commit_is_carried_on(prepared: Path) -> None:
    template = prepared.read_bytes()
    killed = 0
    for commit in range(1, MOST):
        path = prepared.with_name(f"at-{commit}.db")
        path.write_bytes(template)
        store = open_store(path, FakeClock(), create=False)
        goal = _goal(store)
        store.close()
        if not killed_at(path, goal, commit):
            break
        killed += 1
        carried_on(path, goal)
    assert killed > 20, "hardly any commit was reached"
    assert commit < MOST - 1


def carried_on(path: Path, goal: Node) -> None:
    """Look at what the kill left, go on from it, and look at the end."""
    store = open_store(path, FakeClock())
    assert (faults(store.db, deep=False), graph_faults(store.db)) == ([], [])
    store.graph.notes(goal.id)
    run(store, goal, Landed(path.with_suffix(".landed")))
    assert (faults(store.db, deep=False), graph_faults(store.db)) == ([], [])
    assert store.graph.get(goal.id).status is Status.COMPLETED
    tasks = store.graph.children(goal.id)
    works = [node for node in tasks if node.node_type is NodeType.TASK]
    assert [(task.status, task.task.attempts) for task in works] == [(Status.COMPLETED, 0)] * 2
    assert len(Landed(path.with_suffix(".landed"))) == len(works), "the branch has work twice, or lacks it"
    for task in works:
        committed = [one for one in store.iterations.of_task(task.id) if one.commit]
        assert len(committed) == 1, "committed twice, or not at all"
        assert all(one.ended_at for one in store.iterations.of_task(task.id))
    assert all(session.ended_at for session in store.sessions.list(goal.id))
    assert store.db.execute("SELECT 1 FROM claims") == []
    # What was paid for is counted once, whatever became of it.
    attempts = [one for task in works for one in store.iterations.of_task(task.id)]
    paid = sum((step.spending for one in attempts for step in store.iterations.steps(one.id)), Spending())
    assert sum((one.spending for one in store.sessions.list(goal.id)), Spending()) == paid
    store.close()


def _goal(store: Store) -> Node:
    (row,) = store.db.execute("SELECT id FROM nodes WHERE node_type = 'goal'")
    return store.graph.get(row["id"])
