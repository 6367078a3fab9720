"""Questions to a person, and the answers about tasks in review, with the signatures of `store.approvals` and
`store.reviews`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import ApprovalId, IterationId, NodeId, ProjectId
from ostinato.base.text import one_line
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.approvals import HELP, Approval
from ostinato.graph.events import EventKind
from ostinato.graph.iterations import Iteration
from ostinato.graph.types import Node, Status
from ostinato.loop.decide import Action
from ostinato.testing.memory.graph import MemoryGraph
from ostinato.testing.memory.iterations import MemoryIterations
from ostinato.testing.memory.reasoning import MemoryReasoning
from ostinato.testing.memory.state import Memory
from ostinato.testing.memory.transitions import change_status
from ostinato.verify.types import VerdictKind

_ANSWERS = {"approved", "rejected", "answered"}


class MemoryApprovals:
    """See `store.approvals.ApprovalStore`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def ask(
        self,
        project_id: ProjectId,
        node_id: NodeId,
        kind: str,
        question: str,
        payload: dict[str, Any] | None = None,
        actor: Actor = PERSON,
    ) -> Approval:
        """Put a question about a node, once. Raises NotFoundError and RuleError."""
        if self._memory.node(node_id).project_id != project_id:
            raise RuleError(f"{node_id} belongs to another project")
        asked = (kind, question, payload or {})
        for waiting in self.for_node(node_id):
            if waiting.answered_at is None and (waiting.kind, waiting.question, waiting.payload) == asked:
                return waiting
        made = self._memory.fresh("appr-", self._memory.state.approvals, ApprovalId)
        approval = Approval(made, project_id, node_id, *asked, self._memory.now())
        self._memory.state.approvals[made] = approval
        said = {"approval": made, "kind": kind, "question": question}
        self._memory.tell(EventKind.APPROVAL_ASKED, project_id, node_id, actor, said)
        return approval

    def answer(
        self, approval_id_or_node_id: str, answer: str, reason: str | None = None, actor: Actor = PERSON
    ) -> Approval:
        """Answer a question once, by its id or its node's. Raises NotFoundError and RuleError."""
        if answer not in _ANSWERS:
            raise RuleError(f"an answer is approved, rejected or answered, not {answer!r}")
        asked = self._meant(approval_id_or_node_id)
        if asked.answered_at is not None:
            raise RuleError(f"{asked.id} on {asked.node_id} has been answered already: {asked.answer}")
        given = replace(asked, answered_at=self._memory.now(), answer=answer, reason=reason)
        self._memory.state.approvals[asked.id] = given
        said = {"approval": asked.id, "kind": asked.kind, "answer": answer, "reason": reason}
        self._memory.tell(EventKind.APPROVAL_ANSWERED, asked.project_id, asked.node_id, actor, said)
        return given

    def settle_help(self, task_id: NodeId, words: str | None, actor: Actor = PERSON) -> None:
        """Close what is asked about a task that went in circles."""
        for asked in self.for_node(task_id):
            if asked.kind == HELP and asked.answered_at is None:
                self.answer(asked.id, "answered", words or "try it again", actor)

    def open(self, project_id: ProjectId | None = None, goal_id: NodeId | None = None) -> list[Approval]:
        """Return the questions without an answer, the oldest first; of a goal also those about what it contains."""
        about = None if goal_id is None else {goal_id, *self._memory.contained(goal_id)}
        found = [
            asked
            for asked in self._memory.state.approvals.values()
            if asked.answered_at is None
            and project_id in {None, asked.project_id}
            and (about is None or asked.node_id in about)
            and (asked.kind != HELP or self._memory.node(asked.node_id).status is Status.BLOCKED)
        ]
        return sorted(found, key=lambda asked: (asked.asked_at, asked.id))

    def get(self, approval_id: ApprovalId) -> Approval:
        """Return an approval. Raises NotFoundError."""
        if approval_id not in self._memory.state.approvals:
            raise NotFoundError(f"no approval {approval_id}: list the open ones with `ostinato approvals`")
        return self._memory.state.approvals[approval_id]

    def for_node(self, node_id: NodeId) -> list[Approval]:
        """Return the questions about a node, answered or not, the newest first."""
        found = [asked for asked in self._memory.state.approvals.values() if asked.node_id == node_id]
        return sorted(sorted(found, key=lambda one: one.id), key=lambda one: one.asked_at, reverse=True)

    def _meant(self, identifier: str) -> Approval:
        if identifier.startswith("appr-"):
            return self.get(ApprovalId(identifier))
        asked = self.for_node(NodeId(identifier))
        waiting = [approval for approval in asked if approval.answered_at is None]
        if len(waiting) > 1:
            raise RuleError(f"several questions wait on {identifier}: name one of {', '.join(a.id for a in waiting)}")
        if not asked:
            raise NotFoundError(f"no question about {identifier}: list the open ones with `ostinato approvals`")
        return (waiting or asked)[0]


