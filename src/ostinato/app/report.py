"""Makes a report from the store: one snapshot, and few statements however many tasks there are. It renders nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from ostinato.app.report_values import (
    AttemptReport,
    DecisionReport,
    Learned,
    Moment,
    OptionReport,
    Report,
    Spent,
    TaskReport,
)
from ostinato.base.diffstat import diffstat
from ostinato.base.ids import NodeId
from ostinato.base.spending import Spending
from ostinato.graph.approvals import Approval
from ostinato.graph.edges import Edge, EdgeType
from ostinato.graph.evidence import CheckRun
from ostinato.graph.iterations import Iteration
from ostinato.graph.sessions import Session, SessionKind
from ostinato.graph.steering import PersonNote
from ostinato.graph.types import Node, NodeType, Status

if TYPE_CHECKING:
    from ostinato.store.looking import StepsCost
    from ostinato.store.store import Store

UNKNOWN_MODEL = "model not recorded"
OUTSIDE_STEPS = "calls that brought no answer"


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read for a report, before it is sorted out."""

    nodes: list[Node]
    edges: list[Edge]
    sessions: list[Session]
    iterations: list[Iteration]
    runs: Mapping[str, list[CheckRun]]
    diffs: Mapping[str, str]
    steps: list[StepsCost]
    approvals: list[Approval]
    said: Sequence[PersonNote]


def read_report(store: Store, goal: Node, session: Session | None = None) -> Report:
    """Return the report of a goal, or of one session on it: then only what that session worked on or brought."""
    with store.db.reading():
        found = _read(store, goal)
        project = store.projects.get(goal.project_id)
        at = store.db.clock.now()
    if session is not None:
        found = _of_session(found, session)
    approved = {a.node_id for a in found.approvals if a.kind == "review" and a.answer == "approved"}
    tasks = _tasks(found, approved)
    decisions = _decisions(found)
    return Report(
        project=project,
        goal=goal,
        at=at,
        session=session,
        sessions=tuple(found.sessions),
        tasks=tasks,
        decisions=decisions,
        learned=_learned(found),
        waiting=tuple(approval for approval in found.approvals if approval.answered_at is None),
        by_model=_by_model(found),
        by_day=_by_day(found),
        spending=sum((one.spending for one in found.sessions), Spending()),
        timeline=_timeline(found, tasks, decisions),
    )


def _read(store: Store, goal: Node) -> _Found:
    looking = store.looking
    sessions = store.sessions.list(goal_id=goal.id)[::-1]
    owners = [session.id for session in sessions]
    iterations = looking.iterations_of_goal(goal.id)
    return _Found(
        nodes=looking.nodes_of_goal(goal.id),
        edges=looking.edges_of_goal(goal.id),
        sessions=sessions,
        iterations=iterations,
        runs=looking.check_runs_of_goal(goal.id),
        diffs=looking.committed_diffs(goal.id),
        steps=looking.steps_of([*owners, *looking.talks_of(owners), *(i.id for i in iterations)]),
        approvals=looking.approvals_of_goal(goal.id),
        said=store.steering.news(goal.id, after=0).notes,
    )


def _of_session(found: _Found, session: Session) -> _Found:
    """Keep what one session did: its attempts with their tasks, and what came into the graph while it was open."""
    iterations = [one for one in found.iterations if one.session_id == session.id]
    worked_on = {one.task_id for one in iterations}
    owners = {session.id, *(one.id for one in iterations)}

    def inside(moment: datetime | None) -> bool:
        return (
            moment is not None
            and session.started_at <= moment
            and (session.ended_at is None or moment <= session.ended_at)
        )

    def belongs(node: Node) -> bool:
        if node.node_type is NodeType.TASK:
            return node.id in worked_on or (session.kind is SessionKind.PLAN and inside(node.created_at))
        return inside(node.created_at) or inside(node.completed_at)

    return _Found(
        nodes=[node for node in found.nodes if belongs(node)],
        edges=found.edges,
        sessions=[one for one in found.sessions if one.id == session.id],
        iterations=iterations,
        runs=found.runs,
        diffs=found.diffs,
        steps=[one for one in found.steps if one.owner_id.partition("/")[0] in owners],
        approvals=[a for a in found.approvals if inside(a.asked_at) or inside(a.answered_at)],
        said=[one for one in found.said if inside(one.at)],
    )


def _tasks(found: _Found, approved: set[NodeId]) -> tuple[TaskReport, ...]:
    attempts: dict[NodeId, list[AttemptReport]] = defaultdict(list)
    for iteration in found.iterations:
        attempts[iteration.task_id].append(AttemptReport(iteration, tuple(found.runs.get(iteration.id, ()))))
    tasks = [node for node in found.nodes if node.node_type is NodeType.TASK]
    parts = Counter(node.parent_id for node in tasks)
    made = (_task(node, attempts.get(node.id, []), found.diffs, node.id in approved) for node in tasks)
    return tuple(replace(task, parts=parts[task.node.id]) if task.node.id in parts else task for task in made)


def _task(node: Node, attempts: list[AttemptReport], diffs: Mapping[str, str], approved: bool) -> TaskReport:
    committed = [one.iteration for one in attempts if one.iteration.commit]
    return TaskReport(
        node=node,
        attempts=tuple(attempts),
        commit=committed[-1].commit if committed else None,
        files=diffstat(diffs.get(committed[-1].id, "")) if committed else (),
        approved=approved,
        spending=sum((one.iteration.spending for one in attempts), Spending()),
    )


