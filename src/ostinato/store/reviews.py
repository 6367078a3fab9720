"""Carries a person's answer about a task in review into the graph. The question itself stands with the approvals."""

from __future__ import annotations

from collections.abc import Callable

from ostinato.base.errors import RuleError
from ostinato.base.ids import IterationId, NodeId
from ostinato.base.text import one_line
from ostinato.graph.actors import Actor
from ostinato.graph.events import EventKind
from ostinato.graph.iterations import Iteration
from ostinato.graph.types import Node, Status
from ostinato.loop.decide import Action
from ostinato.store.database import Database, queries
from ostinato.store.events import EventStore
from ostinato.store.graph import GraphStore
from ostinato.store.iterations import IterationStore, remember_failure
from ostinato.store.reasoning import ReasoningStore
from ostinato.store.rows import encode_json
from ostinato.store.transitions import change_status
from ostinato.verify.types import VerdictKind


class ReviewStore:
    """Each method is one transaction. Raises RuleError when the task is not in review, or the iteration is not its."""

    def __init__(
        self,
        db: Database,
        events: EventStore,
        graph: GraphStore,
        reasoning: ReasoningStore,
        iterations: IterationStore,
    ) -> None:
        self._db = db
        self._events = events
        self._graph = graph
        self._reasoning = reasoning
        self._iterations = iterations
        self._sql = queries("iterations")

    def approve(
        self,
        task_id: NodeId,
        iteration_id: IterationId,
        commit: str | None,
        *,
        before_commit: Callable[[], None] | None = None,
    ) -> Node:
        """Complete the task with the approved iteration's commit (None when it changed nothing).

        `before_commit` is called last, while nothing is committed yet: when it raises, nothing has happened.
        """
        with self._db.transaction():
            task, iteration = self._in_review(task_id, iteration_id)
            actor = Actor("person", iteration.session_id, iteration.id)
            title = f"Approved: {task.title}"
            self._reasoning.record_outcome(
                task_id, title, "a person approved it", True, actor, iteration_id=iteration.id, commit=commit
            )
            self._judge(iteration, Action.DONE, None, iteration.reasons, commit)
            if commit:
                self._events.add(
                    EventKind.COMMIT,
                    project_id=task.project_id,
                    node_id=task_id,
                    actor=actor,
                    payload={"commit": commit},
                )
            change_status(self._db, self._events, task_id, Status.COMPLETED, actor=actor)
            done = self._graph.get(task_id)
            if before_commit is not None:
                before_commit()
            return done

    def reject(self, task_id: NodeId, iteration_id: IterationId, reason: str, max_attempts: int) -> Node:
        """Give the task back with the reason for the next attempt; with its attempts used up it has failed.

        `max_attempts` is the configured number, which the task's own overrides.
        """
        with self._db.transaction():
            task, iteration = self._in_review(task_id, iteration_id)
            actor = Actor("person", iteration.session_id, iteration.id)
            why = reason or "rejected without a reason"
            self._db.execute(self._sql["use_attempt"], {"id": task_id})
            used, allowed = task.task.attempts + 1, task.task.max_attempts or max_attempts
            failed = used >= allowed
            action = Action.FAIL if failed else Action.RETRY
            self._judge(iteration, action, str(VerdictKind.FAILED), (why,), None)
            self._reasoning.record_outcome(
                task_id, f"Rejected: {task.title}", why, False, actor, iteration_id=iteration.id
            )
            if failed:
                remember_failure(self._graph, self._reasoning, task, why, actor)
            told = one_line(f"{used} of {allowed} attempts failed: {why}") if failed else None
            status = Status.FAILED if failed else Status.PENDING
            change_status(self._db, self._events, task_id, status, reason=told, actor=actor)
            return self._graph.get(task_id)

    def _in_review(self, task_id: NodeId, iteration_id: IterationId) -> tuple[Node, Iteration]:
        task, iteration = self._graph.get(task_id), self._iterations.get(iteration_id)
        if task.status is not Status.REVIEW:
            raise RuleError(f"{task_id} is {task.status}, not in review: there is nothing to answer")
        if iteration.task_id != task_id:
            raise RuleError(f"iteration {iteration_id} is one of {iteration.task_id}, not of {task_id}")
        return task, iteration

    def _judge(
        self, iteration: Iteration, action: Action, verdict: str | None, reasons: tuple[str, ...], commit: str | None
    ) -> None:
        self._db.execute(
            self._sql["judge"],
            {
                "id": iteration.id,
                "decision": str(action),
                "verdict": verdict,
                "reasons": encode_json(list(reasons)),
                "commit_id": commit,
            },
        )
