"""Work: which task is next, who has claimed it, and how it comes free again. Verdicts are not its business.

What only writing needs is imported by the methods that write: asking for the next task is to start fast.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from ostinato.base.clock import format_time
from ostinato.base.errors import ClaimLostError, RuleError
from ostinato.base.ids import NodeId, ProjectId, SessionId
from ostinato.base.text import clip, one_line
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.types import Node, NodeType, Status
from ostinato.store.database import queries
from ostinato.store.reading import no_node, slim_row
from ostinato.store.rows import decode_node, encode_json

if TYPE_CHECKING:
    from ostinato.base.process import ProcessIdentity
    from ostinato.graph.iterations import Claim
    from ostinato.graph.requests import NewNode
    from ostinato.store.store import Store

_TITLE = 100


class TaskStore:
    """Claims tasks and gives them back. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db
        self._sql = queries("tasks")

    def ready(
        self, *, project_id: ProjectId | None = None, goal_id: NodeId | None = None, limit: int | None = None
    ) -> list[Node]:
        """Return the ready tasks in the order Next: of a project, of all that lies below a goal, or of all projects."""
        with self._db.reading():
            keys = self._ready_keys(project_id, goal_id, -1 if limit is None else max(0, limit))
            return [decode_node(row) for row in self._db.execute(self._sql["several"], {"keys": encode_json(keys)})]

    def next(self, *, project_id: ProjectId | None = None, goal_id: NodeId | None = None) -> Node | None:
        """Return the first ready task, or None."""
        return next(iter(self.ready(project_id=project_id, goal_id=goal_id, limit=1)), None)

    def claim(
        self,
        agent: str,
        *,
        task_id: NodeId | None = None,
        project_id: ProjectId | None = None,
        goal_id: NodeId | None = None,
        actor: Actor = PERSON,
    ) -> Node | None:
        """Claim a task by hand, without token and lease: `task_id`, or the next one; None when none is ready.

        Exactly one of any number of processes gets a task. Raises RuleError, saying why, for a task that is not ready.
        """
        if not agent.strip():
            raise RuleError("a claim needs the name of an agent")
        with self._db.transaction():
            if task_id is None:
                found = self.next(project_id=project_id, goal_id=goal_id)
                if found is None:
                    return None
                task_id = found.id
            elif self._store.graph.get(task_id).status is Status.CLAIMED:
                owner = self._store.graph.get(task_id).assigned_to
                raise RuleError(f"{task_id} is claimed by {owner}: `ostinato tasks release` gives it back")
            return self._store.graph.set_status(task_id, Status.CLAIMED, agent=agent, actor=actor)

    def claim_next(
        self,
        goal_id: NodeId,
        agent: str,
        *,
        session_id: SessionId,
        lease_seconds: float,
        process: ProcessIdentity,
    ) -> tuple[Claim, Node] | None:
        """Claim the goal's next task for the loop, with a token that no other claim ever had and a lease.

        None when none is ready or the goal is paused. Exactly one of any number of processes gets a task. Raises
        NotFoundError.
        """
        from ostinato.graph.iterations import Claim
        from ostinato.store.transitions import claim_row

        with self._db.transaction():
            task_id = self._next_id(goal_id)
            if task_id is None or self._store.steering.paused(goal_id):
                return None
            row = self._db.one(queries("nodes")["get"], {"id": task_id})
            assert row is not None, "it is ready"
            task = claim_row(self._db, self._store.events, row, agent, Actor("loop", session_id=session_id))
            now = self._db.clock.now()
            claim = Claim(task_id, self._new_token(), agent, now + timedelta(seconds=lease_seconds))
            self._db.execute(
                self._sql["insert_claim"],
                {
                    "task_id": task_id,
                    "token": claim.token,
                    "agent": agent,
                    "session_id": session_id,
                    "at": format_time(now),
                    "lease_until": claim.lease_until and format_time(claim.lease_until),
                    "host": process.host,
                    "boot": process.boot,
                    "pid": process.pid,
                    "started": process.started,
                },
            )
            return claim, task

    def renew(self, claim: Claim, lease_seconds: float) -> Claim:
        """Extend a lease, counted from now, and return the claim as it holds then. Raises ClaimLostError."""
        until = self._db.clock.now() + timedelta(seconds=lease_seconds)
        with self._db.transaction():
            parameters = {"task_id": claim.task_id, "token": claim.token, "lease_until": format_time(until)}
            if not self._db.execute(self._sql["renew"], parameters):
                raise _lost(claim)
        return replace(claim, lease_until=until)

    def holds(self, claim: Claim) -> bool:
        """Tell whether nobody has taken the claim away; a lease that ran out unnoticed still holds."""
        return self._db.one(self._sql["holds"], {"task_id": claim.task_id, "token": claim.token}) is not None

    def release(self, task_id: NodeId, actor: Actor = PERSON) -> Node:
        """Give a claimed task back: pending again, its claim gone. Raises RuleError for a task that nobody holds."""
        with self._db.transaction():
            node = self._store.graph.get(task_id)
            if node.node_type is not NodeType.TASK or node.status not in {Status.CLAIMED, Status.IN_PROGRESS}:
                raise RuleError(f"{task_id} is {node.status}: only a claimed or in_progress task can be released")
            self._change(task_id, Status.PENDING, actor=actor)
            return self._store.graph.get(task_id)

    def retry(self, task_id: NodeId, hint: str | None = None, actor: Actor = PERSON) -> Node:
        """Free a failed or blocked task: pending again, no attempt used up. The hint is kept as an observation that
        informs the task. Raises RuleError for a task in any other state, saying what it waits for."""
        with self._db.transaction():
            row, node = slim_row(self._db, task_id), self._store.graph.get(task_id)
            if node.node_type is not NodeType.TASK or row["status"] not in {Status.FAILED, Status.BLOCKED}:
                cause = f" ({node.blocked_reason}: retry that)" if node.status is Status.BLOCKED else ""
                raise RuleError(f"{task_id} is {node.status}{cause}: only a failed or blocked task can be retried")
            self._change(task_id, Status.PENDING, actor=actor)
            self._db.execute(self._sql["reset_attempts"], {"id": task_id})
            self._store.approvals.settle_help(task_id, hint, actor)
            if hint and hint.strip():
                self._keep_hint(node, hint, actor)
            return self._store.graph.get(task_id)

    def reopen(self, task_id: NodeId, actor: Actor = PERSON) -> Node:
        """Make a completed task pending again, with the tasks and goals that its completion completed. Raises RuleError
        for a task in any other state."""
        with self._db.transaction():
            node = self._store.graph.get(task_id)
            if node.node_type is not NodeType.TASK or node.status is not Status.COMPLETED:
                raise RuleError(f"{task_id} is {node.status}: only a completed task can be reopened")
            self._change(task_id, Status.PENDING, actor=actor)
            return self._store.graph.get(task_id)

    def create_child(self, claim: Claim, new: NewNode, actor: Actor = PERSON) -> Node:
        """Make a child of the claimed task. Raises ClaimLostError, RuleError for another parent."""
        with self._db.transaction():
            if not self.holds(claim):
                raise _lost(claim)
            if new.parent_id not in {None, claim.task_id}:
                raise RuleError(f"the claim of {claim.task_id} makes children of that task, not of {new.parent_id}")
            project_id = ProjectId(slim_row(self._db, claim.task_id)["project_id"])
            return self._store.graph.add_node(project_id, replace(new, parent_id=claim.task_id), actor)

    def _next_id(self, goal_id: NodeId) -> NodeId | None:
        with self._db.reading():
            keys = self._ready_keys(None, goal_id, 1)
            return NodeId(self._db.tuples(self._sql["id_of"], {"key": keys[0]})[0][0]) if keys else None

    def _ready_keys(self, project_id: ProjectId | None, goal_id: NodeId | None, limit: int) -> list[int]:
        sql = queries("standings")
        if goal_id is not None:
            return self._ready_below(goal_id, project_id, limit)
        if project_id is not None:
            return self._keys(sql["next_of_project"], project_id=project_id, limit=limit)
        return self._keys(sql["next_of_all"], limit=limit)

    def _ready_below(self, goal_id: NodeId, project_id: ProjectId | None, limit: int) -> list[int]:
        sql = queries("standings")
        goal = self._db.one(sql["place_of"], {"id": goal_id})
        if goal is None:
            raise no_node(goal_id)
        if project_id not in {None, goal["project_id"]}:
            return []
        if goal["key"] == goal["root_key"]:
            return self._keys(sql["next_of_root"], root_key=goal["key"], limit=limit)
        return self._keys(sql["next_below"], root_key=goal["root_key"], goal_id=goal_id, limit=limit)

    def _keys(self, sql: str, **parameters: str | int) -> list[int]:
        return [key for (key,) in self._db.tuples(sql, parameters)]

    def _new_token(self) -> int:
        row = self._db.one(self._sql["new_token"])
        assert row is not None
        return int(row["token"])

    def _change(self, task_id: NodeId, new: Status, *, agent: str | None = None, actor: Actor) -> None:
        from ostinato.store.transitions import change_status

        change_status(self._db, self._store.events, task_id, new, agent=agent, actor=actor)

    def _keep_hint(self, task: Node, hint: str, actor: Actor) -> None:
        from ostinato.graph.edges import EdgeType
        from ostinato.graph.requests import NewNode
        from ostinato.graph.steering import HINT

        title = clip(one_line(hint.strip()), _TITLE)
        goal = self._store.graph.goal_of(task.id)
        new = NewNode(
            NodeType.OBSERVATION, title, description=hint, parent_id=goal.id if goal else None, labels=(HINT,)
        )
        observation = self._store.graph.add_node(task.project_id, new, actor)
        self._store.graph.link(observation.id, EdgeType.INFORMS, task.id, None, actor)


def _lost(claim: Claim) -> ClaimLostError:
    return ClaimLostError(f"the claim of {claim.task_id} by {claim.agent} (token {claim.token}) does not hold any more")
