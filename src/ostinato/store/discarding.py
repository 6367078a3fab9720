"""Discards a goal in the graph: it and its open tasks are cancelled, its questions answered, its draft and pause gone.

What was completed, failed, decided and learned stays as history. Branches are the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.requests import NodeChanges
from ostinato.graph.types import Node, NodeType, Status
from ostinato.store.approvals import REJECTED
from ostinato.store.database import queries
from ostinato.store.transitions import change_status

if TYPE_CHECKING:
    from ostinato.store.store import Store

_WHY = "the goal was discarded"
_STAYS = {Status.COMPLETED, Status.CANCELLED, Status.FAILED}


@dataclass(frozen=True, slots=True)
class Going:
    """What discarding a goal takes out of the graph: open tasks and goals below it, and how many questions."""

    open_nodes: tuple[Node, ...]
    completed: int
    questions: int
    draft: bool


def going(store: Store, goal: Node) -> Going:
    """Return what would go; what the goal merely lists, and another owns, stays (decision 0007)."""
    works = [n for n in store.graph.descendants(goal.id) if n.node_type in {NodeType.TASK, NodeType.GOAL}]
    return Going(
        open_nodes=tuple(node for node in works if node.status not in _STAYS),
        completed=sum(node.node_type is NodeType.TASK and node.status is Status.COMPLETED for node in works),
        questions=len(store.approvals.open(goal_id=goal.id)),
        draft=store.plans.draft(goal.id) is not None,
    )


def discard(
    store: Store,
    goal_id: NodeId,
    *,
    cancel: bool,
    commit: str | None,
    before_commit: Callable[[], None],
    actor: Actor = PERSON,
) -> Going:
    """Discard a goal in one transaction and return what went; `cancel` False leaves its own status as it is.

    `commit` is the tip that is given up, kept with the goal. `before_commit` is called last: when it raises, nothing
    has happened. Raises RuleError while a live process works on the goal or on one inside it.
    """
    with store.db.transaction():
        goal = store.graph.get(goal_id)
        what = going(store, goal)
        for one in (goal, *(node for node in what.open_nodes if node.node_type is NodeType.GOAL)):
            refuse_live(store, one.id)
        if cancel:
            if goal.status is Status.COMPLETED:
                change_status(store.db, store.events, goal_id, Status.ACTIVE, actor=actor)
            # Before its tasks: the last one to go would complete it.
            change_status(store.db, store.events, goal_id, Status.CANCELLED, reason=_WHY, actor=actor)
        for node in _top_down(what.open_nodes):
            change_status(store.db, store.events, node.id, Status.CANCELLED, reason=_WHY, actor=actor)
        for question in store.approvals.open(goal_id=goal_id):
            store.approvals.answer(question.id, REJECTED, _WHY, actor)
        store.db.execute(queries("plans")["delete"], {"goal_id": goal_id})
        store.steering.resume(goal_id, actor)
        if commit is not None:
            store.graph.update(goal_id, NodeChanges(metadata={"discarded_commit": commit}), actor)
        before_commit()
        return what


def refuse_live(store: Store, goal_id: NodeId) -> None:
    """Raise RuleError while a live process works on the goal."""
    for session, owner in store.sessions.live(goal_id):
        how = f"`ostinato ralph --stop {goal_id}` ends it" if session.kind == "ralph" else "end it first"
        raise RuleError(f"process {owner.pid} on {owner.host} works on {goal_id} (session {session.id}): {how}")


def _top_down(nodes: tuple[Node, ...]) -> list[Node]:
    """Return parents before their children: a child that goes first may complete its parent."""
    parents = {node.id: node.parent_id for node in nodes}

    def depth(node_id: NodeId) -> int:
        count, above = 0, parents[node_id]
        while above in parents:
            count, above = count + 1, parents[above]
        return count

    return sorted(nodes, key=lambda node: depth(node.id))