def _decisions(found: _Found) -> tuple[DecisionReport, ...]:
    edges: dict[NodeId, list[Edge]] = defaultdict(list)
    for edge in found.edges:
        edges[edge.from_id].append(edge)
    options: dict[NodeId | None, list[Node]] = defaultdict(list)
    for node in found.nodes:
        if node.node_type is NodeType.OPTION:
            options[node.parent_id].append(node)
    decisions = (node for node in found.nodes if node.node_type is NodeType.DECISION)
    return tuple(_decided(node, options[node.id], edges[node.id]) for node in decisions)


def _decided(node: Node, options: list[Node], edges: list[Edge]) -> DecisionReport:
    """Sort out the options by the decision's edges, the oldest first: a later choice replaces an earlier one."""
    chosen = {edge.edge_type: edge for edge in edges if edge.edge_type is EdgeType.CHOSEN}.get(EdgeType.CHOSEN)
    if node.status is not Status.DECIDED:
        chosen = None
    why = {edge.to_id: edge.label or "" for edge in edges if edge.edge_type is EdgeType.REJECTED}
    picked = [OptionReport(o, chosen.label or "") for o in options if chosen and o.id == chosen.to_id]
    others = [OptionReport(o, why.get(o.id, "")) for o in options if not chosen or o.id != chosen.to_id]
    return DecisionReport(node, picked[0] if picked else None, tuple(others))


def _learned(found: _Found) -> tuple[Learned, ...]:
    about: dict[NodeId, list[NodeId]] = defaultdict(list)
    for edge in found.edges:
        if edge.edge_type is EdgeType.INFORMS:
            about[edge.from_id].append(edge.to_id)
    return tuple(
        Learned(node, tuple(about.get(node.id, ()))) for node in found.nodes if node.node_type is NodeType.OBSERVATION
    )


def _by_model(found: _Found) -> tuple[Spent, ...]:
    by_model = _summed((one.model or UNKNOWN_MODEL, one.spending) for one in found.steps)
    rest = _rest(found)
    return tuple(sorted(by_model, key=lambda one: -one.spending.tokens)) + ((rest,) if rest else ())


def _rest(found: _Found) -> Spent | None:
    """Return what the sessions spent beyond their steps: calls that failed are paid for, and belong to no model."""
    whole = sum((one.spending for one in found.sessions), Spending())
    steps = sum((one.spending for one in found.steps), Spending())
    if whole.tokens <= steps.tokens:
        return None
    cost = None if whole.cost_usd is None or steps.cost_usd is None else max(0.0, whole.cost_usd - steps.cost_usd)
    return Spent(OUTSIDE_STEPS, Spending(whole.input - steps.input, output=whole.output - steps.output, cost_usd=cost))


def _by_day(found: _Found) -> tuple[Spent, ...]:
    return tuple(sorted(_summed((one.day, one.spending) for one in found.steps), key=lambda one: one.name))


def _summed(pairs: Iterable[tuple[str, Spending]]) -> list[Spent]:
    sums: dict[str, Spending] = {}
    for name, spending in pairs:
        sums[name] = sums.get(name, Spending()) + spending
    return [Spent(name, spending) for name, spending in sums.items()]


def _timeline(
    found: _Found, tasks: tuple[TaskReport, ...], decisions: tuple[DecisionReport, ...]
) -> tuple[Moment, ...]:
    moments: list[Moment] = []
    for session in found.sessions:
        moments.append(Moment(session.started_at, "session", f"{session.kind} session {session.id} began"))
        if session.ended_at:
            why = (session.stop_reason or "ended").replace("_", " ")
            moments.append(Moment(session.ended_at, "session", f"{session.kind} session {session.id} ended: {why}"))
    for task in tasks:
        moments.extend(_moments_of(task))
    for decision in decisions:
        if decision.chosen and decision.node.completed_at:
            text = f"decided: {decision.node.title} → {decision.chosen.node.title}"
            moments.append(Moment(decision.node.completed_at, "note", text))
    for approval in found.approvals:
        moments.append(Moment(approval.asked_at, "waits", f"asked: {approval.question}"))
        if approval.answered_at:
            reason = f": {approval.reason}" if approval.reason else ""
            moments.append(Moment(approval.answered_at, "person", f"{approval.node_id} {approval.answer}{reason}"))
    moments.extend(Moment(one.at, "person", f"said: {one.text}") for one in found.said)
    # Stable: what happened at the same moment stays in the order above.
    return tuple(sorted(moments, key=lambda moment: moment.at))


_ENDED = {
    "done": ("done", "completed"),
    "review": ("waits", "waits for a review"),
    "retry": ("failed", "did not pass"),
    "fail": ("failed", "failed"),
    "block": ("failed", "is blocked"),
    "park": ("failed", "is parked"),
    "split": ("note", "was split"),
    "release": ("note", "was given back"),
}


def _moments_of(task: TaskReport) -> Iterable[Moment]:
    for attempt in task.attempts:
        one = attempt.iteration
        if one.ended_at is None:
            continue
        mark, words = _ENDED.get(one.decision or "", ("note", "ended"))
        again = f" (attempt {one.attempt})" if one.attempt > 1 or mark == "failed" else ""
        commit = f" in {one.commit[:10]}" if one.commit and mark == "done" else ""
        yield Moment(one.ended_at, mark, f"{task.node.id} {task.node.title}: {words}{again}{commit}")
