"""Iterations: one attempt at one task, from its start to the one transaction that ends it. It decides nothing.

What was decided becomes the task's status here, together with the record, what was learned and the token's check.
"""

from __future__ import annotations

from collections.abc import Callable

from ostinato.base.errors import ClaimLostError, NotFoundError, RuleError
from ostinato.base.ids import IterationId, NodeId, ProjectId, SessionId, random_hex
from ostinato.base.spending import Spending
from ostinato.base.text import one_line
from ostinato.graph.actors import Actor
from ostinato.graph.events import EventKind
from ostinato.graph.iterations import Claim, Ending, Iteration
from ostinato.graph.types import Node, Status
from ostinato.loop.decide import Action, Decision
from ostinato.loop.finished import BECOMES, FinishedIteration, failure_title
from ostinato.store.attempts import attempts_at
from ostinato.store.budgets import BudgetStore
from ostinato.store.conversations import ConversationStore
from ostinato.store.database import Database, queries
from ostinato.store.events import EventStore
from ostinato.store.evidence import EvidenceStore
from ostinato.store.graph import GraphStore
from ostinato.store.new_ids import NewId, insert_with_new_id
from ostinato.store.reasoning import ReasoningStore
from ostinato.store.record_rows import decode_iteration, encode_spending
from ostinato.store.rows import encode_json
from ostinato.store.sessions import SessionStore
from ostinato.store.transitions import change_status


