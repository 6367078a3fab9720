"""The work graph: making, reading, changing and joining nodes. Claims are the business of `store.tasks`, reasoning in
several steps that of `store.reasoning`. What only some of it needs is imported there: reads and claims start fast."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ostinato.base.errors import RuleError
from ostinato.base.ids import EdgeId, NodeId, ProjectId, natural_key, random_hex
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.status import require_transition, stored
from ostinato.graph.texts import require_text
from ostinato.graph.types import Node, NodeType, Status
from ostinato.store.database import Database, queries
from ostinato.store.graph_reads import GraphReads
from ostinato.store.reading import decode_rows, read_filtered, read_node, require_node, slim_row

if TYPE_CHECKING:
    from ostinato.graph.edges import Edge, EdgeType
    from ostinato.graph.requests import NewNode, NodeChanges, NodeFilter
    from ostinato.graph.search import Hit, SearchFilter
    from ostinato.store.creation import Maker
    from ostinato.store.events import EventStore
    from ostinato.store.linking import Linker
    from ostinato.store.new_ids import NewId


class GraphStore(GraphReads):
    """Nodes and edges. Each method is one transaction or one consistent read; statuses are the derived ones."""

    def __init__(self, db: Database, events: EventStore, new_id: NewId = random_hex) -> None:
        GraphReads.__init__(self, db)
        self._events = events
        self._new_id = new_id

    @cached_property
    def _linker(self) -> Linker:
        from ostinato.store.linking import Linker

        return Linker(self._db, self._events)

    @cached_property
    def _maker(self) -> Maker:
        from ostinato.store.creation import Maker

        return Maker(self._db, self._events, self._linker, self._new_id)

    def add_node(self, project_id: ProjectId, new: NewNode, actor: Actor = PERSON) -> Node:
        """Make a node and return it. Under a parent it gets the contains edge, an option also the leads_to edge.

        A task makes its pending or completed goals active. Raises RuleError and NotFoundError; nothing is left then.
        """
        with self._db.transaction():
            return require_node(self._db, self._maker.make(project_id, new, actor))

    def get(self, node_id: NodeId) -> Node:
        """Return a node. Raises NotFoundError."""
        return require_node(self._db, node_id)

    def find(self, node_id: NodeId) -> Node | None:
        """Return a node or None."""
        return read_node(self._db, node_id)

    def update(self, node_id: NodeId, changes: NodeChanges, actor: Actor = PERSON) -> Node:
        """Change fields and return the node; the event names those that really changed, and there is none without.

        Metadata is merged, None removes a key. Raises NotFoundError, and RuleError for what cannot be kept.
        """
        from ostinato.store.changing import change_fields

        return change_fields(self._db, self._events, node_id, changes, actor)

    def set_status(
        self,
        node_id: NodeId,
        status: Status,
        *,
        reason: str | None = None,
        agent: str | None = None,
        actor: Actor = PERSON,
    ) -> Node:
        """Give a node a status by hand, keep its facts true, follow the consequences, and return it.

        The status it has already changes nothing. Raises NotFoundError, and RuleError (naming the present status and
        what is allowed) for an illegal change, and for `ready` on a task that is not, saying what it waits for.
        """
        from ostinato.store.transitions import change_status

        require_text("the reason", reason or "")
        with self._db.transaction():
            node = require_node(self._db, node_id)
            kept = Status(slim_row(self._db, node_id)["status"])
            if node.node_type is NodeType.TASK and kept is Status.PENDING:
                self._require_settable(node, status)
            else:
                require_transition(node_id, node.node_type, node.status, status)
            if status is Status.CLAIMED and kept is not Status.CLAIMED:
                self._claim_by_hand(node_id, agent or actor.by, actor)
            else:
                change_status(self._db, self._events, node_id, stored(status), reason=reason, agent=agent, actor=actor)
            return require_node(self._db, node_id)

    def link(
        self, from_id: NodeId, edge_type: EdgeType, to_id: NodeId, label: str | None = None, actor: Actor = PERSON
    ) -> Edge:
        """Join two nodes; the same edge again is the same edge. See `Linker.link` for what follows and is refused."""
        return self._linker.link(from_id, edge_type, to_id, label, actor)

    def unlink(self, edge_id: EdgeId, actor: Actor = PERSON) -> Edge:
        """Remove an edge and return it. See `Linker.unlink`."""
        return self._linker.unlink(edge_id, actor)

    def edges_of(self, node_id: NodeId) -> list[Edge]:
        """Return the edges from and to a node, by created_at, type and ends in natural order. Raises NotFoundError."""
        from ostinato.store.edge_rows import decode_edge

        with self._db.reading():
            slim_row(self._db, node_id)
            found = [decode_edge(row) for row in self._db.execute(queries("edges")["of_node"], {"id": node_id})]
        return sorted(
            found,
            key=lambda edge: (edge.created_at, edge.edge_type, natural_key(edge.from_id), natural_key(edge.to_id)),
        )

    def query(self, wanted: NodeFilter) -> list[Node]:
        """Return the nodes that fulfil all conditions of the filter, by created_at and natural id."""
        return read_filtered(self._db, wanted)

    def descendants(self, node_id: NodeId) -> list[Node]:
        """Return all nodes below a node through contains, each once, itself left out, by created_at and natural id."""
        with self._db.reading():
            slim_row(self._db, node_id)
            return decode_rows(self._db.execute(queries("nodes")["descendants"], {"id": node_id}))

    def prerequisites(self, node_id: NodeId) -> list[Node]:
        """Return what a node depends on directly, by created_at and natural id. Raises NotFoundError."""
        with self._db.reading():
            slim_row(self._db, node_id)
            return decode_rows(self._db.execute(queries("edges")["prerequisites"], {"id": node_id}))

    def search(
        self,
        text: str,
        *,
        project_id: ProjectId | None = None,
        node_type: NodeType | None = None,
        status: Status | None = None,
        limit: int = 20,
    ) -> list[Node]:
        """Return at most `limit` nodes that hold all words of `text`, the last one as a prefix, best first.

        Any text is legal. Titles, descriptions and the handoff notes of a goal's sessions are searched.
        """
        from ostinato.graph.search import SearchFilter

        return [hit.node for hit in self.find_hits(text, SearchFilter(project_id, node_type, status), limit)]

    def find_hits(self, text: str, conditions: SearchFilter, limit: int = 20) -> list[Hit]:
        """Return the same with ranks and with where the words stand. All conditions hold of what is found."""
        from ostinato.store.search import search_nodes

        return search_nodes(self._db, text, conditions, limit)

    def notes(self, goal_id: NodeId) -> str:
        """Return the handoff notes of a goal as they would be now. Raises NotFoundError."""
        from ostinato.store.notes import handoff_notes

        return handoff_notes(self._db, goal_id)

    def _require_settable(self, node: Node, status: Status) -> None:
        """Raise RuleError unless a stored pending task, however it shows, may be given `status` by hand."""
        if status is Status.PENDING or node.status is status is Status.READY:
            return
        if status in {Status.READY, Status.CLAIMED} and node.status is not Status.READY:
            from ostinato.graph.rules import why_not_ready
            from ostinato.store.derive import situation_around

            why = why_not_ready(situation_around(self._db, node.id), node.id)
            raise RuleError(f"{node.id} is {node.status} and cannot become {status}: {why}")
        # What is shown as blocked by derivation is pending still: a person may block it for a reason of its own.
        shown = Status.READY if node.status is Status.READY else Status.PENDING
        require_transition(node.id, node.node_type, shown, status)

    def _claim_by_hand(self, node_id: NodeId, agent: str, actor: Actor) -> None:
        from ostinato.store.transitions import change_status

        change_status(self._db, self._events, node_id, Status.CLAIMED, agent=agent, actor=actor)
        self._db.execute(
            queries("tasks")["insert_claim_by_hand"], {"task_id": node_id, "agent": agent, "at": self._db.now()}
        )
