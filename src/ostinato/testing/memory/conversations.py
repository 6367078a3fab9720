"""Transcripts and evidence of the double, with the signatures of `store.conversations` and `store.evidence`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ostinato.base.errors import ClaimLostError
from ostinato.base.ids import IterationId, NodeId, ProjectId, SessionId
from ostinato.base.spending import Spending
from ostinato.chat.messages import Message
from ostinato.graph.actors import Actor
from ostinato.graph.budgets import Call, Refusal, charge_of
from ostinato.graph.events import EventKind
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.store.conversations import LOOP, StoredMessage, StoredStep
from ostinato.testing.memory.budgets import MemoryBudgets
from ostinato.testing.memory.state import KeptRun, Memory


class MemoryConversations:
    """See `store.conversations.ConversationStore` and `store.evidence.EvidenceStore`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._budgets = MemoryBudgets(memory)

    def begin_step(
        self, owner_id: str, step: int, sections: Mapping[str, int], call: Call | None = None, actor: Actor = LOOP
    ) -> Refusal | None:
        """Keep that a model call begins. Raises ClaimLostError for an ended iteration, as all that write here do."""
        with self._memory.transaction():
            refusal = self._budgets.reserve(owner_id, step, call, actor) if call else None
            if refusal is None:
                self._keep_step(owner_id, step, sections=dict(sections))
            return refusal

    def end_step(
        self,
        owner_id: str,
        step: int,
        spending: Spending,
        model: str,
        *,
        node_id: NodeId | None = None,
        seconds: float = 0.0,
    ) -> None:
        """Keep that all calls of the step are answered, what the step cost, and which model answered."""
        self._keep_step(owner_id, step, ended_at=self._memory.now(), spending=spending, model=model)
        self._budgets.settle(owner_id, step, charge_of(spending), model)
        if node_id is not None and seconds > 0:
            self._budgets.worked(node_id, seconds, model)

    def fail_step(self, owner_id: str, step: int, spending: Spending, model: str) -> None:
        """Keep what the failed calls of a step cost."""
        self._keep_step(owner_id, step, spending=spending, model=model)
        self._budgets.settle(owner_id, step, charge_of(spending), model)

    def add_message(self, owner_id: str, step: int, message: Message | str) -> None:
        """Add a message, a plain text being the system prompt, at the end of the owner's transcript."""
        self._require_open(owner_id)
        kept = self.transcript(owner_id)
        made = StoredMessage(len(kept) + 1, step, self._memory.now(), message)
        self._memory.state.messages[owner_id] = (*kept, made)

    def add_reply(self, owner_id: str, step: int, message: Message, spending: Spending, model: str) -> None:
        """Add a model's reply with what it cost and who answered."""
        self.add_message(owner_id, step, message)
        self._keep_step(owner_id, step, spending=spending, model=model)
        self._budgets.settle(owner_id, step, charge_of(spending), model)

    def transcript(self, owner_id: str) -> list[StoredMessage]:
        """Return all messages in order; [] for an unknown owner."""
        return list(self._memory.state.messages.get(owner_id, ()))

    def steps(self, owner_id: str) -> list[StoredStep]:
        """Return all steps in order; [] for an unknown owner."""
        return [step for _, step in sorted(self._memory.state.steps.get(owner_id, {}).items())]

    def add_check_runs(
        self,
        project_id: ProjectId,
        runs: Iterable[CheckRun],
        *,
        session_id: SessionId | None = None,
        iteration_id: IterationId | None = None,
    ) -> None:
        """Keep the runs in their order, each with its event."""
        for run in runs:
            self._memory.state.runs.append(KeptRun(run, iteration_id))
            said = {
                "command": run.command,
                "status": str(run.status),
                "exit_code": run.exit_code,
                "seconds": run.seconds,
                "phase": str(run.phase),
            }
            actor = Actor("loop", session_id, iteration_id)
            self._memory.tell(EventKind.CHECK_ENDED, project_id, run.owner, actor, said)

    def check_runs(
        self,
        *,
        iteration_id: IterationId | None = None,
        owner_id: NodeId | None = None,
        phase: CheckPhase | None = None,
    ) -> list[CheckRun]:
        """Return the runs that match all that is given, the oldest first."""
        return [
            kept.run
            for kept in self._memory.state.runs
            if iteration_id in {None, kept.iteration_id}
            and owner_id in {None, kept.run.owner}
            and phase in {None, kept.run.phase}
        ]

    def red_commands(self, task_id: NodeId) -> set[str]:
        """Return the commands of the task that were ever red before its work."""
        before = {CheckPhase.PLAN, CheckPhase.BASE}
        found = (run for run in self.check_runs(owner_id=task_id) if run.status is CheckStatus.FAILED)
        return {run.command for run in found if run.phase in before}

    def _keep_step(self, owner_id: str, step: int, **fields: object) -> None:
        self._require_open(owner_id)
        kept = dict(self._memory.state.steps.get(owner_id, {}))
        known = kept.get(step) or StoredStep(step, self._memory.now(), None, Spending(), {})
        kept[step] = replace(known, **fields)  # type: ignore[arg-type]
        self._memory.state.steps[owner_id] = kept

    def _require_open(self, owner_id: str) -> None:
        iteration = self._memory.state.iterations.get(IterationId(owner_id))
        if iteration is not None and iteration.ended_at is not None:
            raise ClaimLostError(f"{owner_id} has ended: nothing more is kept of its conversation")