class IterationStore(ConversationStore, EvidenceStore):
    """Iterations with their conversations and evidence. Every method that writes is one transaction."""

    def __init__(
        self,
        db: Database,
        events: EventStore,
        graph: GraphStore,
        reasoning: ReasoningStore,
        sessions: SessionStore,
        new_id: NewId = random_hex,
    ) -> None:
        ConversationStore.__init__(self, db, BudgetStore(db, events))
        EvidenceStore.__init__(self, db, events)
        self._graph = graph
        self._reasoning = reasoning
        self._sessions = sessions
        self._new_id = new_id
        self._sql = queries("iterations")

    def start(self, session_id: SessionId, claim: Claim, base_commit: str) -> Iteration:
        """Begin an attempt at the claimed task, which is in progress from now on.

        Raises ClaimLostError when the claim is gone, RuleError when it has begun an iteration already.
        """
        with self._db.transaction():
            if self._iteration_of(claim) is not None:
                raise RuleError(f"the claim on {claim.task_id} has begun an iteration already")
            session = self._sessions.get(session_id)
            attempt = self._graph.get(claim.task_id).task.attempts + 1
            parameters = {
                "session_id": session_id,
                "task_id": claim.task_id,
                "attempt": attempt,
                "token": claim.token,
                "base_commit": base_commit,
                "at": self._db.now(),
            }
            made = IterationId(insert_with_new_id(self._db, self._sql["insert"], "iter-", parameters, self._new_id))
            actor = Actor("loop", session_id, made)
            change_status(self._db, self._events, claim.task_id, Status.IN_PROGRESS, actor=actor)
            self._db.execute(
                self._sql["set_claim"], {"task_id": claim.task_id, "token": claim.token, "iteration_id": made}
            )
            self._events.add(
                EventKind.ITERATION_STARTED,
                project_id=session.project_id,
                node_id=claim.task_id,
                actor=actor,
                payload={"attempt": attempt, "base_commit": base_commit},
            )
            return self.get(made)

    def finish(
        self, claim: Claim, finished: FinishedIteration, *, before_commit: Callable[[], None] | None = None
    ) -> Iteration:
        """End the claim's iteration: record, status, what was learned, events and spending, all or nothing.

        Raises ClaimLostError when the claim is gone. `before_commit` is called last, while nothing is committed yet:
        when it raises, nothing has happened. Check runs are not kept here: `add_check_runs` did that as they ended.
        """
        with self._db.transaction():
            iteration_id = self._iteration_of(claim)
            if iteration_id is None:
                raise RuleError(f"the claim on {claim.task_id} has begun no iteration: release the task instead")
            iteration = self.get(iteration_id)
            self._learn(iteration, finished)
            self._settle(iteration, finished.decision)
            ended = self._end(iteration, finished)
            self._sessions.add_spending(iteration.session_id, finished.spending)
            if before_commit is not None:
                before_commit()
            return ended

    def complete_landed(self, iteration_id: IterationId, commit: str) -> Iteration:
        """End an unfinished iteration whose commit is on the goal's branch: its task is completed, not done again.

        For recovery, which knows that the iteration's worker is gone. A task that another worker holds by now, or that
        is finished, is left alone.
        """
        decision = Decision(Action.DONE, "its commit had reached the goal's branch")
        return self._end_for_worker(iteration_id, Ending.CRASHED, decision, commit)

    def abandon(self, iteration_id: IterationId, ending: Ending, message: str) -> Iteration:
        """End an unfinished iteration without its worker and release its task; no attempt is used up. For recovery."""
        return self._end_for_worker(iteration_id, ending, Decision(Action.RELEASE, message))

    def get(self, iteration_id: IterationId) -> Iteration:
        """Return an iteration. Raises NotFoundError."""
        row = self._db.one(self._sql["get"], {"id": iteration_id})
        if row is None:
            raise NotFoundError(f"no iteration {iteration_id}: `ostinato node show TASK` names those of a task")
        return decode_iteration(row)

    def of_task(self, task_id: NodeId) -> list[Iteration]:
        """Return the iterations of a task, the oldest first."""
        return attempts_at(self._db, task_id)

    def of_session(self, session_id: SessionId) -> list[Iteration]:
        """Return the iterations of a session, the oldest first."""
        return [decode_iteration(row) for row in self._db.execute(self._sql["of_session"], {"id": session_id})]

    def unfinished(self, project_id: ProjectId) -> list[Iteration]:
        """Return the project's iterations that have not ended, the oldest first."""
        rows = self._db.execute(self._sql["unfinished"], {"project_id": project_id})
        return [decode_iteration(row) for row in rows]

    def _iteration_of(self, claim: Claim) -> IterationId | None:
        row = self._db.one(self._sql["claim"], {"task_id": claim.task_id, "token": claim.token})
        if row is None:
            raise ClaimLostError(
                f"the claim on {claim.task_id} is gone: another worker may have it; nothing was written"
            )
        return IterationId(row["iteration_id"]) if row["iteration_id"] else None

    def _end_for_worker(
        self, iteration_id: IterationId, ending: Ending, decision: Decision, commit: str | None = None
    ) -> Iteration:
        with self._db.transaction():
            iteration = self.get(iteration_id)
            if iteration.ended_at is not None:
                raise RuleError(f"iteration {iteration_id} has ended already")
            steps = self.steps(iteration_id)
            spent = sum((step.spending for step in steps), Spending())
            finished = FinishedIteration(
                ending, decision.reason, decision, commit=commit, steps=len(steps), spending=spent
            )
            if self._is_its_to_settle(iteration):
                self._learn(iteration, finished)
                self._settle(iteration, decision)
            ended = self._end(iteration, finished)
            self._sessions.add_spending(iteration.session_id, spent)
            return ended

    def _is_its_to_settle(self, iteration: Iteration) -> bool:
        """Tell whether the task still waits for this iteration: it has its claim, or is pending and nobody has one."""
        claim = {"task_id": iteration.task_id, "token": iteration.token}
        if self._db.one(self._sql["claim"], claim) is not None:
            return True
        row = self._db.one(self._sql["stored_status"], {"id": iteration.task_id})
        return row is not None and row["status"] == Status.PENDING

    def _learn(self, iteration: Iteration, finished: FinishedIteration) -> None:
        """Write the outcome, and for a failed task the observation, into the graph."""
        decision = finished.decision
        if decision.action is Action.RELEASE:
            return
        actor = Actor("loop", iteration.session_id, iteration.id)
        task = self._graph.get(iteration.task_id)
        title = finished.outcome_of(iteration.attempt, task)
        self._reasoning.record_outcome(
            task.id, title, finished.why, finished.passed, actor, iteration_id=iteration.id, commit=finished.commit
        )
        if decision.action is Action.FAIL:
            remember_failure(self._graph, self._reasoning, task, finished.why, actor)

    def _settle(self, iteration: Iteration, decision: Decision) -> None:
        actor = Actor("loop", iteration.session_id, iteration.id)
        if decision.uses_attempt:
            self._db.execute(self._sql["use_attempt"], {"id": iteration.task_id})
        status = BECOMES[decision.action]
        reason = one_line(decision.reason) if status in {Status.FAILED, Status.BLOCKED} else None
        change_status(self._db, self._events, iteration.task_id, status, reason=reason, actor=actor)
        self._db.execute(self._sql["drop_claim"], {"task_id": iteration.task_id, "token": iteration.token})

    def _end(self, iteration: Iteration, finished: FinishedIteration) -> Iteration:
        verdict, decision = finished.verdict, finished.decision
        self._db.execute(
            self._sql["end"],
            {
                "id": iteration.id,
                "at": self._db.now(),
                "ending": str(finished.ending),
                "message": finished.message,
                "verdict": str(verdict.kind) if verdict else None,
                "decision": str(decision.action),
                "reasons": encode_json(list(finished.reasons)),
                "commit_id": finished.commit,
                "diff": finished.diff,
                "fingerprint": verdict.fingerprint or None if verdict else None,
                "steps": finished.steps,
                "spending": encode_spending(finished.spending),
            },
        )
        self._announce(iteration, finished)
        return self.get(iteration.id)

    def _announce(self, iteration: Iteration, finished: FinishedIteration) -> None:
        project_id = self._sessions.get(iteration.session_id).project_id
        actor = Actor("loop", iteration.session_id, iteration.id)
        for kind, payload in finished.announced():
            self._events.add(kind, project_id=project_id, node_id=iteration.task_id, actor=actor, payload=payload)


def remember_failure(graph: GraphStore, reasoning: ReasoningStore, task: Node, why: str, actor: Actor) -> None:
    """Make the observation that a failed task leaves behind. Part of the transaction that fails it."""
    goal = graph.goal_of(task.id)
    reasoning.record_observation(goal.id if goal else task.id, failure_title(task), why, task.id, actor)
