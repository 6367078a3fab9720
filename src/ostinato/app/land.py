"""Landing: the goal is chosen, what lands is made and proven whole, the person's branch moved, what is left removed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostinato.app.goals import landable_goal
from ostinato.app.results import LandResult
from ostinato.base.errors import UsageError
from ostinato.git.landing import Landing, Prepared, Standing, require_standing
from ostinato.git.moving import Move, move_person
from ostinato.graph.requests import NodeChanges
from ostinato.graph.types import Node, Status
from ostinato.loop.landing import How, prove_whole
from ostinato.loop.workbench import Run, Workbench

if TYPE_CHECKING:
    from ostinato.app.opening import Opened


@dataclass(frozen=True, slots=True)
class LandOptions:
    """What the person chose. `how` None means the setting `[land] how`; `keep` keeps the goal's branch."""

    how: How | None = None
    partial: bool = False
    keep: bool = False
    dry_run: bool = False


async def land_goal(opened: Opened, bench: Workbench, named: str | None, options: LandOptions) -> LandResult:
    """Land a goal. Raises UsageError that says what to do when checkout, branches or proof forbid it.

    Until the very end nothing of the person's is touched; then branch and checkout move together (`git.moving`).
    """
    goal, tip = await _goal_and_tip(opened, named, options)
    name = opened.branch.name(goal.id)
    removes = goal.status is Status.COMPLETED and not options.keep
    standing = require_standing(opened.repository, name, removes=removes)
    how = options.how or How(opened.settings.land.how)
    landing = Landing(opened.branch.committer(), goal, name, tip, standing)
    prepared = await asyncio.to_thread(landing.prepare, how)
    run = await _session_run(bench, goal)
    proof = await prove_whole(run, goal, prepared.commit, standing.head, landing.advice_when_red(prepared))
    result = LandResult(
        goal=goal,
        branch=standing.branch,
        before=standing.head,
        after=prepared.commit,
        commits=prepared.commits,
        checks=proof.checks,
        how=prepared.how,
        dry_run=options.dry_run,
        kept=None if removes else name,
    )
    if options.dry_run:
        return result
    if require_standing(opened.repository, name, removes=removes) != standing:
        raise UsageError(f"{standing.branch} moved on meanwhile, nothing was changed: land again")
    await asyncio.to_thread(_move, opened, goal, standing, prepared)
    landed = NodeChanges(metadata={"landed_commit": prepared.commit})
    await opened.bridge(lambda s: s.graph.update(goal.id, landed))
    if removes:
        opened.branch.remove(goal.id)
    return result


async def _goal_and_tip(opened: Opened, named: str | None, options: LandOptions) -> tuple[Node, str]:
    branches = opened.branch.goals()
    goal = await opened.bridge(lambda s: landable_goal(s, opened.project.id, named, branches))
    tip = opened.branch.find(goal.id)
    if tip is None:
        raise UsageError(
            f"{goal.id} has no branch {opened.branch.name(goal.id)}: nothing was committed, or it has been landed"
        )
    if goal.status is not Status.COMPLETED and not options.partial:
        raise UsageError(
            f"{goal.id} is {goal.status.value}, not completed: finish it with `ostinato ralph {goal.id}`, "
            "or land what is proven with --partial"
        )
    return goal, tip


def _move(opened: Opened, goal: Node, standing: Standing, prepared: Prepared) -> None:
    if prepared.commit != standing.head:
        move = Move(standing.ref, standing.head, prepared.commit)
        move_person(opened.repository, move, f"ostinato: land {goal.id} ({prepared.how.value})")


async def _session_run(bench: Workbench, goal: Node) -> Run:
    """Return a run whose checks are kept with the goal's last session."""
    session = await bench.store(lambda s: s.sessions.list(goal_id=goal.id)[:1])
    if not session:
        raise UsageError(f"{goal.id} was never worked on: there is nothing to land")
    return Run(bench, goal, session[0], bench.clock.monotonic())
