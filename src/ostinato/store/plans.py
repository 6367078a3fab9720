"""Plans on their way into the graph: a pending goal, a draft kept beside it, and the one transaction that accepts it.

Whether a plan is good was judged before (`graph.plan_rules`, the person); here it only has to be well formed.
"""

from __future__ import annotations

from ostinato.base.errors import DatabaseError, NotFoundError, RuleError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.base.process import ProcessIdentity
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.edges import EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.plan import PlanDraft, TaskDraft
from ostinato.graph.plan_format import PlanFormatError, from_json, to_json
from ostinato.graph.requests import NewNode
from ostinato.graph.sessions import Session, SessionKind
from ostinato.graph.types import Node, NodeType, Status, TaskDetails
from ostinato.store.database import Database, queries
from ostinato.store.events import EventStore
from ostinato.store.evidence import EvidenceStore
from ostinato.store.graph import GraphStore
from ostinato.store.reasoning import ReasoningStore
from ostinato.store.sessions import SessionStore
from ostinato.store.transitions import change_status

_SEEN_RED = "red on the base when the plan was checked"


class PlanStore:
    """Every method that writes is one transaction."""

    def __init__(
        self,
        db: Database,
        events: EventStore,
        graph: GraphStore,
        reasoning: ReasoningStore,
        sessions: SessionStore,
        evidence: EvidenceStore,
    ) -> None:
        self._db = db
        self._events = events
        self._graph = graph
        self._reasoning = reasoning
        self._sessions = sessions
        self._evidence = evidence
        self._sql = queries("plans")

    def start(
        self, project_id: ProjectId, goal_title: str, description: str, process: ProcessIdentity | None
    ) -> tuple[Node, Session]:
        """Make a pending goal and open a plan session on it."""
        with self._db.transaction():
            goal = self._graph.add_node(project_id, NewNode(NodeType.GOAL, goal_title, description))
            return goal, self._sessions.start(project_id, goal.id, SessionKind.PLAN, process=process)

    def save_draft(self, goal_id: NodeId, draft: PlanDraft, actor: Actor = PERSON) -> None:
        """Keep a draft in place of the goal's former one. Raises NotFoundError, and RuleError for a goal that is no
        more open or a node that is none."""
        with self._db.transaction():
            goal = self._open_goal(goal_id)
            parameters = {"goal_id": goal_id, "draft": to_json(draft), "at": self._db.now()}
            self._db.execute(self._sql["save"], parameters)
            self._tell(goal, actor, {"plan": "drafted", "tasks": len(draft.tasks)})

    def draft(self, goal_id: NodeId) -> PlanDraft | None:
        """Return the goal's draft, None when there is none. Raises DatabaseError for one that cannot be read."""
        row = self._db.one(self._sql["get"], {"goal_id": goal_id})
        try:
            return from_json(row["draft"]) if row else None
        except PlanFormatError as error:
            raise DatabaseError(f"the plan draft of {goal_id} cannot be read ({error}): plan again") from error

    def accept(self, goal_id: NodeId, actor: Actor = PERSON) -> list[Node]:
        """Make the draft part of the graph, all or nothing, and delete it; returns the tasks in plan order.

        Tasks with their edges, decisions with their options, observations, and the evidence of `draft.red`; the goal is
        active afterwards. Raises NotFoundError without a draft, RuleError for one that the graph's rules refuse.
        """
        with self._db.transaction():
            goal = self._open_goal(goal_id)
            draft = self.draft(goal_id)
            if draft is None:
                raise NotFoundError(f"{goal_id} has no plan to accept: make one with `ostinato plan`")
            if not draft.tasks:
                raise RuleError(f"the plan of {goal_id} has no task: there is nothing to accept")
            ids = self._add_tasks(goal, draft.tasks, actor)
            for decision in draft.decisions:
                self._reasoning.log_decision(goal_id, decision, actor)
            for observation in draft.observations:
                self._reasoning.record_observation(goal_id, observation.title, observation.description, None, actor)
            self._keep_red(goal, draft, ids, actor)
            if self._graph.get(goal_id).status is Status.PENDING:
                change_status(self._db, self._events, goal_id, Status.ACTIVE, actor=actor)
            self._db.execute(self._sql["delete"], {"goal_id": goal_id})
            self._tell(goal, actor, {"plan": "accepted", "tasks": len(draft.tasks)})
            return [self._graph.get(ids[task.key]) for task in draft.tasks]

    def reject(self, goal_id: NodeId, reason: str | None = None, actor: Actor = PERSON) -> None:
        """Delete the draft and cancel the goal, unless it has accepted work already: then only the draft goes."""
        with self._db.transaction():
            goal = self._open_goal(goal_id)
            self._db.execute(self._sql["delete"], {"goal_id": goal_id})
            self._tell(goal, actor, {"plan": "rejected", "reason": reason})
            if goal.status is Status.PENDING:
                change_status(self._db, self._events, goal_id, Status.CANCELLED, reason=reason, actor=actor)

    def _open_goal(self, goal_id: NodeId) -> Node:
        goal = self._graph.get(goal_id)
        if goal.node_type is not NodeType.GOAL:
            raise RuleError(f"{goal_id} is a {goal.node_type}: only a goal has a plan")
        if goal.status not in {Status.PENDING, Status.ACTIVE}:
            raise RuleError(f"{goal_id} is {goal.status}: plan for an open goal")
        return goal

    def _add_tasks(self, goal: Node, tasks: tuple[TaskDraft, ...], actor: Actor) -> dict[str, NodeId]:
        """Add the tasks in plan order, then their dependencies, which may point forward. Returns key → id."""
        ids: dict[str, NodeId] = {}
        for task in tasks:
            if task.key in ids:
                raise RuleError(f"two tasks of the plan have the key {task.key!r}: keys must be unique")
            ids[task.key] = self._graph.add_node(goal.project_id, _new_task(goal.id, task, actor), actor).id
        for task in tasks:
            for target in dict.fromkeys(task.depends_on):
                prerequisite = ids.get(target) or self._existing(goal, task, target)
                self._graph.link(ids[task.key], EdgeType.DEPENDS_ON, prerequisite, actor=actor)
        return ids

    def _existing(self, goal: Node, task: TaskDraft, target: str) -> NodeId:
        node = self._graph.find(NodeId(target))
        if node is None or node.project_id != goal.project_id:
            raise RuleError(f"task {task.key!r} depends on {target!r}, which is no key of the plan and no node")
        return node.id

    def _keep_red(self, goal: Node, draft: PlanDraft, ids: dict[str, NodeId], actor: Actor) -> None:
        runs = [
            CheckRun(command, CheckStatus.FAILED, 1, 0.0, _SEEN_RED, CheckPhase.PLAN, owner=ids[key])
            for key, command in draft.red
            if key in ids
        ]
        self._evidence.add_check_runs(goal.project_id, runs, session_id=actor.session_id)

    def _tell(self, goal: Node, actor: Actor, payload: dict[str, object]) -> None:
        self._events.add(
            EventKind.NODE_UPDATED, project_id=goal.project_id, node_id=goal.id, actor=actor, payload=payload
        )


def _new_task(goal_id: NodeId, task: TaskDraft, actor: Actor) -> NewNode:
    return NewNode(
        NodeType.TASK,
        task.title,
        task.description,
        parent_id=goal_id,
        priority=task.priority,
        created_by=actor.by,
        details=TaskDetails(
            acceptance_criteria=task.acceptance_criteria,
            checks=task.checks,
            file_scope=task.file_scope,
            complexity=task.complexity,
            profile=task.profile,
            judge=task.judge,
        ),
    )
