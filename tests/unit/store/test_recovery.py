"""Recovery that only a database shows; the rest is in tests/contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from ostinato.base.process import ProcessIdentity, current_process
from ostinato.graph.iterations import Ending
from ostinato.graph.projects import Project
from ostinato.graph.types import Node, Status
from ostinato.store.recovery import recover
from ostinato.store.store import Store, open_store
from ostinato.testing.fake_clock import FakeClock
from tests.unit.store.dying import dead, die
from tests.unit.store.work import add_task, begin

__all__ = ["dead"]


def test_the_work_of_a_killed_process_is_put_back(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    store = open_store(path, FakeClock())
    project = store.projects.add("/repo")
    (goal, _), process = store.plans.start(project.id, "Goal", "", None), current_process()
    task = add_task(store, goal)
    killed = die(str(path), goal.id, killed=True)
    assert store.graph.get(task.id).status is Status.IN_PROGRESS
    lines = recover(store, project.id, landed={})
    assert len(lines) == 2
    assert all(f"process {killed.pid}" in line for line in lines)
    assert store.graph.get(task.id).status is Status.READY
    (iteration,) = store.iterations.of_task(task.id)
    assert iteration.ending is Ending.CRASHED
    # The next worker starts at once, with the same attempt.
    assert begin(store, goal, process).iteration.attempt == 1
    store.close()


def test_all_is_undone_when_recovery_itself_fails(
    store: Store, project: Project, goal: Node, dead: ProcessIdentity
) -> None:
    task = add_task(store, goal)
    work = begin(store, goal, dead)
    store.db.execute("UPDATE sessions SET spending = 'x'")
    before = store.events.last_seq()
    with pytest.raises(Exception, match=work.session.id):
        recover(store, project.id, landed={})
    assert store.graph.get(task.id).status is Status.IN_PROGRESS
    assert store.events.last_seq() == before
