"""Which goal a command is about when none is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostinato.base.errors import NotFoundError, UsageError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.base.text import clip
from ostinato.graph.sessions import StopReason
from ostinato.graph.types import Node, NodeType, Status

if TYPE_CHECKING:
    from ostinato.store.store import Store

_SHOWN = 60
"""Characters of a title in a list of goals."""


@dataclass(frozen=True, slots=True)
class GoalChoice:
    """The goal to work on; `over` says that there is nothing to do on it, and `why` in words."""

    goal: Node
    over: StopReason | None = None
    why: str = ""


def chosen_goal(store: Store, project_id: ProjectId, named: str | None) -> GoalChoice:
    """Return the goal that `ralph` works on. Raises NotFoundError, and UsageError when several are open."""
    if named is not None:
        return _named(store, project_id, named)
    goals = _goals(store, project_id)
    open_ids = {goal.id for goal in goals if _is_open(store, goal)}
    # A goal inside an open one is worked on with that.
    open_goals = [goal for goal in goals if goal.id in open_ids and goal.parent_id not in open_ids]
    if len(open_goals) > 1:
        raise UsageError(f"several goals are open, name one: {_listed(open_goals)}")
    if open_goals:
        return GoalChoice(open_goals[0])
    if not goals:
        raise NothingToDo('there is no goal yet: make one with `ostinato plan "…"`')
    latest = goals[-1]
    if latest.status is Status.COMPLETED:
        return GoalChoice(latest, StopReason.GOAL_COMPLETED, "no goal is open, and the latest is completed")
    why = f"no goal is open; the latest is {latest.status.value}"
    if latest.status is Status.PENDING:
        why = f"no goal is open; the latest has no accepted plan: `ostinato plan --goal {latest.id}` goes on"
    return GoalChoice(latest, StopReason.NOTHING_READY, why)


class NothingToDo(UsageError):
    """There is no goal at all."""

    kind = "nothing_ready"
    exit_code = 3


def open_goal(store: Store, project_id: ProjectId, named: str | None) -> Node:
    """Return the goal that a person steers: the one named, else the project's only open one. Raises UsageError."""
    if named is not None:
        return _named(store, project_id, named).goal
    choice = chosen_goal(store, project_id, None)
    if choice.over is not None:
        raise UsageError(f"{choice.why}; name one, `ostinato status` lists them")
    return choice.goal


def landable_goal(store: Store, project_id: ProjectId, named: str | None, branches: set[str]) -> Node:
    """Return the goal to land: the one named, else the only one that has a branch. Raises UsageError."""
    if named is not None:
        return _named(store, project_id, named).goal
    found = [goal for goal in _goals(store, project_id) if goal.id in branches]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError("there is nothing to land: no goal has a branch")
    raise UsageError(f"several goals can be landed, name one: {_listed(found)}")


def committed_work(store: Store, goal: Node) -> list[tuple[NodeId, str]]:
    """Return (task, commit) of the goal's completed tasks that changed something, the latest last."""
    done = [task for task in store.graph.descendants(goal.id) if task.status is Status.COMPLETED]
    done.sort(key=lambda task: task.completed_at or task.created_at)
    pairs = ((task.id, [i.commit for i in store.iterations.of_task(task.id) if i.commit]) for task in done)
    return [(task, commits[-1]) for task, commits in pairs if commits]


def _listed(goals: list[Node]) -> str:
    return ", ".join(f"{goal.id} ({clip(goal.title, _SHOWN)})" for goal in goals)


def _named(store: Store, project_id: ProjectId, named: str) -> GoalChoice:
    try:
        goal = store.graph.get(NodeId(named))
    except NotFoundError as error:
        raise NotFoundError(f"no goal {named}: `ostinato status` lists the goals") from error
    if goal.node_type is not NodeType.GOAL:
        raise UsageError(f"{goal.id} is a {goal.node_type.value}, not a goal")
    if goal.project_id != project_id:
        raise UsageError(f"{goal.id} belongs to another project: {store.projects.get(goal.project_id).path}")
    if goal.status is Status.COMPLETED:
        return GoalChoice(goal, StopReason.GOAL_COMPLETED, "the goal is completed already")
    if goal.status is Status.CANCELLED:
        return GoalChoice(goal, StopReason.NOTHING_READY, "the goal is cancelled")
    return GoalChoice(goal)


def _goals(store: Store, project_id: ProjectId) -> list[Node]:
    from ostinato.graph.requests import NodeFilter

    return store.graph.query(NodeFilter(project_id=project_id, node_type=NodeType.GOAL))


def _is_open(store: Store, goal: Node) -> bool:
    """Tell whether a goal can be worked on: active, or pending with tasks (a plan that waits has none)."""
    if goal.status is Status.PENDING:
        return bool(store.graph.counts(goal.id))
    return goal.status is Status.ACTIVE
