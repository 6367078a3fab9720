"""All that the double of the store keeps, as dictionaries, and its transactions: a copy that is put back on failure.

Statuses are kept as the database keeps them: `ready` and the derived `blocked` are never in here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from ostinato.base.clock import Clock
from ostinato.base.errors import NotFoundError
from ostinato.base.ids import ApprovalId, EdgeId, IterationId, NodeId, ProjectId, SessionId
from ostinato.base.process import ProcessIdentity
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.approvals import Approval
from ostinato.graph.budgets import Budget, Call, Used
from ostinato.graph.edges import Edge, EdgeType
from ostinato.graph.events import Event, EventKind
from ostinato.graph.evidence import CheckRun
from ostinato.graph.iterations import Iteration
from ostinato.graph.plan import PlanDraft
from ostinato.graph.projects import Project
from ostinato.graph.sessions import Session
from ostinato.graph.steering import PersonNote
from ostinato.graph.types import Node, NodeType
from ostinato.store.conversations import StoredMessage, StoredStep

K = TypeVar("K", bound=str)


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a task. A claim by hand has neither token nor lease nor process."""

    agent: str
    token: int | None = None
    session_id: SessionId | None = None
    lease_until: datetime | None = None
    process: ProcessIdentity | None = None
    iteration_id: IterationId | None = None


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A check's run with what it was run for."""

    run: CheckRun
    iteration_id: IterationId | None


@dataclass(slots=True)
class State:
    """Everything, each kind by its id in the order of coming. The values never change: they are replaced."""

    projects: dict[ProjectId, Project] = field(default_factory=dict)
    nodes: dict[NodeId, Node] = field(default_factory=dict)
    children: dict[NodeId, int] = field(default_factory=dict)
    edges: dict[EdgeId, Edge] = field(default_factory=dict)
    claims: dict[NodeId, Held] = field(default_factory=dict)
    numbers: dict[ProjectId, int] = field(default_factory=dict)
    decided_by: dict[NodeId, str] = field(default_factory=dict)
    sessions: dict[SessionId, Session] = field(default_factory=dict)
    owners: dict[SessionId, ProcessIdentity | None] = field(default_factory=dict)
    iterations: dict[IterationId, Iteration] = field(default_factory=dict)
    messages: dict[str, tuple[StoredMessage, ...]] = field(default_factory=dict)
    steps: dict[str, dict[int, StoredStep]] = field(default_factory=dict)
    runs: list[KeptRun] = field(default_factory=list)
    approvals: dict[ApprovalId, Approval] = field(default_factory=dict)
    drafts: dict[NodeId, PlanDraft] = field(default_factory=dict)
    notes: list[PersonNote] = field(default_factory=list)
    pauses: dict[NodeId, datetime] = field(default_factory=dict)
    budgets: dict[NodeId, Budget] = field(default_factory=dict)
    charges: list[tuple[NodeId, str, Used]] = field(default_factory=list)
    reservations: dict[tuple[str, int], Call] = field(default_factory=dict)
    budget_warnings: set[tuple[NodeId, str]] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)

    def copied(self) -> State:
        """Return a state that later changes of this one do not reach."""
        return replace(self, **{name: copy(getattr(self, name)) for name in self.__slots__})


class Memory:
    """The state with its clock and its ids. Like the database's, a part that raises is undone, inside a whole too."""

    def __init__(self, clock: Clock, new_id: Callable[[], str]) -> None:
        self.clock = clock
        self.new_id = new_id
        self.state = State()
        self.tokens = 0

    @contextmanager
    def transaction(self, *, lasting: bool = True) -> Iterator[None]:
        """Undo everything that the block did when it raises. Nothing here outlasts the process, `lasting` or not."""
        before = self.state.copied()
        try:
            yield
        except BaseException:
            self.state = before
            raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Nobody else writes here: it changes nothing."""
        yield

    def now(self) -> datetime:
        """Return the present moment."""
        return self.clock.now()

    def fresh(self, prefix: str, taken: Mapping[K, object], kind: Callable[[str], K]) -> K:
        """Return an id that nothing has yet."""
        while (made := kind(prefix + self.new_id())) in taken:
            pass
        return made

    def node(self, node_id: NodeId) -> Node:
        """Return a node with its stored status. Raises NotFoundError."""
        if node_id not in self.state.nodes:
            raise NotFoundError(f"no node {node_id}: `ostinato search` finds nodes by their words")
        return self.state.nodes[node_id]

    def children(self, node_id: NodeId) -> list[Node]:
        """Return the nodes whose parent this is."""
        return [node for node in self.state.nodes.values() if node.parent_id == node_id]

    def ancestors(self, node_id: NodeId) -> list[Node]:
        """Return the nodes above, the nearest first."""
        found = []
        parent_id = self.node(node_id).parent_id
        while parent_id is not None:
            found.append(self.node(parent_id))
            parent_id = found[-1].parent_id
        return found

    def below(self, node_id: NodeId) -> list[Node]:
        """Return the nodes below by their parents, each once, the node itself left out."""
        return [node for node in self.state.nodes.values() if node_id in {one.id for one in self.ancestors(node.id)}]

    def tasks_below(self, node_id: NodeId) -> list[Node]:
        """Return the tasks among them."""
        return [node for node in self.below(node_id) if node.node_type is NodeType.TASK]

    def contained(self, node_id: NodeId) -> set[NodeId]:
        """Return what is reached over contains edges, those of further parents too."""
        found: set[NodeId] = set()
        waiting = [node_id]
        while waiting:
            here = waiting.pop()
            inner = {edge.to_id for edge in self.edges_from(here, EdgeType.CONTAINS)} - found
            found |= inner
            waiting += inner
        return found

    def edges_from(self, node_id: NodeId, edge_type: EdgeType) -> list[Edge]:
        """Return the edges of a type that leave a node."""
        return [e for e in self.state.edges.values() if e.from_id == node_id and e.edge_type is edge_type]

    def put(self, node: Node, **fields: Any) -> Node:
        """Keep a node with these fields changed, and return it."""
        self.state.nodes[node.id] = replace(node, **fields)
        return self.state.nodes[node.id]

    def tell(
        self,
        kind: EventKind,
        project_id: ProjectId | None,
        node_id: NodeId | None,
        actor: Actor = PERSON,
        payload: Mapping[str, Any] | None = None,
    ) -> None:
        """Append an event."""
        said = {"v": 1, "by": actor.by, **(payload or {})}
        seq = self.state.events[-1].seq + 1 if self.state.events else 1
        self.state.events.append(
            Event(seq, self.now(), kind, project_id, actor.session_id, actor.iteration_id, node_id, said)
        )
