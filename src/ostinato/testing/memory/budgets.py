"""Budgets and the ledger of calls in the double, with the signatures of `store.budgets`."""

from __future__ import annotations

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.budgets import Account, Budget, Call, Refusal, Standing, Used, nearly_used, refused
from ostinato.graph.events import EventKind
from ostinato.graph.types import Node, NodeType
from ostinato.testing.memory.state import Memory


class MemoryBudgets:
    """See `store.budgets.BudgetStore`. Every sum is worked out anew from the single calls."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def set(self, node_id: NodeId, budget: Budget, actor: Actor = PERSON) -> None:
        """Set what a goal or task may use. Raises NotFoundError and RuleError."""
        node = self._memory.node(node_id)
        if node.node_type not in {NodeType.GOAL, NodeType.TASK}:
            raise RuleError(f"{node_id} is a {node.node_type}: goals and tasks have budgets")
        state = self._memory.state
        state.budgets[node_id] = budget
        state.budget_warnings = {one for one in state.budget_warnings if one[0] != node_id}
        numbers = {"tokens": budget.tokens, "cost_usd": budget.cost_usd, "seconds": budget.seconds}
        self._memory.tell(EventKind.NODE_UPDATED, node.project_id, node_id, actor, {"budget": numbers})

    def get(self, node_id: NodeId) -> Budget:
        """Return a node's own budget."""
        return self._memory.state.budgets.get(node_id, Budget())

    def account(self, node_id: NodeId) -> Account:
        """Return what a node and all beneath it have used."""
        by_model: dict[str, Used] = {}
        for charged, model, used in self._memory.state.charges:
            if self._covers(node_id, charged):
                by_model[model] = by_model.get(model, Used()) + used
        held = (call for call in self._memory.state.reservations.values() if self._covers(node_id, call.node_id))
        reserved = sum((Used(1, one.tokens, one.cost_usd or 0.0, one.cost_usd is None) for one in held), Used())
        return Account(dict(sorted(by_model.items())), reserved)

    def refusal(self, call: Call) -> Refusal | None:
        """Return why a call may not be made, None when it may."""
        return refused(self._chain(call), call)

    def reserve(self, owner_id: str, step: int, call: Call, actor: Actor) -> Refusal | None:
        """Hold what a call may use, or return why it may not be made. Warns once of what is nearly used."""
        for standing in self._chain(call):
            for name in nearly_used(standing):
                self._warn(standing.node_id, name, actor)
        refusal = self.refusal(call)
        if refusal is None:
            self._memory.state.reservations[owner_id, step] = call
        return refusal

    def settle(self, owner_id: str, step: int, used: Used, model: str) -> None:
        """Put what a call really used in the place of what was held for it."""
        call = self._memory.state.reservations.pop((owner_id, step), None)
        if call is not None:
            self._memory.state.charges.append((call.node_id, model, used))

    def worked(self, node_id: NodeId, seconds: float, model: str) -> None:
        """Count the time of a step."""
        self._memory.state.charges.append((node_id, model, Used(seconds=seconds)))

    def _chain(self, call: Call) -> list[Standing]:
        nodes: list[Node] = [self._memory.node(call.node_id), *self._memory.ancestors(call.node_id)]
        return [
            Standing(
                node.id,
                node.node_type,
                self.get(node.id).over(call.default_for(node.id, node.node_type)),
                self.account(node.id).total,
            )
            for node in nodes
        ]

    def _covers(self, node_id: NodeId, charged: NodeId) -> bool:
        return node_id == charged or node_id in {node.id for node in self._memory.ancestors(charged)}

    def _warn(self, node_id: NodeId, name: str, actor: Actor) -> None:
        if (node_id, name) in self._memory.state.budget_warnings:
            return
        self._memory.state.budget_warnings = {*self._memory.state.budget_warnings, (node_id, name)}
        payload = {"limit": name, "share": 0.8, "of": node_id}
        self._memory.tell(EventKind.LIMIT_WARNED, self._memory.node(node_id).project_id, node_id, actor, payload)
