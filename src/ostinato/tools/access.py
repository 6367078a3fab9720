"""What the graph tools ask of the store; the composition root binds it to the real one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from ostinato.base.ids import IterationId, NodeId
from ostinato.graph.actors import Actor
from ostinato.graph.edges import Edge
from ostinato.graph.iterations import Claim
from ostinato.graph.plan import DecisionDraft
from ostinato.graph.requests import NewNode, NodeFilter
from ostinato.graph.search import Hit, SearchFilter
from ostinato.graph.steering import PersonNote
from ostinato.graph.types import Node

T = TypeVar("T")


class GraphReads(Protocol):
    """Reading and searching."""

    def get(self, node_id: NodeId) -> Node: ...
    def find(self, node_id: NodeId) -> Node | None: ...
    def edges_of(self, node_id: NodeId) -> list[Edge]: ...
    def query(self, wanted: NodeFilter) -> list[Node]: ...
    def find_hits(self, text: str, conditions: SearchFilter, limit: int = 20) -> list[Hit]: ...


class Reasoning(Protocol):
    """Decisions, outcomes, observations, each one transaction."""

    def log_decision(self, parent_id: NodeId, draft: DecisionDraft, actor: Actor) -> Node: ...
    def choose_option(self, decision_id: NodeId, option: str, rationale: str, actor: Actor) -> Node: ...
    def record_outcome(
        self,
        parent_id: NodeId,
        title: str,
        description: str,
        success: bool,
        actor: Actor,
        iteration_id: IterationId | None = None,
    ) -> Node: ...
    def revisit(self, outcome_id: NodeId, reason: str, new_decision: str | None, actor: Actor) -> Node: ...
    def record_observation(
        self, parent_id: NodeId, title: str, description: str, about: NodeId | None, actor: Actor
    ) -> Node: ...


class Transactions(Protocol):
    """The database, as far as several calls are to be one."""

    def transaction(self) -> AbstractContextManager[None]: ...


class Claims(Protocol):
    """Asking for a claim, and making child tasks under it."""

    def holds(self, claim: Claim) -> bool: ...
    def create_child(self, claim: Claim, new: NewNode, actor: Actor) -> Node: ...


class Notes(Protocol):
    """What the person said."""

    def notes(self, goal_id: NodeId) -> list[PersonNote]: ...


class GraphAccess(Protocol):
    """The parts of the store that tools use."""

    @property
    def db(self) -> Transactions: ...
    @property
    def graph(self) -> GraphReads: ...
    @property
    def reasoning(self) -> Reasoning: ...
    @property
    def tasks(self) -> Claims: ...
    @property
    def steering(self) -> Notes: ...


class Ask(Protocol):
    """Runs work on the store from asyncio."""

    async def __call__(self, work: Callable[[GraphAccess], T]) -> T: ...
