"""Runs of other processes: which one is meant, whether it lives, what it came to, and asking it to stop.

All of it is read from the database and the system's processes; a run is never controlled in any other way.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from ostinato.app.results import RalphResult, ralph_result
from ostinato.base.errors import MachineError, UsageError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.base.process import ProcessIdentity, is_dead
from ostinato.graph.sessions import Session, SessionKind, StopReason
from ostinato.loop.ralph import told_in

if TYPE_CHECKING:
    from ostinato.store.store import Store

LiveRun = tuple[Session, ProcessIdentity]
"""A ralph session under way, and its process."""


class NothingRuns(UsageError):
    """No ralph session is under way."""

    kind = "nothing_runs"
    exit_code = 3


class RunDied(MachineError):
    """The process of a session is gone, and the session was never ended."""

    kind = "died"


def running(store: Store, project_id: ProjectId, goal_id: NodeId | None) -> LiveRun:
    """Return the ralph session under way on the goal, or the project's only one.

    Raises NothingRuns, RunDied when all that is left is a session of a dead process, UsageError when there are several.
    """
    found = [
        (session, owner)
        for session, owner in store.sessions.open(project_id)
        if owner is not None and session.kind is SessionKind.RALPH and goal_id in {None, session.goal_id}
    ]
    alive = [(session, owner) for session, owner in found if not is_dead(owner)]
    if len(alive) > 1:
        raise UsageError(f"several runs are under way, name a goal: {', '.join(s.goal_id for s, _ in alive)}")
    if alive:
        return alive[0]
    if found:
        raise died(*found[-1])
    raise _nothing(store, project_id, goal_id)


def _nothing(store: Store, project_id: ProjectId, goal_id: NodeId | None) -> NothingRuns:
    sessions = store.sessions.list(goal_id=goal_id, project_id=project_id)
    last = next((s for s in sessions if s.kind is SessionKind.RALPH and s.stop_reason), None)
    on = f" on {goal_id}" if goal_id else ""
    why = (last.stop_reason or "").replace("_", " ") if last else ""
    before = f" (the last run, {last.id} on {last.goal_id}, ended: {why})" if last else ""
    return NothingRuns(f"nothing runs{on}{before}: `ostinato ralph --detach` starts a run in the background")


def died(session: Session, owner: ProcessIdentity) -> RunDied:
    """Return the error of a run that died, with what to do."""
    return RunDied(
        f"the run on {session.goal_id} (session {session.id}, process {owner.pid} on {owner.host}) has died: "
        f"`ostinato ralph {session.goal_id}` recovers what it left and goes on"
    )


def ended(store: Store, session: Session, owner: ProcessIdentity) -> Session | None:
    """Return the session once it has ended, None while it goes on. Raises RunDied.

    The life of a process on another host cannot be seen from here: it counts as going on.
    """
    gone = is_dead(owner)
    # Read after the look at the process: it may have ended its session as its last act.
    present = store.sessions.get(session.id)
    if present.ended_at is not None and present.stop_reason in set(StopReason):
        return present
    if present.ended_at is not None or gone:
        raise died(session, owner)
    return None


def result_of(store: Store, session: Session) -> RalphResult:
    """Return what an ended ralph session came to, as the run itself says it."""
    from ostinato.git.goal_branch import GitGoalBranch
    from ostinato.git.repository import Repository

    branch = GitGoalBranch(Repository.find(Path(store.projects.get(session.project_id).path)))
    iterations, detail = told_in(session.summary or "")
    goal = store.graph.get(session.goal_id)
    name = branch.name(goal.id) if branch.find(goal.id) else None
    stopped = StopReason(str(session.stop_reason))
    return ralph_result(store, goal, session, stopped, detail, iterations, name)


def ask_to_stop(owner: ProcessIdentity) -> None:
    """Ask a run to end after its present step, as Ctrl-C would. Raises UsageError for a run on another host."""
    if owner.host != os.uname().nodename:
        raise UsageError(f"that run is on {owner.host}: stop it there")
    os.kill(owner.pid, signal.SIGTERM)
