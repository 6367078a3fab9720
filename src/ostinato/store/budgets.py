"""Budgets of goals and tasks, and the ledger of calls: reserved before each call, settled after it. It ends nothing."""

from __future__ import annotations

from typing import TypeAlias

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.budgets import Account, Budget, Call, Refusal, Standing, Used, nearly_used, refused
from ostinato.graph.events import EventKind
from ostinato.graph.types import NodeType
from ostinato.store.database import Database, Row, queries
from ostinato.store.events import EventStore
from ostinato.store.reading import slim_row

Chain: TypeAlias = "list[tuple[Standing, ProjectId]]"


class BudgetStore:
    """Every method that writes is one transaction, and joins one that is open already."""

    def __init__(self, db: Database, events: EventStore) -> None:
        self._db = db
        self._events = events
        self._sql = queries("budgets")

    def set(self, node_id: NodeId, budget: Budget, actor: Actor = PERSON) -> None:
        """Set what a goal or task may use, with its event. Raises NotFoundError, RuleError for another kind of node."""
        with self._db.transaction():
            row = slim_row(self._db, node_id)
            if row["node_type"] not in {NodeType.GOAL, NodeType.TASK}:
                raise RuleError(f"{node_id} is a {row['node_type']}: goals and tasks have budgets")
            numbers = {"tokens": budget.tokens, "cost_usd": budget.cost_usd, "seconds": budget.seconds}
            self._db.execute(self._sql["set"], {"node_id": node_id, **numbers})
            self._db.execute(self._sql["forget_warnings"], {"node_id": node_id})
            self._events.add(
                EventKind.NODE_UPDATED,
                project_id=ProjectId(row["project_id"]),
                node_id=node_id,
                actor=actor,
                payload={"budget": numbers},
            )

    def get(self, node_id: NodeId) -> Budget:
        """Return a node's own budget; one without a limit where nobody set any."""
        row = self._db.one(self._sql["get"], {"node_id": node_id})
        return Budget() if row is None else Budget(row["tokens"], row["cost_usd"], row["seconds"])

    def account(self, node_id: NodeId) -> Account:
        """Return what a node and all beneath it have used."""
        with self._db.reading():
            rows = self._db.execute(self._sql["account"], {"node_id": node_id})
            held = self._db.one(self._sql["reserved"], {"node_id": node_id})
        return Account({row["model"]: _used(row) for row in rows}, _used({**held, "seconds": 0.0}) if held else Used())

    def refusal(self, call: Call) -> Refusal | None:
        """Return why a call may not be made, None when it may; nothing is reserved."""
        return refused((one for one, _ in self._chain(call)), call)

    def reserve(self, owner_id: str, step: int, call: Call, actor: Actor) -> Refusal | None:
        """Hold what a call may use, for its node and all above it, or return why it may not be made.

        One write transaction, so that two processes never share out the same rest. Warns once of what is nearly used.
        """
        with self._db.transaction():
            chain = self._chain(call)
            for standing, project_id in chain:
                self._warn(standing, project_id, actor)
            refusal = refused((one for one, _ in chain), call)
            if refusal is not None:
                return refusal
            held = {"owner_id": owner_id, "step": step, "tokens": call.tokens, "cost_usd": call.cost_usd}
            for standing, _ in chain:
                self._db.execute(self._sql["reserve"], {**held, "node_id": standing.node_id})
            return None

    def settle(self, owner_id: str, step: int, used: Used, model: str) -> None:
        """Put what a call really used in the place of what was held for it; without a reservation nothing happens."""
        with self._db.transaction():
            for row in self._db.execute(self._sql["release"], {"owner_id": owner_id, "step": step}):
                self._charge(row["node_id"], used, model)

    def worked(self, node_id: NodeId, seconds: float, model: str) -> None:
        """Count the time of a step for a node and all above it."""
        with self._db.transaction():
            for row in self._db.execute(self._sql["above"], {"node_id": node_id}):
                self._charge(row["id"], Used(seconds=seconds), model)

    def _charge(self, node_id: str, used: Used, model: str) -> None:
        numbers = {"calls": used.calls, "tokens": used.tokens, "cost_usd": used.cost_usd, "unpriced": used.unpriced}
        parameters = {"node_id": node_id, "model": model, "seconds": used.seconds, **numbers}
        self._db.execute(self._sql["charge"], parameters)

    def _chain(self, call: Call) -> Chain:
        rows = self._db.execute(self._sql["chain"], {"node_id": call.node_id})
        return [(_standing(row, call), ProjectId(row["project_id"])) for row in rows]

    def _warn(self, standing: Standing, project_id: ProjectId, actor: Actor) -> None:
        for name in nearly_used(standing):
            if self._db.execute(self._sql["warn"], {"node_id": standing.node_id, "name": name}):
                self._events.add(
                    EventKind.LIMIT_WARNED,
                    project_id=project_id,
                    node_id=standing.node_id,
                    actor=actor,
                    payload={"limit": name, "share": 0.8, "of": standing.node_id},
                )


def _standing(row: Row, call: Call) -> Standing:
    node_id, node_type = NodeId(row["id"]), NodeType(row["node_type"])
    own = Budget(row["most_tokens"], row["most_cost"], row["most_seconds"])
    used = Used(tokens=row["tokens"], cost_usd=row["cost_usd"], seconds=row["seconds"])
    return Standing(node_id, node_type, own.over(call.default_for(node_id, node_type)), used)


def _used(row: Row) -> Used:
    return Used(row["calls"], row["tokens"], row["cost_usd"], row["unpriced"], row["seconds"])
