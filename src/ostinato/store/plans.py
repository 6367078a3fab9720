"""Plans on their way into the graph: a pending goal, a draft kept beside it, and the one transaction that accepts it.

Whether a plan is good was judged before (`graph.plan_rules`, the person); here it only has to be well formed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from ostinato.base.errors import DatabaseError, NotFoundError, RuleError
from ostinato.base.ids import NodeId, ProjectId, SessionId
from ostinato.base.process import ProcessIdentity
from ostinato.base.spending import Spending
from ostinato.base.text import many
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.approvals import Approval
from ostinato.graph.edges import EdgeType
from ostinato.graph.estimate import PastTask
from ostinato.graph.events import EventKind
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.plan import PlanDraft, TaskDraft
from ostinato.graph.plan_format import PlanFormatError, from_json, to_json
from ostinato.graph.plan_nodes import SEEN_RED, task_node
from ostinato.graph.requests import NewNode
from ostinato.graph.sessions import Session, SessionKind
from ostinato.graph.status import FINISHED
from ostinato.graph.types import Complexity, Node, NodeType, Status
from ostinato.loop.plan_record import PlanRecord
from ostinato.store.database import queries
from ostinato.store.record_rows import decode_session, decode_spending
from ostinato.store.replacing import replace_tasks
from ostinato.store.rows import encode_json
from ostinato.store.transitions import change_status

if TYPE_CHECKING:
    from ostinato.store.store import Store

_ABOUT_PLANS = frozenset({"plan", "question"})


class PlanStore:
    """Every method that writes is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db
        self._graph = store.graph
        self._sql = queries("plans")

    def start(
        self, project_id: ProjectId, goal_title: str, description: str, process: ProcessIdentity | None
    ) -> tuple[Node, Session]:
        """Make a pending goal and open a plan session on it."""
        with self._db.transaction():
            goal = self._graph.add_node(project_id, NewNode(NodeType.GOAL, goal_title, description))
            return goal, self._store.sessions.start(project_id, goal.id, SessionKind.PLAN, process=process)

    def record(self, goal_id: NodeId) -> PlanRecord:
        """Return how the planning of a goal stands: its draft, and the conversation of its latest plan session."""
        with self._db.reading():
            goal = self._goal(goal_id)
            latest = self._db.one(self._sql["latest_session"], {"goal_id": goal_id})
            session = decode_session(latest) if latest else None
            kept = self._store.iterations.transcript(session.id) if session else []
            return PlanRecord(
                goal=goal,
                draft=self.draft(goal_id),
                session=session,
                messages=tuple(one.message for one in kept if not isinstance(one.message, str)),
                steps=max((one.step for one in kept), default=0),
                asked=any(asked.kind == "plan" for asked in self._open_questions(goal_id)),
            )

    def go_on(self, goal: Node, before: SessionId | None, system: str, process: ProcessIdentity | None) -> Session:
        """Open a plan session on a goal that is there, with the conversation of the session `before` as its beginning.

        The conversation's system prompt becomes `system`. Raises RuleError while another process plans the goal.
        """
        with self._db.transaction():
            session = self._store.sessions.start(goal.project_id, goal.id, SessionKind.PLAN, process=process)
            if before is not None:
                self._db.execute(self._sql["carry"], {"from_id": before, "to_id": session.id})
                content = encode_json({"text": system})
                self._db.execute(self._sql["set_system"], {"owner_id": session.id, "content": content})
            return session

    def ask(self, goal_id: NodeId, session_id: SessionId, question: str, payload: dict[str, object]) -> Session:
        """Leave the draft to a person who answers later: one open question about it, and the session's end.

        Nothing is asked about a draft that is gone, since another face decided on it: the session ends as that says.
        """
        with self._db.transaction():
            goal = self._graph.get(goal_id)
            if self.draft(goal_id) is None:
                decided = "rejected" if goal.status is Status.CANCELLED else "accepted"
                return self._store.sessions.end(session_id, stop_reason=decided, summary="decided on elsewhere")
            for asked in self._open_questions(goal_id):
                if asked.kind == "plan" and (asked.question, asked.payload) != (question, payload):
                    self._store.approvals.answer(asked.id, "answered", "a newer plan takes its place")
            actor = Actor("loop", session_id)
            self._store.approvals.ask(goal.project_id, goal_id, "plan", question, payload, actor)
            return self._store.sessions.end(session_id, stop_reason="waiting_for_approval", summary=question)

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

    def reconsider(self, goal_id: NodeId, words: str) -> None:
        """Take back the open question about a draft that the person wants changed, `words` being their answer to it."""
        with self._db.transaction():
            for asked in self._open_questions(goal_id):
                if asked.kind == "plan":
                    self._store.approvals.answer(asked.id, "answered", words)

    def used(self, project_id: ProjectId) -> list[PastTask]:
        """Return what each completed task of a project used in all its iterations; without a model none."""
        spent: dict[str, Spending] = {}
        complexity: dict[str, Complexity | None] = {}
        for row in self._db.execute(self._sql["used"], {"project_id": project_id}):
            task = row["task_id"]
            spent[task] = spent.get(task, Spending()) + decode_spending(row["spending"])
            complexity[task] = Complexity(row["complexity"]) if row["complexity"] else None
        return [PastTask(complexity[task], one.tokens, one.cost_usd) for task, one in spent.items() if one.tokens]

    def accept(self, goal_id: NodeId, actor: Actor = PERSON, session_id: SessionId | None = None) -> list[Node]:
        """Make the draft part of the graph, all or nothing, and delete it; returns the tasks in plan order.

        Tasks with their edges, what they replace, decisions with their options, observations, and the evidence of
        `draft.red`; the goal is active afterwards, and no question about the plan is open any more. With
        `session_id` that plan session ends as accepted.

        Raises NotFoundError without a draft, RuleError for one that the graph's rules refuse.
        """
        with self._db.transaction():
            goal = self._open_goal(goal_id)
            draft = self.draft(goal_id)
            if draft is None:
                raise NotFoundError(f"{goal_id} has no plan that waits: `ostinato plan --goal {goal_id}` makes one")
            if not draft.tasks:
                raise RuleError(f"the plan of {goal_id} has no task: there is nothing to accept")
            ids = self._add_tasks(goal, draft.tasks, actor)
            replaced = replace_tasks(self._graph, goal, draft.tasks, ids, actor)
            reasoning = self._store.reasoning
            for decision in draft.decisions:
                reasoning.log_decision(goal_id, decision, actor)
            for observation in draft.observations:
                reasoning.record_observation(goal_id, observation.title, observation.description, None, actor)
            self._keep_red(goal, draft, ids, actor)
            if self._graph.get(goal_id).status is Status.PENDING:
                change_status(self._db, self._store.events, goal_id, Status.ACTIVE, actor=actor)
            self._db.execute(self._sql["delete"], {"goal_id": goal_id})
            self._close_questions(goal_id, "approved", None, actor)
            self._tell(goal, actor, {"plan": "accepted", "tasks": len(draft.tasks), "replaced": list(replaced)})
            if session_id is not None:
                summary = f"plan accepted with {many(len(draft.tasks), 'task')}"
                self._store.sessions.end(session_id, stop_reason="accepted", summary=summary)
            return [self._graph.get(ids[task.key]) for task in draft.tasks]

    def reject(self, goal_id: NodeId, reason: str | None = None, actor: Actor = PERSON) -> None:
        """Delete the draft and cancel the goal, unless it has accepted work already: then only the draft goes."""
        with self._db.transaction():
            goal = self._open_goal(goal_id)
            self._db.execute(self._sql["delete"], {"goal_id": goal_id})
            self._close_questions(goal_id, "rejected", reason, actor)
            self._tell(goal, actor, {"plan": "rejected", "reason": reason})
            if goal.status is Status.PENDING:
                change_status(self._db, self._store.events, goal_id, Status.CANCELLED, reason=reason, actor=actor)

    def _open_questions(self, goal_id: NodeId) -> list[Approval]:
        asked = self._store.approvals.for_node(goal_id)
        return [one for one in asked if one.kind in _ABOUT_PLANS and one.answered_at is None]

    def _close_questions(self, goal_id: NodeId, answer: str, reason: str | None, actor: Actor) -> None:
        for asked in self._open_questions(goal_id):
            if asked.kind == "plan":
                self._store.approvals.answer(asked.id, answer, reason, actor)
            else:
                self._store.approvals.answer(asked.id, "rejected", f"the plan was {answer}", actor)

    def _goal(self, goal_id: NodeId) -> Node:
        goal = self._graph.get(goal_id)
        if goal.node_type is not NodeType.GOAL:
            raise RuleError(f"{goal_id} is a {goal.node_type}: only a goal has a plan")
        return goal

    def _open_goal(self, goal_id: NodeId) -> Node:
        goal = self._goal(goal_id)
        # A goal may be completed while a plan for what was left is made: accepting it opens the goal again.
        if goal.status is Status.CANCELLED:
            raise RuleError(f"{goal_id} is {goal.status}: plan for an open goal")
        return goal

    def _add_tasks(self, goal: Node, tasks: tuple[TaskDraft, ...], actor: Actor) -> dict[str, NodeId]:
        """Add the tasks in plan order, then their dependencies, which may point forward. Returns key → id."""
        ids: dict[str, NodeId] = {}
        gone = {old for one in tasks for old in one.replaces}
        for task in tasks:
            if task.key in ids:
                raise RuleError(f"two tasks of the plan have the key {task.key!r}: keys must be unique")
            new = task_node(task, self._place_of(goal, task, gone), actor)
            ids[task.key] = self._graph.add_node(goal.project_id, new, actor).id
        for task in tasks:
            for target in dict.fromkeys(task.depends_on):
                prerequisite = ids.get(target) or self._existing(goal, task, target)
                self._graph.link(ids[task.key], EdgeType.DEPENDS_ON, prerequisite, actor=actor)
        return ids

    def _place_of(self, goal: Node, task: TaskDraft, gone: Collection[str]) -> NodeId:
        """Return the parent of a new task: a kept task that holds what it replaces, else the goal."""
        old = self._graph.find(NodeId(task.replaces[0])) if task.replaces else None
        parent = self._graph.find(old.parent_id) if old is not None and old.parent_id is not None else None
        kept = parent is not None and parent.node_type is NodeType.TASK and parent.id not in gone
        return parent.id if kept and parent is not None and parent.status not in FINISHED else goal.id

    def _existing(self, goal: Node, task: TaskDraft, target: str) -> NodeId:
        node = self._graph.find(NodeId(target))
        if node is None or node.project_id != goal.project_id:
            raise RuleError(f"task {task.key!r} depends on {target!r}, which is no key of the plan and no node")
        return node.id

    def _keep_red(self, goal: Node, draft: PlanDraft, ids: dict[str, NodeId], actor: Actor) -> None:
        runs = [
            CheckRun(command, CheckStatus.FAILED, 1, 0.0, SEEN_RED, CheckPhase.PLAN, owner=ids[key])
            for key, command in draft.red
            if key in ids
        ]
        self._store.iterations.add_check_runs(goal.project_id, runs, session_id=actor.session_id)

    def _tell(self, goal: Node, actor: Actor, payload: dict[str, object]) -> None:
        self._store.events.add(
            EventKind.NODE_UPDATED, project_id=goal.project_id, node_id=goal.id, actor=actor, payload=payload
        )
