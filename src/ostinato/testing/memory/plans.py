"""Plans of the double on their way into the graph, with the signatures of `store.plans`."""

from __future__ import annotations

from dataclasses import replace

from ostinato.base.errors import NotFoundError, RuleError
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
from ostinato.graph.plan_nodes import SEEN_RED, task_node
from ostinato.graph.replacing import swept, why_kept
from ostinato.graph.requests import NewNode
from ostinato.graph.sessions import Session, SessionKind
from ostinato.graph.status import FINISHED
from ostinato.graph.types import Node, NodeType, Status
from ostinato.loop.plan_record import PlanRecord
from ostinato.testing.memory.approvals import MemoryApprovals
from ostinato.testing.memory.graph import MemoryGraph
from ostinato.testing.memory.iterations import MemoryIterations
from ostinato.testing.memory.reasoning import MemoryReasoning
from ostinato.testing.memory.sessions import MemorySessions
from ostinato.testing.memory.state import Memory
from ostinato.testing.memory.transitions import change_status


class MemoryPlans:
    """See `store.plans.PlanStore`."""

    def __init__(
        self,
        memory: Memory,
        graph: MemoryGraph,
        reasoning: MemoryReasoning,
        sessions: MemorySessions,
        iterations: MemoryIterations,
        approvals: MemoryApprovals,
    ) -> None:
        self._memory = memory
        self._graph = graph
        self._reasoning = reasoning
        self._sessions = sessions
        self._iterations = iterations
        self._approvals = approvals

    def start(
        self, project_id: ProjectId, goal_title: str, description: str, process: ProcessIdentity | None
    ) -> tuple[Node, Session]:
        """Make a pending goal and open a plan session on it."""
        with self._memory.transaction():
            goal = self._graph.add_node(project_id, NewNode(NodeType.GOAL, goal_title, description))
            return goal, self._sessions.start(project_id, goal.id, SessionKind.PLAN, process=process)

    def record(self, goal_id: NodeId) -> PlanRecord:
        """Return how the planning of a goal stands. Raises NotFoundError and RuleError."""
        goal = self._goal(goal_id)
        session = next((s for s in self._sessions.list(goal_id) if s.kind is SessionKind.PLAN), None)
        kept = self._iterations.transcript(session.id) if session else []
        return PlanRecord(
            goal=goal,
            draft=self.draft(goal_id),
            session=session,
            messages=tuple(one.message for one in kept if not isinstance(one.message, str)),
            steps=max((one.step for one in kept), default=0),
            asked=any(asked.kind == "plan" for asked in self._questions(goal_id)),
        )

    def go_on(self, goal: Node, before: SessionId | None, system: str, process: ProcessIdentity | None) -> Session:
        """Open a plan session that begins with the conversation of the session `before`. Raises RuleError."""
        with self._memory.transaction():
            session = self._sessions.start(goal.project_id, goal.id, SessionKind.PLAN, process=process)
            if before is not None:
                kept = self._iterations.transcript(before)
                self._memory.state.messages[session.id] = tuple(
                    replace(one, message=system) if isinstance(one.message, str) and one.step == 0 else one
                    for one in kept
                )
            return session

    def ask(self, goal_id: NodeId, session_id: SessionId, question: str, payload: dict[str, object]) -> Session:
        """Leave the draft to a person who answers later, and end the session."""
        with self._memory.transaction():
            goal = self._graph.get(goal_id)
            if self.draft(goal_id) is None:
                decided = "rejected" if goal.status is Status.CANCELLED else "accepted"
                return self._sessions.end(session_id, stop_reason=decided, summary="decided on elsewhere")
            for asked in self._questions(goal_id):
                if asked.kind == "plan" and (asked.question, asked.payload) != (question, payload):
                    self._approvals.answer(asked.id, "answered", "a newer plan takes its place")
            actor = Actor("loop", session_id)
            self._approvals.ask(goal.project_id, goal_id, "plan", question, payload, actor)
            return self._sessions.end(session_id, stop_reason="waiting_for_approval", summary=question)

    def save_draft(self, goal_id: NodeId, draft: PlanDraft, actor: Actor = PERSON) -> None:
        """Keep a draft in place of the goal's former one. Raises NotFoundError and RuleError."""
        goal = self._open_goal(goal_id)
        self._memory.state.drafts[goal_id] = draft
        self._tell(goal, actor, {"plan": "drafted", "tasks": len(draft.tasks)})

    def draft(self, goal_id: NodeId) -> PlanDraft | None:
        """Return the goal's draft, None when there is none."""
        return self._memory.state.drafts.get(goal_id)

    def reconsider(self, goal_id: NodeId, words: str) -> None:
        """Take back the open question about a draft that the person wants changed."""
        with self._memory.transaction():
            for asked in self._questions(goal_id):
                if asked.kind == "plan":
                    self._approvals.answer(asked.id, "answered", words)

    def used(self, project_id: ProjectId) -> list[PastTask]:
        """Return what each completed task of a project used in all its iterations; without a model none."""
        found = []
        for task in self._memory.state.nodes.values():
            if task.project_id == project_id and task.status is Status.COMPLETED and task.node_type is NodeType.TASK:
                spent = sum((one.spending for one in self._iterations.of_task(task.id)), Spending())
                found.append(PastTask(task.task.complexity, spent.tokens, spent.cost_usd))
        return [one for one in found if one.tokens]

    def accept(self, goal_id: NodeId, actor: Actor = PERSON, session_id: SessionId | None = None) -> list[Node]:
        """Make the draft part of the graph, all or nothing, and delete it. Raises NotFoundError and RuleError."""
        with self._memory.transaction():
            goal, draft = self._open_goal(goal_id), self.draft(goal_id)
            if draft is None:
                raise NotFoundError(f"{goal_id} has no plan that waits: `ostinato plan --goal {goal_id}` makes one")
            if not draft.tasks:
                raise RuleError(f"the plan of {goal_id} has no task: there is nothing to accept")
            ids = self._add_tasks(goal, draft.tasks, actor)
            replaced = self._replace(goal, draft.tasks, ids, actor)
            for decision in draft.decisions:
                self._reasoning.log_decision(goal_id, decision, actor)
            for seen in draft.observations:
                self._reasoning.record_observation(goal_id, seen.title, seen.description, None, actor)
            red = [(command, ids[key]) for key, command in draft.red if key in ids]
            runs = [
                CheckRun(command, CheckStatus.FAILED, 1, 0.0, SEEN_RED, CheckPhase.PLAN, owner=owner)
                for command, owner in red
            ]
            self._iterations.add_check_runs(goal.project_id, runs, session_id=actor.session_id)
            if self._memory.node(goal_id).status is Status.PENDING:
                change_status(self._memory, goal_id, Status.ACTIVE, actor=actor)
            del self._memory.state.drafts[goal_id]
            self._close_questions(goal_id, "approved", None, actor)
            self._tell(goal, actor, {"plan": "accepted", "tasks": len(draft.tasks), "replaced": replaced})
            if session_id is not None:
                summary = f"plan accepted with {many(len(draft.tasks), 'task')}"
                self._sessions.end(session_id, stop_reason="accepted", summary=summary)
            return [self._graph.get(ids[task.key]) for task in draft.tasks]

    def reject(self, goal_id: NodeId, reason: str | None = None, actor: Actor = PERSON) -> None:
        """Delete the draft and cancel the goal, unless it has accepted work already: then only the draft goes."""
        with self._memory.transaction():
            goal = self._open_goal(goal_id)
            self._memory.state.drafts.pop(goal_id, None)
            self._close_questions(goal_id, "rejected", reason, actor)
            self._tell(goal, actor, {"plan": "rejected", "reason": reason})
            if goal.status is Status.PENDING:
                change_status(self._memory, goal_id, Status.CANCELLED, reason=reason, actor=actor)

    def _questions(self, goal_id: NodeId) -> list[Approval]:
        asked = self._approvals.for_node(goal_id)
        return [one for one in asked if one.kind in {"plan", "question"} and one.answered_at is None]

    def _close_questions(self, goal_id: NodeId, answer: str, reason: str | None, actor: Actor) -> None:
        for asked in self._questions(goal_id):
            if asked.kind == "plan":
                self._approvals.answer(asked.id, answer, reason, actor)
            else:
                self._approvals.answer(asked.id, "rejected", f"the plan was {answer}", actor)

    def _goal(self, goal_id: NodeId) -> Node:
        goal = self._graph.get(goal_id)
        if goal.node_type is not NodeType.GOAL:
            raise RuleError(f"{goal_id} is a {goal.node_type}: only a goal has a plan")
        return goal

    def _open_goal(self, goal_id: NodeId) -> Node:
        goal = self._goal(goal_id)
        if goal.status is Status.CANCELLED:
            raise RuleError(f"{goal_id} is {goal.status}: plan for an open goal")
        return goal

    def _add_tasks(self, goal: Node, tasks: tuple[TaskDraft, ...], actor: Actor) -> dict[str, NodeId]:
        ids: dict[str, NodeId] = {}
        for task in tasks:
            if task.key in ids:
                raise RuleError(f"two tasks of the plan have the key {task.key!r}: keys must be unique")
            new = task_node(task, self._place_of(goal, task, tasks), actor)
            ids[task.key] = self._graph.add_node(goal.project_id, new, actor).id
        for task in tasks:
            for target in dict.fromkeys(task.depends_on):
                found = ids.get(target) or NodeId(target)
                known = self._memory.state.nodes.get(found)
                if known is None or known.project_id != goal.project_id:
                    raise RuleError(f"task {task.key!r} depends on {target!r}, which is no key of the plan and no node")
                self._graph.link(ids[task.key], EdgeType.DEPENDS_ON, found, actor=actor)
        return ids

    def _place_of(self, goal: Node, task: TaskDraft, tasks: tuple[TaskDraft, ...]) -> NodeId:
        gone = {old for one in tasks for old in one.replaces}
        old = self._memory.state.nodes.get(NodeId(task.replaces[0])) if task.replaces else None
        parent = self._memory.state.nodes.get(old.parent_id) if old is not None and old.parent_id else None
        if parent is None or parent.node_type is not NodeType.TASK or parent.id in gone or parent.status in FINISHED:
            return goal.id
        return parent.id

    def _replace(self, goal: Node, tasks: tuple[TaskDraft, ...], ids: dict[str, NodeId], actor: Actor) -> list[NodeId]:
        """Supersede and cancel what the tasks replace; what depended on it depends on the successors."""
        successors: dict[NodeId, list[NodeId]] = {}
        for task in tasks:
            for old in dict.fromkeys(task.replaces):
                successors.setdefault(NodeId(old), []).append(ids[task.key])
        known = {n.id: n for n in self._graph.descendants(goal.id) if n.node_type is NodeType.TASK}
        heirs = swept(successors, known.values())
        for old_id in (*successors, *heirs):
            if why := why_kept(old_id, known.get(old_id)):
                raise RuleError(f"{why}: nothing was changed, plan what is left again")
        moved: list[tuple[NodeId, NodeId]] = []
        for old_id, new in heirs.items():
            for edge in self._graph.edges_of(old_id):
                waits = edge.edge_type is EdgeType.DEPENDS_ON and edge.to_id == old_id and edge.from_id not in heirs
                if waits and self._memory.node(edge.from_id).status not in FINISHED:
                    self._graph.unlink(edge.id, actor)
                    moved += [(edge.from_id, one) for one in new if one != edge.from_id]
        for dependent, successor in dict.fromkeys(moved):
            self._graph.link(dependent, EdgeType.DEPENDS_ON, successor, actor=actor)
        for old_id, new in successors.items():
            for one in new:
                self._graph.link(one, EdgeType.SUPERSEDES, old_id, actor=actor)
        for old_id, new in heirs.items():
            reason = f"replaced by {', '.join(new)}"
            self._graph.set_status(old_id, Status.CANCELLED, reason=reason, actor=actor)
        return list(heirs)

    def _tell(self, goal: Node, actor: Actor, payload: dict[str, object]) -> None:
        self._memory.tell(EventKind.NODE_UPDATED, goal.project_id, goal.id, actor, payload)
