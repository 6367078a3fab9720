"""What agents said, step by step, kept as it happens. Events about it are written by whoever holds the conversation.

A conversation belongs to an iteration or to a session; `owner_id` is the id of either.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ostinato.base.clock import parse_time
from ostinato.base.errors import ClaimLostError, DatabaseError
from ostinato.base.ids import NodeId
from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage, Message, Native, ToolCall, ToolMessage, UserMessage
from ostinato.graph.actors import Actor
from ostinato.graph.budgets import Call, Refusal, charge_of
from ostinato.store.budgets import BudgetStore
from ostinato.store.database import Database, Row, queries
from ostinato.store.record_rows import decode_spending, encode_spending
from ostinato.store.rows import encode_json

LOOP = Actor("loop")


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message of a transcript; a plain text is a system prompt. `position` counts from 1."""

    position: int
    step: int
    at: datetime
    message: Message | str


@dataclass(frozen=True, slots=True)
class StoredStep:
    """One model call: when, what it cost, and the estimated tokens of its request by section.

    `model` is who answered, as `provider:model`; empty while nobody has, and for steps of before schema 002.
    """

    step: int
    started_at: datetime
    ended_at: datetime | None
    spending: Spending
    sections: dict[str, int]
    model: str = ""


class ConversationStore:
    """Keeps and returns transcripts. For an ended iteration it keeps nothing more and raises ClaimLostError."""

    def __init__(self, db: Database, budgets: BudgetStore) -> None:
        self._db = db
        self._budgets = budgets
        self._sql = queries("iterations")

    def begin_step(
        self, owner_id: str, step: int, sections: Mapping[str, int], call: Call | None = None, actor: Actor = LOOP
    ) -> Refusal | None:
        """Keep that a model call begins; the same step again replaces its sections.

        With `call` what it may use is reserved in the same transaction; where a budget forbids it nothing is kept, and
        the reason is returned.
        """
        with self._db.transaction():
            refusal = self._budgets.reserve(owner_id, step, call, actor) if call else None
            if refusal is None:
                self._write("begin_step", owner_id, {"step": step, "sections": encode_json(dict(sections))})
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
        """Keep that all calls of the step are answered, what the step cost, and which model answered.

        With `node_id` its `seconds` count for that node's budget.
        """
        with self._db.transaction():
            self._write("end_step", owner_id, {"step": step, "spending": encode_spending(spending), "model": model})
            self._budgets.settle(owner_id, step, charge_of(spending), model)
            if node_id is not None and seconds > 0:
                self._budgets.worked(node_id, seconds, model)

    def fail_step(self, owner_id: str, step: int, spending: Spending, model: str) -> None:
        """Keep what the failed calls of a step cost; its reservation is settled."""
        with self._db.transaction():
            self._write("spend_step", owner_id, {"step": step, "spending": encode_spending(spending), "model": model})
            self._budgets.settle(owner_id, step, charge_of(spending), model)

    def add_message(self, owner_id: str, step: int, message: Message | str) -> None:
        """Add a message, a plain text being the system prompt, at the end of the owner's transcript."""
        if isinstance(message, str):
            role, content = "system", encode_json({"text": message})
        else:
            fields = asdict(message)
            role, content = fields.pop("role"), encode_json(fields)
        self._write("add_message", owner_id, {"step": step, "role": role, "content": content})

    def add_reply(self, owner_id: str, step: int, message: Message, spending: Spending, model: str) -> None:
        """Add a model's reply with what it cost and who answered: no crash of a tool that it calls loses the cost."""
        with self._db.transaction():
            self.add_message(owner_id, step, message)
            self._write("spend_step", owner_id, {"step": step, "spending": encode_spending(spending), "model": model})
            self._budgets.settle(owner_id, step, charge_of(spending), model)

    def transcript(self, owner_id: str) -> list[StoredMessage]:
        """Return all messages in order; [] for an unknown owner."""
        return [_decode_message(row) for row in self._db.execute(self._sql["messages"], {"owner_id": owner_id})]

    def steps(self, owner_id: str) -> list[StoredStep]:
        """Return all steps in order; [] for an unknown owner."""
        return [_decode_step(row) for row in self._db.execute(self._sql["steps"], {"owner_id": owner_id})]

    def _write(self, name: str, owner_id: str, parameters: dict[str, Any]) -> None:
        with self._db.transaction():
            written = self._db.execute(self._sql[name], {"owner_id": owner_id, "at": self._db.now(), **parameters})
        if not written:
            raise ClaimLostError(f"{owner_id} has ended: nothing more is kept of its conversation")


def _decode_message(row: Row) -> StoredMessage:
    try:
        return StoredMessage(row["position"], row["step"], parse_time(row["at"]), _message(row))
    except (ValueError, TypeError, KeyError) as error:
        raise _unreadable("message", row["owner_id"], row["position"], error) from error


def _message(row: Row) -> Message | str:
    fields: dict[str, Any] = json.loads(row["content"])
    match row["role"]:
        case "system":
            return str(fields["text"])
        case "user":
            return UserMessage(**fields)
        case "assistant":
            calls = tuple(ToolCall(**call) for call in fields.pop("tool_calls"))
            native = fields.pop("native", None)
            kept = Native(native["model"], tuple(native["items"])) if native else None
            return AssistantMessage(tool_calls=calls, native=kept, **fields)
        case "tool":
            return ToolMessage(**fields)
        case role:
            raise ValueError(f"no such role: {role}")


def _decode_step(row: Row) -> StoredStep:
    try:
        return StoredStep(
            step=row["step"],
            started_at=parse_time(row["started_at"]),
            ended_at=parse_time(row["ended_at"]) if row["ended_at"] is not None else None,
            spending=decode_spending(row["spending"]),
            sections={str(name): int(size) for name, size in json.loads(row["sections"]).items()},
            model=row["model"],
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise _unreadable("step", row["owner_id"], row["step"], error) from error


def _unreadable(what: str, owner_id: str, number: int, error: Exception) -> DatabaseError:
    return DatabaseError(f"{what} {number} of {owner_id} cannot be read ({error}): restore a backup")
