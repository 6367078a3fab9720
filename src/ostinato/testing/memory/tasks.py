"""The order of work and the claims of the double, with the signatures of `store.tasks`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ostinato.base.errors import ClaimLostError, RuleError
from ostinato.base.ids import NodeId, ProjectId, SessionId
from ostinato.base.process import ProcessIdentity
from ostinato.base.text import clip, one_line
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.edges import EdgeType
from ostinato.graph.iterations import Claim
from ostinato.graph.requests import NewNode
from ostinato.graph.steering import HINT
from ostinato.graph.types import Node, NodeType, Status
from ostinato.testing.memory.approvals import MemoryApprovals
from ostinato.testing.memory.graph import MemoryGraph
from ostinato.testing.memory.reading import in_order_next
from ostinato.testing.memory.state import Held, Memory
from ostinato.testing.memory.transitions import change_status

_TITLE = 100


class MemoryTasks:
    """See `store.tasks.TaskStore`."""

    def __init__(self, memory: Memory, graph: MemoryGraph) -> None:
        self._memory = memory
        self._graph = graph

    def ready(
        self, *, project_id: ProjectId | None = None, goal_id: NodeId | None = None, limit: int | None = None
    ) -> list[Node]:
        """Return the ready tasks in the order Next. Raises NotFoundError."""
        within = None
        if goal_id is not None:
            self._memory.node(goal_id)
            within = {node.id for node in self._memory.tasks_below(goal_id)}
        found = in_order_next(self._memory, project_id, within)
        return found if limit is None else found[: max(0, limit)]

    def next(self, *, project_id: ProjectId | None = None, goal_id: NodeId | None = None) -> Node | None:
        """Return the first ready task, or None."""
        return next(iter(self.ready(project_id=project_id, goal_id=goal_id)), None)

    def claim(
        self,
        agent: str,
        *,
        task_id: NodeId | None = None,
        project_id: ProjectId | None = None,
        goal_id: NodeId | None = None,
        actor: Actor = PERSON,
    ) -> Node | None:
        """Claim a task by hand. Raises NotFoundError, and RuleError for a task that is not ready."""
        if not agent.strip():
            raise RuleError("a claim needs the name of an agent")
        with self._memory.transaction():
            found = self.next(project_id=project_id, goal_id=goal_id) if task_id is None else self._graph.get(task_id)
            if found is None:
                return None
            if found.status is Status.CLAIMED:
                raise RuleError(f"{found.id} is claimed by {found.assigned_to}: `ostinato tasks release` gives it back")
            return self._graph.set_status(found.id, Status.CLAIMED, agent=agent, actor=actor)

    def claim_next(
        self, goal_id: NodeId, agent: str, *, session_id: SessionId, lease_seconds: float, process: ProcessIdentity
    ) -> tuple[Claim, Node] | None:
        """Claim the goal's next task for the loop. Raises NotFoundError."""
        with self._memory.transaction():
            task = self.next(goal_id=goal_id)
            if task is None or goal_id in self._memory.state.pauses:
                return None
            change_status(self._memory, task.id, Status.CLAIMED, agent=agent, actor=Actor("loop", session_id))
            # Beside the state: what is undone must not give its token to another.
            self._memory.tokens += 1
            until = self._memory.now() + timedelta(seconds=lease_seconds)
            held = Held(agent, self._memory.tokens, session_id, until, process)
            self._memory.state.claims[task.id] = held
            return Claim(task.id, self._memory.tokens, agent, until), self._graph.get(task.id)

    def renew(self, claim: Claim, lease_seconds: float) -> Claim:
        """Extend a lease, counted from now. Raises ClaimLostError."""
        until = self._memory.now() + timedelta(seconds=lease_seconds)
        if not self.holds(claim):
            raise _lost(claim)
        held = self._memory.state.claims[claim.task_id]
        self._memory.state.claims[claim.task_id] = replace(held, lease_until=until)
        return replace(claim, lease_until=until)

    def holds(self, claim: Claim) -> bool:
        """Tell whether nobody has taken the claim away."""
        held = self._memory.state.claims.get(claim.task_id)
        return held is not None and held.token == claim.token

    def release(self, task_id: NodeId, actor: Actor = PERSON) -> Node:
        """Give a claimed task back. Raises RuleError for a task that nobody holds."""
        with self._memory.transaction():
            node = self._graph.get(task_id)
            if node.node_type is not NodeType.TASK or node.status not in {Status.CLAIMED, Status.IN_PROGRESS}:
                raise RuleError(f"{task_id} is {node.status}: only a claimed or in_progress task can be released")
            change_status(self._memory, task_id, Status.PENDING, actor=actor)
            return self._graph.get(task_id)

    def retry(self, task_id: NodeId, hint: str | None = None, actor: Actor = PERSON) -> Node:
        """Free a failed or blocked task. Raises RuleError for a task in any other state."""
        with self._memory.transaction():
            node, kept = self._graph.get(task_id), self._memory.node(task_id)
            if node.node_type is not NodeType.TASK or kept.status not in {Status.FAILED, Status.BLOCKED}:
                cause = f" ({node.blocked_reason}: retry that)" if node.status is Status.BLOCKED else ""
                raise RuleError(f"{task_id} is {node.status}{cause}: only a failed or blocked task can be retried")
            change_status(self._memory, task_id, Status.PENDING, actor=actor)
            changed = self._memory.node(task_id)
            self._memory.put(changed, details=replace(changed.task, attempts=0))
            MemoryApprovals(self._memory).settle_help(task_id, hint, actor)
            if hint and hint.strip():
                self._keep_hint(node, hint, actor)
            return self._graph.get(task_id)

    def reopen(self, task_id: NodeId, actor: Actor = PERSON) -> Node:
        """Make a completed task pending again. Raises RuleError for a task in any other state."""
        with self._memory.transaction():
            node = self._graph.get(task_id)
            if node.node_type is not NodeType.TASK or node.status is not Status.COMPLETED:
                raise RuleError(f"{task_id} is {node.status}: only a completed task can be reopened")
            change_status(self._memory, task_id, Status.PENDING, actor=actor)
            return self._graph.get(task_id)

    def create_child(self, claim: Claim, new: NewNode, actor: Actor = PERSON) -> Node:
        """Make a child of the claimed task. Raises ClaimLostError, RuleError for another parent."""
        with self._memory.transaction():
            if not self.holds(claim):
                raise _lost(claim)
            if new.parent_id not in {None, claim.task_id}:
                raise RuleError(f"the claim of {claim.task_id} makes children of that task, not of {new.parent_id}")
            project_id = self._memory.node(claim.task_id).project_id
            return self._graph.add_node(project_id, replace(new, parent_id=claim.task_id), actor)

    def _keep_hint(self, task: Node, hint: str, actor: Actor) -> None:
        goal = self._graph.goal_of(task.id)
        title = clip(one_line(hint.strip()), _TITLE)
        new = NewNode(
            NodeType.OBSERVATION, title, description=hint, parent_id=goal.id if goal else None, labels=(HINT,)
        )
        observation = self._graph.add_node(task.project_id, new, actor)
        self._graph.link(observation.id, EdgeType.INFORMS, task.id, None, actor)


def _lost(claim: Claim) -> ClaimLostError:
    return ClaimLostError(f"the claim of {claim.task_id} by {claim.agent} (token {claim.token}) does not hold any more")
