"""The loop itself loses its database at each commit of a session: the next run carries on, nothing is lost or twice.

The whole of `loop.ralph` runs, on a real database whose commits fail when they are told to. Either the process is gone
at that moment, or the disk is full from then on and comes free for the next run.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ostinato.base.errors import DatabaseError
from ostinato.base.ids import NodeId
from ostinato.graph.sessions import StopReason
from ostinato.graph.types import Status
from ostinato.loop.ralph import ralph
from ostinato.loop.workbench import Workbench
from ostinato.store.database import MEMORY
from ostinato.store.settling import settle
from ostinato.store.soundness import faults, graph_faults
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.fault_injector import Fault, FaultInjector, FaultyDatabase, Gone
from ostinato.testing.prepared_database import empty_pages
from tests.unit.loop.small_world import ROOT, World

ANSWERS = ("write one", "signal complete", "write two", "signal complete")
MOST = 120


@dataclass
class KeptWorld(World):
    """A world whose commits name the attempt that made them, as trailers do, and know their parents."""

    made_by: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)

    def bench(self, *answers: str, **policy: Any) -> Workbench:
        """Return a workbench whose commits say which attempt they are of."""
        return replace(super().bench(*answers, **policy), commit_message=lambda *facts: str(facts[-1]))

    async def prepare_commit(self, tree: str, parent: str, message: str) -> str:
        made = await super().prepare_commit(tree, parent, message)
        self.made_by[made], self.parents[made] = message, parent
        return made

    async def iterations_on(self, goal: NodeId) -> dict[str, str]:
        return {self.made_by[commit]: commit for commit in self.on_branch()}

    def on_branch(self) -> list[str]:
        """Return the commits of the branch, the newest first."""
        found, commit = [], self.branch_at
        while commit != ROOT:
            found.append(commit)
            commit = self.parents[commit]
        return found


def new_world() -> KeptWorld:
    """Return a world with two tasks, one after the other, on a database of its own."""
    clock = FakeClock()
    db = FaultyDatabase(FaultInjector(), MEMORY, clock, pages=empty_pages(), settle=settle)
    world: Any = KeptWorld(Store(db), clock)  # type: ignore[arg-type]
    world.task("two", world.task("one"))
    return world


@pytest.mark.parametrize("fault", [Fault.GONE, Fault.FULL])
def test_the_next_run_carries_on_when_the_database_is_lost_at_any_commit(fault: Fault) -> None:
    # The full disk is tried at every third commit: what is written then is the same.
    reached = 0
    for commit in range(1, MOST, 1 if fault is Fault.GONE else 3):
        world = new_world()
        db: Any = world.store.db
        db.injector.arm(commit, fault, only_commits=True)
        with contextlib.suppress(Gone, DatabaseError):
            asyncio.run(ralph(world.bench(*ANSWERS), world.goal))
        struck = db.injector.struck
        db.injector.disarm()
        if not struck:
            break
        reached += 1
        assert graph_faults(db) == []
        carried_on(world)
    assert reached > 10, "hardly any commit was reached"
    assert commit < MOST - 3


def carried_on(world: KeptWorld) -> None:
    """Run again, in another life of the process, and look at the end."""
    db: Any = world.store.db
    for table in ("claims", "sessions"):
        db.execute(f"UPDATE {table} SET started = 'another life' WHERE started IS NOT NULL")
    words = [word for word in ("one", "two") if word not in world.commits[world.branch_at].split()]
    answers = [answer for word in words for answer in (f"write {word}", "signal complete")]
    end = asyncio.run(ralph(world.bench(*answers), world.goal))
    assert end.stop.reason is StopReason.GOAL_COMPLETED, end.stop
    assert world.commits[world.branch_at] == "one two"
    assert len(world.on_branch()) == 2, "work is on the branch twice, or not at all"
    tasks = [node for node in world.store.graph.children(world.goal.id) if node.node_type == "task"]
    assert [(task.status, task.task.attempts) for task in tasks] == [(Status.COMPLETED, 0)] * 2
    attempts = [one for task in tasks for one in world.store.iterations.of_task(task.id)]
    assert sorted(filter(None, (one.commit for one in attempts))) == sorted(world.on_branch())
    assert all(one.ended_at for one in attempts)
    assert all(session.ended_at for session in world.store.sessions.list(world.goal.id))
    assert (faults(db, deep=False), graph_faults(db)) == ([], [])
