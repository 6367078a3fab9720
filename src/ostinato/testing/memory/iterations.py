"""Attempts at tasks in the double, with the signatures of `store.iterations`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ostinato.base.errors import ClaimLostError, NotFoundError, RuleError
from ostinato.base.ids import IterationId, NodeId, ProjectId, SessionId
from ostinato.base.spending import Spending
from ostinato.base.text import one_line
from ostinato.graph.actors import Actor
from ostinato.graph.events import EventKind
from ostinato.graph.iterations import Claim, Ending, Iteration
from ostinato.graph.types import Node, Status
from ostinato.loop.decide import Action, Decision
from ostinato.loop.finished import BECOMES, FinishedIteration, failure_title
from ostinato.testing.memory.conversations import MemoryConversations
from ostinato.testing.memory.graph import MemoryGraph
from ostinato.testing.memory.reasoning import MemoryReasoning
from ostinato.testing.memory.sessions import MemorySessions
from ostinato.testing.memory.state import Held, Memory
from ostinato.testing.memory.transitions import change_status


class MemoryIterations(MemoryConversations):
    """See `store.iterations.IterationStore`."""

    def __init__(
        self, memory: Memory, graph: MemoryGraph, reasoning: MemoryReasoning, sessions: MemorySessions
    ) -> None:
        super().__init__(memory)
        self._graph = graph
        self._reasoning = reasoning
        self._sessions = sessions

    def start(self, session_id: SessionId, claim: Claim, base_commit: str) -> Iteration:
        """Begin an attempt at the claimed task. Raises ClaimLostError, RuleError when it has begun one already."""
        memory = self._memory
        with memory.transaction():
            held = self._held(claim)
            if held.iteration_id is not None:
                raise RuleError(f"the claim on {claim.task_id} has begun an iteration already")
            session = self._sessions.get(session_id)
            attempt = memory.node(claim.task_id).task.attempts + 1
            made = memory.fresh("iter-", memory.state.iterations, IterationId)
            begun = Iteration(made, session_id, claim.task_id, attempt, claim.token, base_commit, memory.now())
            memory.state.iterations[made] = begun
            actor = Actor("loop", session_id, made)
            change_status(memory, claim.task_id, Status.IN_PROGRESS, actor=actor)
            memory.state.claims[claim.task_id] = replace(held, iteration_id=made)
            said = {"attempt": attempt, "base_commit": base_commit}
            memory.tell(EventKind.ITERATION_STARTED, session.project_id, claim.task_id, actor, said)
            return begun

    def finish(
        self, claim: Claim, finished: FinishedIteration, *, before_commit: Callable[[], None] | None = None
    ) -> Iteration:
        """End the claim's iteration, all or nothing. Raises ClaimLostError, and whatever `before_commit` raises."""
        with self._memory.transaction():
            begun = self._held(claim).iteration_id
            if begun is None:
                raise RuleError(f"the claim on {claim.task_id} has begun no iteration: release the task instead")
            iteration = self.get(begun)
            self._learn(iteration, finished)
            self._settle(iteration, finished.decision)
            ended = self._end(iteration, finished)
            if before_commit is not None:
                before_commit()
            return ended

    def complete_landed(self, iteration_id: IterationId, commit: str) -> Iteration:
        """End an unfinished iteration whose commit is on the goal's branch: its task is completed."""
        decision = Decision(Action.DONE, "its commit had reached the goal's branch")
        return self._end_for_worker(iteration_id, Ending.CRASHED, decision, commit)

    def abandon(self, iteration_id: IterationId, ending: Ending, message: str) -> Iteration:
        """End an unfinished iteration without its worker and release its task; no attempt is used up."""
        return self._end_for_worker(iteration_id, ending, Decision(Action.RELEASE, message))

    def get(self, iteration_id: IterationId) -> Iteration:
        """Return an iteration. Raises NotFoundError."""
        if iteration_id not in self._memory.state.iterations:
            raise NotFoundError(f"no iteration {iteration_id}: `ostinato node show TASK` names those of a task")
        return self._memory.state.iterations[iteration_id]

    def of_task(self, task_id: NodeId) -> list[Iteration]:
        """Return the iterations of a task, the oldest first."""
        return [iteration for iteration in self._oldest_first() if iteration.task_id == task_id]

    def of_session(self, session_id: SessionId) -> list[Iteration]:
        """Return the iterations of a session, the oldest first."""
        return [iteration for iteration in self._oldest_first() if iteration.session_id == session_id]

    def unfinished(self, project_id: ProjectId) -> list[Iteration]:
        """Return the project's iterations that have not ended, the oldest first."""
        running = (iteration for iteration in self._oldest_first() if iteration.ended_at is None)
        return [i for i in running if self._sessions.get(i.session_id).project_id == project_id]

    def judge(
        self, iteration: Iteration, action: Action, verdict: str | None, reasons: tuple[str, ...], commit: str | None
    ) -> None:
        """Keep a person's answer about an iteration that waited for it."""
        self._memory.state.iterations[iteration.id] = replace(
            iteration,
            decision=str(action),
            verdict=verdict or iteration.verdict,
            reasons=reasons,
            commit=commit or iteration.commit,
        )

    def use_attempt(self, task_id: NodeId) -> None:
        """Count one attempt of a task."""
        task = self._memory.node(task_id)
        self._memory.put(task, details=replace(task.task, attempts=task.task.attempts + 1))

    def _oldest_first(self) -> list[Iteration]:
        return sorted(self._memory.state.iterations.values(), key=lambda i: (i.started_at, i.id))

    def _held(self, claim: Claim) -> Held:
        held = self._memory.state.claims.get(claim.task_id)
        if held is None or held.token != claim.token:
            raise ClaimLostError(f"the claim on {claim.task_id} is gone: nothing was written")
        return held

    def _end_for_worker(
        self, iteration_id: IterationId, ending: Ending, decision: Decision, commit: str | None = None
    ) -> Iteration:
        with self._memory.transaction():
            iteration = self.get(iteration_id)
            if iteration.ended_at is not None:
                raise RuleError(f"iteration {iteration_id} has ended already")
            steps = self.steps(iteration_id)
            spent = sum((step.spending for step in steps), Spending())
            finished = FinishedIteration(
                ending, decision.reason, decision, commit=commit, steps=len(steps), spending=spent
            )
            held = self._memory.state.claims.get(iteration.task_id)
            its_own = held is not None and held.token == iteration.token
            if its_own or self._memory.node(iteration.task_id).status is Status.PENDING:
                self._learn(iteration, finished)
                self._settle(iteration, decision)
            return self._end(iteration, finished)

    def _learn(self, iteration: Iteration, finished: FinishedIteration) -> None:
        decision = finished.decision
        if decision.action is Action.RELEASE:
            return
        actor = Actor("loop", iteration.session_id, iteration.id)
        task = self._memory.node(iteration.task_id)
        title = finished.outcome_of(iteration.attempt, task)
        self._reasoning.record_outcome(
            task.id, title, finished.why, finished.passed, actor, iteration_id=iteration.id, commit=finished.commit
        )
        if decision.action is Action.FAIL:
            self.remember_failure(task, finished.why, actor)

    def remember_failure(self, task: Node, why: str, actor: Actor) -> None:
        """Make the observation that a failed task leaves behind."""
        goal = self._graph.goal_of(task.id)
        self._reasoning.record_observation(goal.id if goal else task.id, failure_title(task), why, task.id, actor)

    def _settle(self, iteration: Iteration, decision: Decision) -> None:
        if decision.uses_attempt:
            self.use_attempt(iteration.task_id)
        status = BECOMES[decision.action]
        reason = one_line(decision.reason) if status in {Status.FAILED, Status.BLOCKED} else None
        actor = Actor("loop", iteration.session_id, iteration.id)
        change_status(self._memory, iteration.task_id, status, reason=reason, actor=actor)
        held = self._memory.state.claims.get(iteration.task_id)
        if held is not None and held.token == iteration.token:
            del self._memory.state.claims[iteration.task_id]

    def _end(self, iteration: Iteration, finished: FinishedIteration) -> Iteration:
        verdict, decision = finished.verdict, finished.decision
        ended = replace(
            iteration,
            ended_at=self._memory.now(),
            ending=finished.ending,
            ending_message=finished.message,
            verdict=str(verdict.kind) if verdict else None,
            decision=str(decision.action),
            reasons=finished.reasons,
            commit=finished.commit,
            diff=finished.diff,
            fingerprint=verdict.fingerprint or None if verdict else None,
            steps=finished.steps,
            spending=finished.spending,
        )
        self._memory.state.iterations[iteration.id] = ended
        self._sessions.add_spending(iteration.session_id, finished.spending)
        self._announce(iteration, finished)
        return ended

    def _announce(self, iteration: Iteration, finished: FinishedIteration) -> None:
        project_id = self._sessions.get(iteration.session_id).project_id
        actor = Actor("loop", iteration.session_id, iteration.id)
        for kind, payload in finished.announced():
            self._memory.tell(kind, project_id, iteration.task_id, actor, payload)
