"""Questions that wait in the database for a person's answer, whatever face gives it. It carries no answer out."""

from __future__ import annotations

from typing import Any

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import ApprovalId, NodeId, ProjectId, random_hex
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.approvals import HELP, Approval
from ostinato.graph.events import EventKind
from ostinato.store.database import Database, queries
from ostinato.store.events import EventStore
from ostinato.store.new_ids import NewId, insert_with_new_id
from ostinato.store.reading import slim_row
from ostinato.store.record_rows import decode_approval
from ostinato.store.rows import encode_json

APPROVED = "approved"
REJECTED = "rejected"
ANSWERED = "answered"


class ApprovalStore:
    """Every method that writes is one transaction with its event."""

    def __init__(self, db: Database, events: EventStore, new_id: NewId = random_hex) -> None:
        self._db = db
        self._events = events
        self._new_id = new_id
        self._sql = queries("approvals")

    def ask(
        self,
        project_id: ProjectId,
        node_id: NodeId,
        kind: str,
        question: str,
        payload: dict[str, Any] | None = None,
        actor: Actor = PERSON,
    ) -> Approval:
        """Put a question about a node. The very same question, still open, is not put twice: it is returned.

        Raises NotFoundError without such a node, RuleError when it belongs to another project.
        """
        with self._db.transaction():
            if slim_row(self._db, node_id)["project_id"] != project_id:
                raise RuleError(f"{node_id} belongs to another project")
            parameters = {
                "project_id": project_id,
                "node_id": node_id,
                "kind": kind,
                "question": question,
                "payload": encode_json(payload or {}),
                "at": self._db.now(),
            }
            same = {name: parameters[name] for name in ("node_id", "kind", "question", "payload")}
            if present := self._db.one(self._sql["same_open"], same):
                return decode_approval(present)
            made = ApprovalId(insert_with_new_id(self._db, self._sql["insert"], "appr-", parameters, self._new_id))
            self._events.add(
                EventKind.APPROVAL_ASKED,
                project_id=project_id,
                node_id=node_id,
                actor=actor,
                payload={"approval": made, "kind": kind, "question": question},
            )
            return self.get(made)

    def answer(
        self, approval_id_or_node_id: str, answer: str, reason: str | None = None, actor: Actor = PERSON
    ) -> Approval:
        """Answer a question once, `approved`, `rejected` or `answered` (in words: `reason`), by its id or its node's.

        Raises NotFoundError when there is none, RuleError when it has been answered already, when several are open on
        the node, or for another answer.
        """
        if answer not in {APPROVED, REJECTED, ANSWERED}:
            raise RuleError(f"an answer is {APPROVED}, {REJECTED} or {ANSWERED}, not {answer!r}")
        with self._db.transaction():
            asked = self._meant(approval_id_or_node_id)
            if asked.answered_at is not None:
                raise RuleError(f"{asked.id} on {asked.node_id} has been answered already: {asked.answer}")
            parameters = {"id": asked.id, "at": self._db.now(), "answer": answer, "reason": reason}
            self._db.execute(self._sql["answer"], parameters)
            self._events.add(
                EventKind.APPROVAL_ANSWERED,
                project_id=asked.project_id,
                node_id=asked.node_id,
                actor=actor,
                payload={"approval": asked.id, "kind": asked.kind, "answer": answer, "reason": reason},
            )
            return self.get(asked.id)

    def settle_help(self, task_id: NodeId, words: str | None, actor: Actor = PERSON) -> None:
        """Close what is asked about a task that went in circles: the task was freed, `words` say with what hint."""
        with self._db.transaction():
            for asked in self.for_node(task_id):
                if asked.kind == HELP and asked.answered_at is None:
                    self.answer(asked.id, ANSWERED, words or "try it again", actor)

    def open(self, project_id: ProjectId | None = None, goal_id: NodeId | None = None) -> list[Approval]:
        """Return the questions without an answer, the oldest first; of a goal also those about what it contains."""
        parameters: dict[str, Any] = {"project_id": project_id}
        if goal_id is not None:
            parameters["goal_id"] = goal_id
        name = "open" if goal_id is None else "open_of_goal"
        return [decode_approval(row) for row in self._db.execute(self._sql[name], parameters)]

    def get(self, approval_id: ApprovalId) -> Approval:
        """Return an approval. Raises NotFoundError."""
        row = self._db.one(self._sql["get"], {"id": approval_id})
        if row is None:
            raise NotFoundError(f"no approval {approval_id}: list the open ones with `ostinato approvals`")
        return decode_approval(row)

    def for_node(self, node_id: NodeId) -> list[Approval]:
        """Return the questions about a node, answered or not, the newest first."""
        return [decode_approval(row) for row in self._db.execute(self._sql["for_node"], {"node_id": node_id})]

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
