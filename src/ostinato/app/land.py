"""Landing: the goal is chosen, its branch proven whole, the person's branch moved, and what is left removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ostinato.app.goals import landable_goal
from ostinato.app.results import LandResult
from ostinato.base.errors import UsageError
from ostinato.git.landing import fast_forward, require_landable
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Node, Status
from ostinato.loop.landing import prove_whole
from ostinato.loop.workbench import Run, Workbench

if TYPE_CHECKING:
    from ostinato.app.opening import Opened


async def land_goal(opened: Opened, bench: Workbench, named: str | None, *, partial: bool) -> LandResult:
    """Land a goal. Raises UsageError that says what to do when the checkout, the branch or the proof forbids it."""
    branches = opened.branch.goals()
    goal = await opened.bridge(lambda s: landable_goal(s, opened.project.id, named, branches))
    name = opened.branch.name(goal.id)
    tip = opened.branch.find(goal.id)
    if tip is None:
        raise UsageError(f"{goal.id} has no branch {name}: nothing was committed, or it has been landed")
    if goal.status is not Status.COMPLETED and not partial:
        raise UsageError(
            f"{goal.id} is {goal.status.value}, not completed: finish it with `ostinato ralph {goal.id}`, "
            "or land what is proven with --partial"
        )
    mine, head, commits = require_landable(opened.repository, tip, name)
    proof = await prove_whole(await _session_run(bench, goal), goal, tip, head)
    require_landable(opened.repository, tip, name)
    fast_forward(opened.repository, tip)
    if goal.status is Status.COMPLETED:
        opened.branch.remove(goal.id)
    await opened.bridge(lambda s: _record(s, goal, tip))
    return LandResult(goal, mine, head, tip, commits, proof.checks)


async def _session_run(bench: Workbench, goal: Node) -> Run:
    """Return a run whose checks are kept with the goal's last session."""
    session = await bench.store(lambda s: s.sessions.list(goal_id=goal.id)[:1])
    if not session:
        raise UsageError(f"{goal.id} was never worked on: there is nothing to land")
    assert session[0].kind in SessionKind
    return Run(bench, goal, session[0], bench.clock.monotonic())


def _record(store: object, goal: Node, tip: str) -> None:
    from ostinato.store.graph import NodeChanges
    from ostinato.store.store import Store

    assert isinstance(store, Store)
    store.graph.update(goal.id, NodeChanges(metadata={"landed_commit": tip}))