class MemoryReviews:
    """See `store.reviews.ReviewStore`."""

    def __init__(
        self, memory: Memory, graph: MemoryGraph, reasoning: MemoryReasoning, iterations: MemoryIterations
    ) -> None:
        self._memory = memory
        self._graph = graph
        self._reasoning = reasoning
        self._iterations = iterations

    def approve(
        self,
        task_id: NodeId,
        iteration_id: IterationId,
        commit: str | None,
        *,
        before_commit: Callable[[], None] | None = None,
    ) -> Node:
        """Complete the task with the approved iteration's commit. Raises RuleError."""
        with self._memory.transaction():
            task, iteration = self._in_review(task_id, iteration_id)
            actor = Actor("person", iteration.session_id, iteration.id)
            said = "a person approved it"
            self._reasoning.record_outcome(task_id, f"Approved: {task.title}", said, True, actor, iteration.id, commit)
            self._iterations.judge(iteration, Action.DONE, None, iteration.reasons, commit)
            if commit:
                self._memory.tell(EventKind.COMMIT, task.project_id, task_id, actor, {"commit": commit})
            change_status(self._memory, task_id, Status.COMPLETED, actor=actor)
            if before_commit is not None:
                before_commit()
            return self._graph.get(task_id)

    def reject(self, task_id: NodeId, iteration_id: IterationId, reason: str, max_attempts: int) -> Node:
        """Give the task back with the reason; with its attempts used up it has failed. Raises RuleError."""
        with self._memory.transaction():
            task, iteration = self._in_review(task_id, iteration_id)
            actor = Actor("person", iteration.session_id, iteration.id)
            why = reason or "rejected without a reason"
            used, allowed = task.task.attempts + 1, task.task.max_attempts or max_attempts
            failed = used >= allowed
            action = Action.FAIL if failed else Action.RETRY
            self._iterations.use_attempt(task_id)
            self._iterations.judge(iteration, action, str(VerdictKind.FAILED), (why,), None)
            self._reasoning.record_outcome(task_id, f"Rejected: {task.title}", why, False, actor, iteration.id)
            if failed:
                self._iterations.remember_failure(task, why, actor)
            told = one_line(f"{used} of {allowed} attempts failed: {why}") if failed else None
            status = Status.FAILED if failed else Status.PENDING
            change_status(self._memory, task_id, status, reason=told, actor=actor)
            return self._graph.get(task_id)

    def _in_review(self, task_id: NodeId, iteration_id: IterationId) -> tuple[Node, Iteration]:
        task, iteration = self._graph.get(task_id), self._iterations.get(iteration_id)
        if task.status is not Status.REVIEW:
            raise RuleError(f"{task_id} is {task.status}, not in review: there is nothing to answer")
        if iteration.task_id != task_id:
            raise RuleError(f"iteration {iteration_id} is one of {iteration.task_id}, not of {task_id}")
        return task, iteration
