"""Where a project stands, as values: goals, what runs, what failed and why, what waits, what was spent, what is next.

Everything is read in one snapshot with few statements, however many tasks there are. It renders nothing.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ostinato.base.ids import NodeId, natural_key
from ostinato.base.process import ProcessIdentity, is_dead
from ostinato.base.spending import Spending
from ostinato.graph.approvals import Approval
from ostinato.graph.projects import Project
from ostinato.graph.rules import stands_still
from ostinato.graph.sessions import Session, SessionKind
from ostinato.graph.types import Node, NodeType, Status

if TYPE_CHECKING:
    from ostinato.graph.budgets import Account, Budget
    from ostinato.store.looking import AttemptLine, TaskLine
    from ostinato.store.store import Store

_OPEN = frozenset({Status.PENDING, Status.ACTIVE})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Running:
    """A session that has not ended. `state` is `alive`, `dead` (its process is gone), `elsewhere` (on another host:
    nobody here can tell) or `by hand` (no process). `heard_at` is the time of its newest event. The session's spending
    includes what its open conversations have spent so far."""

    session: Session
    process: ProcessIdentity | None
    state: str
    task: TaskLine | None = None
    attempt: int = 0
    step: int = 0
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GoalStanding:
    """One goal with the goals inside it, since a run works on those too. `failed` are tasks that failed or are blocked
    for a reason of their own, `commits` those made since the moment that was asked about, the oldest first; `last` is
    its newest ended session, `within` an open goal that it lies in. `budget` and `account` are there where it has a
    budget of its own, or a call that was never settled."""

    goal: Node
    counts: Mapping[Status, int]
    spending: Spending
    recent: bool
    running: tuple[Running, ...] = ()
    failed: tuple[TaskLine, ...] = ()
    waiting: tuple[Approval, ...] = ()
    commits: tuple[tuple[AttemptLine, TaskLine | None], ...] = ()
    done_since: int = 0
    last: Session | None = None
    paused_at: datetime | None = None
    within: NodeId | None = None
    budget: Budget | None = None
    account: Account | None = None

    @property
    def done(self) -> int:
        """How many of its tasks are completed."""
        return self.counts.get(Status.COMPLETED, 0)

    @property
    def tasks(self) -> int:
        """How many tasks count: all but the cancelled."""
        return sum(count for status, count in self.counts.items() if status is not Status.CANCELLED)

    @property
    def is_open(self) -> bool:
        """True while there is something to do."""
        return self.goal.status in _OPEN

    @property
    def told_with_another(self) -> bool:
        """True for a goal in an open one that nobody has worked on by itself: what is said of that says all."""
        return self.within is not None and self.last is None and not self.running

    @property
    def cost_per_task(self) -> float | None:
        """What each completed task cost, planning and failed attempts included; None where that is not known."""
        cost = self.spending.cost_usd
        return None if cost is None or not self.done else cost / self.done

    @property
    def least_per_task(self) -> float:
        """The same, or where a price is not known the least that it can be; 0 without a completed task."""
        return self.spending.least_usd / self.done if self.done else 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """One project as it stood at `at`; `since` is the moment from which "done" and "commits" count."""

    project: Project
    at: datetime
    since: datetime
    goals: tuple[GoalStanding, ...] = ()
    waiting: tuple[Approval, ...] = ()
    spending: Spending = field(default_factory=Spending)
    spent_since: Spending = field(default_factory=Spending)

    @property
    def running(self) -> tuple[Running, ...]:
        """The open sessions of all goals."""
        return tuple(one for goal in self.goals for one in goal.running)


class Step(NamedTuple):
    """The one thing to do next: a command, and why in a few words."""

    command: str
    why: str


def next_step(one: GoalStanding) -> Step | None:
    """Return what a person would do next about a goal, None where there is nothing to do."""
    goal = one.goal.id
    if one.paused_at is not None and one.is_open:
        return Step(f"ostinato resume {goal}", "it is paused")
    ralphs = [running for running in one.running if running.session.kind is SessionKind.RALPH]
    if any(running.state == "alive" for running in ralphs):
        return Step(f"ostinato ralph --attach {goal}", "it is at work")
    if any(running.state == "elsewhere" for running in ralphs):
        return Step(f"ostinato events --follow --goal {goal}", "it is at work")
    if one.waiting:
        return _answer(one.waiting[0])
    if any(running.session.kind is SessionKind.PLAN and running.state == "alive" for running in one.running):
        return Step(f"ostinato events --follow --goal {goal}", "it is being planned")
    if one.goal.status is Status.COMPLETED:
        landed = "landed_commit" in one.goal.metadata
        return None if landed or not one.done else Step(f"ostinato land {goal}", "everything is done")
    if not one.is_open:
        return None
    if not one.tasks:
        return Step(f"ostinato plan --goal {goal}", "it has no tasks")
    if one.counts.get(Status.READY, 0) or one.counts.get(Status.IN_PROGRESS, 0):
        return Step(f"ostinato ralph {goal}", "tasks are ready")
    if one.failed:
        return Step(f"ostinato show {one.failed[0].id}", "nothing can go on before this")
    return Step(f"ostinato tasks list --goal {goal}", "no task is ready")


def _answer(approval: Approval) -> Step:
    if approval.kind == "review":
        return Step(f"ostinato show {approval.node_id}", f"then approve or reject {approval.node_id}")
    if approval.kind == "plan":
        return Step(f"ostinato plan --goal {approval.node_id}", "its plan waits for you")
    return Step(f"ostinato show {approval.id}", "a question waits for you")


def read_standing(store: Store, project: Project, since: datetime | None = None) -> Standing:
    """Return where a project stands; without `since`, from the start of its last session on."""
    with store.db.reading():
        at = store.db.clock.now()
        sessions = store.sessions.list(project_id=project.id)
        since = since or (sessions[0].started_at if sessions else at)
        lines = {line.id: line for line in store.looking.tasks_and_goals(project.id)}
        goal_of = _goals_of(lines)
        attempts = store.looking.iterations_since(project.id, since)
        open_sessions = store.sessions.open(project.id)
        running = [_running(store, one, process, attempts, lines) for one, process in open_sessions]
        up_to_date = {one.session.id: one.session for one in running}
        sessions = [up_to_date.get(session.id, session) for session in sessions]
        waiting = store.approvals.open(project_id=project.id)
        goals = store.looking.nodes(line.id for line in lines.values() if line.node_type is NodeType.GOAL)
        paused = store.looking.paused(project.id)
        budgets = store.looking.budgets(project.id)
    sorted_out = _Sorted(lines, goal_of, sessions, attempts, running, waiting)
    return Standing(
        project=project,
        at=at,
        since=since,
        goals=tuple(
            _with_budget(sorted_out.standing(goal, since, paused.get(goal.id)), budgets.get(goal.id)) for goal in goals
        ),
        waiting=tuple(waiting),
        spending=sum((session.spending for session in sessions), Spending()),
        spent_since=sum((s.spending for s in sessions if s.ended_at is None or s.ended_at >= since), Spending()),
    )


def _with_budget(one: GoalStanding, found: tuple[Budget, Account] | None) -> GoalStanding:
    return one if found is None else replace(one, budget=found[0], account=found[1])


class _Sorted:
    """What was read, sorted out by goal once, so that many goals cost no more than one."""

    def __init__(
        self,
        lines: Mapping[NodeId, TaskLine],
        goal_of: Mapping[NodeId, NodeId],
        sessions: list[Session],
        attempts: list[AttemptLine],
        running: list[Running],
        waiting: list[Approval],
    ) -> None:
        self._lines = lines
        self._around = _around(lines, goal_of)
        tasks = (line for line in lines.values() if line.node_type is NodeType.TASK)
        self._tasks = _grouped((goal, line) for line in tasks for goal in self._goals(goal_of.get(line.id)))
        self._sessions = _grouped((session.goal_id, session) for session in sessions)
        self._attempts = _grouped((attempt.goal_id, attempt) for attempt in attempts)
        self._running = _grouped((one.session.goal_id, one) for one in running)
        self._waiting = _grouped(
            (goal, one) for one in waiting for goal in self._goals(goal_of.get(one.node_id, one.node_id))
        )

    def standing(self, goal: Node, since: datetime, paused_at: datetime | None) -> GoalStanding:
        """Return where one goal stands."""
        tasks = sorted(self._tasks.get(goal.id, ()), key=lambda line: natural_key(line.id))
        sessions = self._sessions.get(goal.id, [])
        ended = [session for session in sessions if session.ended_at is not None]
        attempts = self._attempts.get(goal.id, ())
        return GoalStanding(
            goal=goal,
            counts=Counter(line.status for line in tasks),
            spending=sum((session.spending for session in sessions), Spending()),
            recent=any(session.ended_at is None or session.ended_at >= since for session in sessions),
            running=tuple(self._running.get(goal.id, ())),
            failed=tuple(line for line in tasks if stands_still(line.status, line.reason)),
            waiting=tuple(self._waiting.get(goal.id, ())),
            commits=tuple((one, self._lines.get(one.task_id)) for one in attempts if one.commit and one.ended_at),
            done_since=sum(line.completed_at is not None and line.completed_at >= since for line in tasks),
            last=max(ended, key=lambda session: session.ended_at or since) if ended else None,
            paused_at=paused_at,
            within=next((above for above in self._goals(goal.id)[1:] if self._lines[above].status in _OPEN), None),
        )

    def _goals(self, nearest: NodeId | None) -> tuple[NodeId, ...]:
        """Return a goal and the goals around it, the nearest first."""
        return () if nearest is None else self._around.get(nearest, (nearest,))


def _grouped(pairs: Iterable[tuple[NodeId | None, T]]) -> dict[NodeId, list[T]]:
    found: dict[NodeId, list[T]] = defaultdict(list)
    for key, value in pairs:
        if key is not None:
            found[key].append(value)
    return found


def _goals_of(lines: Mapping[NodeId, TaskLine]) -> dict[NodeId, NodeId]:
    """Return the nearest goal above each task (and of each goal itself)."""
    found: dict[NodeId, NodeId] = {}
    for line in lines.values():
        trail, here = [], line
        while here.node_type is not NodeType.GOAL and here.id not in found:
            trail.append(here.id)
            above = lines.get(here.parent_id) if here.parent_id else None
            if above is None:
                break
            here = above
        goal = here.id if here.node_type is NodeType.GOAL else found.get(here.id)
        if goal is not None:
            found |= dict.fromkeys([*trail, here.id], goal)
    return found


def _around(lines: Mapping[NodeId, TaskLine], goal_of: Mapping[NodeId, NodeId]) -> dict[NodeId, tuple[NodeId, ...]]:
    """Return for each goal that lies in another one itself and all around it, the nearest first."""
    found: dict[NodeId, tuple[NodeId, ...]] = {}
    for goal in (line for line in lines.values() if line.node_type is NodeType.GOAL and line.parent_id):
        chain, above = [goal.id], goal.parent_id
        while above is not None and above in goal_of:
            chain.append(goal_of[above])
            above = lines[chain[-1]].parent_id
        found[goal.id] = tuple(chain)
    return found


def _running(
    store: Store,
    session: Session,
    process: ProcessIdentity | None,
    attempts: list[AttemptLine],
    lines: Mapping[NodeId, TaskLine],
) -> Running:
    now = [one for one in attempts if one.session_id == session.id and one.ended_at is None]
    sign = store.looking.last_sign(session.id)
    current = now[-1] if now else None
    return Running(
        session=_with_open_calls(store, session, now),
        process=process,
        state=state_of(process),
        task=lines.get(current.task_id) if current else None,
        attempt=current.attempt if current else 0,
        step=store.looking.last_step(current.id if current else session.id),
        heard_at=sign.at if sign else None,
    )


def _with_open_calls(store: Store, session: Session, now: list[AttemptLine]) -> Session:
    """Return a session with what its conversations have spent so far; the graph adds each up when it ends."""
    if session.kind is SessionKind.RALPH:
        open_ones: list[str] = [one.id for one in now]
        return replace(session, spending=session.spending + _spent_by(store, open_ones))
    whole = _spent_by(store, [session.id, *store.looking.talks_of([session.id])])
    return replace(session, spending=whole) if whole.calls > session.spending.calls else session


def _spent_by(store: Store, conversations: list[str]) -> Spending:
    return sum((one.spending for one in store.looking.steps_of(conversations)), Spending())


def state_of(process: ProcessIdentity | None) -> str:
    """Return whether the process of a session lives; see `Running.state`."""
    if process is None:
        return "by hand"
    if process.host != os.uname().nodename:
        return "elsewhere"
    return "dead" if is_dead(process) else "alive"
