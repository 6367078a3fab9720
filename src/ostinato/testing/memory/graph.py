"""Nodes and edges of the double, with the signatures of `store.graph`."""

from __future__ import annotations

from datetime import datetime

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import EdgeId, NodeId, ProjectId, natural_key
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.changing import changed, changed_fields, require_changes
from ostinato.graph.edge_rules import require_parent
from ostinato.graph.edges import Edge, EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.requests import NewNode, NodeChanges, NodeFilter, details_for, require_texts
from ostinato.graph.rules import Situation, why_not_ready
from ostinato.graph.status import default_status, initial_status, require_transition, stored
from ostinato.graph.texts import require_text
from ostinato.graph.types import Node, NodeType, Status
from ostinato.testing.memory import linking
from ostinato.testing.memory.decisions import note_who_decides, numbered
from ostinato.testing.memory.graph_reads import MemoryGraphReads
from ostinato.testing.memory.reading import (
    depends_on,
    facts,
    filtered,
    found_by_words,
    handoff_notes,
    in_order,
    spoken,
)
from ostinato.testing.memory.state import Held
from ostinato.testing.memory.transitions import change_status, task_joined

_TIMED = {Status.COMPLETED, Status.DECIDED}


class MemoryGraph(MemoryGraphReads):
    """See `store.graph.GraphStore`."""

    def add_node(self, project_id: ProjectId, new: NewNode, actor: Actor = PERSON) -> Node:
        """Make a node and return it. Raises RuleError and NotFoundError."""
        require_texts(new)
        status = initial_status(new.node_type, new.status)
        details = details_for(new.node_type, new.details)
        memory = self._memory
        with memory.transaction():
            self._require_place(project_id, new)
            now = memory.now()
            node = Node(
                self._new_id(new.parent_id),
                project_id,
                new.node_type,
                new.title,
                status,
                now,
                new.description,
                new.priority,
                created_by=new.created_by or actor.by,
                labels=tuple(new.labels),
                completed_at=now if status in _TIMED else None,
                details=numbered(memory, project_id, details),
                metadata=dict(new.metadata),
                parent_id=new.parent_id,
            )
            memory.state.nodes[node.id] = node
            if node.node_type is NodeType.DECISION and status is Status.DECIDED:
                note_who_decides(memory, node.id, status, node.created_by or PERSON.by)
            said = {"type": str(new.node_type), "title": new.title, "parent": new.parent_id, "status": str(status)}
            memory.tell(EventKind.NODE_CREATED, project_id, node.id, actor, said)
            self._join(node, new, actor)
            return self.get(node.id)

    def get(self, node_id: NodeId) -> Node:
        """Return a node. Raises NotFoundError."""
        return spoken(self._memory, [self._memory.node(node_id)])[0]

    def find(self, node_id: NodeId) -> Node | None:
        """Return a node or None."""
        return self.get(node_id) if node_id in self._memory.state.nodes else None

    def update(self, node_id: NodeId, changes: NodeChanges, actor: Actor = PERSON) -> Node:
        """Change fields and return the node. Raises NotFoundError and RuleError."""
        require_changes(changes)
        with self._memory.transaction():
            before = self._memory.node(node_id)
            after = changed(before, changes)
            names = changed_fields(before, after)
            if names:
                self._memory.put(after)
                said = {"fields": names}
                self._memory.tell(EventKind.NODE_UPDATED, before.project_id, node_id, actor, said)
            return self.get(node_id)

    def set_status(
        self,
        node_id: NodeId,
        status: Status,
        *,
        reason: str | None = None,
        agent: str | None = None,
        actor: Actor = PERSON,
    ) -> Node:
        """Give a node a status by hand. Raises NotFoundError and RuleError."""
        require_text("the reason", reason or "")
        with self._memory.transaction():
            node, kept = self.get(node_id), self._memory.node(node_id).status
            if node.node_type is NodeType.TASK and kept is Status.PENDING:
                self._require_settable(node, status)
            else:
                require_transition(node_id, node.node_type, node.status, status)
            if status is Status.CLAIMED and kept is not Status.CLAIMED:
                holder = agent or actor.by
                change_status(self._memory, node_id, Status.CLAIMED, agent=holder, actor=actor)
                self._memory.state.claims[node_id] = Held(holder)
            else:
                change_status(self._memory, node_id, stored(status), reason=reason, agent=agent, actor=actor)
            return self.get(node_id)

    def link(
        self, from_id: NodeId, edge_type: EdgeType, to_id: NodeId, label: str | None = None, actor: Actor = PERSON
    ) -> Edge:
        """Join two nodes. Raises NotFoundError and RuleError."""
        with self._memory.transaction():
            return linking.link(self._memory, from_id, edge_type, to_id, label, actor)

    def unlink(self, edge_id: EdgeId, actor: Actor = PERSON) -> Edge:
        """Remove an edge. Raises NotFoundError and RuleError."""
        with self._memory.transaction():
            return linking.unlink(self._memory, edge_id, actor)

    def edges_of(self, node_id: NodeId) -> list[Edge]:
        """Return the edges from and to a node, by created_at, type and ends in natural order. Raises NotFoundError."""
        self._memory.node(node_id)
        found = [edge for edge in self._memory.state.edges.values() if node_id in {edge.from_id, edge.to_id}]
        return sorted(found, key=_edge_key)

    def query(self, wanted: NodeFilter) -> list[Node]:
        """Return the nodes that fulfil all conditions, by created_at and natural id."""
        return filtered(self._memory, wanted)

    def descendants(self, node_id: NodeId) -> list[Node]:
        """Return all nodes below a node, by created_at and natural id. Raises NotFoundError."""
        self._memory.node(node_id)
        return in_order(spoken(self._memory, self._memory.below(node_id)))

    def prerequisites(self, node_id: NodeId) -> list[Node]:
        """Return what a node depends on directly, by created_at and natural id. Raises NotFoundError."""
        self._memory.node(node_id)
        edges = self._memory.edges_from(node_id, EdgeType.DEPENDS_ON)
        return in_order(spoken(self._memory, [self._memory.node(edge.to_id) for edge in edges]))

    def search(
        self,
        text: str,
        *,
        project_id: ProjectId | None = None,
        node_type: NodeType | None = None,
        status: Status | None = None,
        limit: int = 20,
    ) -> list[Node]:
        """Return at most `limit` nodes that hold all words of `text`, in titles first."""
        found = [
            node
            for node in spoken(self._memory, found_by_words(self._memory, text))
            if project_id in {None, node.project_id}
            and node_type in {None, node.node_type}
            and status in {None, node.status}
        ]
        return found[: max(0, limit)]

    def notes(self, goal_id: NodeId) -> str:
        """Return the handoff notes of a goal as they would be now. Raises NotFoundError."""
        self._memory.node(goal_id)
        return handoff_notes(self._memory, goal_id)

    def _require_place(self, project_id: ProjectId, new: NewNode) -> None:
        if project_id not in self._memory.state.projects:
            raise NotFoundError(f"no project {project_id}: `ostinato project list` shows them")
        parent = None if new.parent_id is None else self._memory.node(new.parent_id)
        if parent is not None and parent.project_id != project_id:
            raise RuleError(f"{new.parent_id} belongs to another project")
        require_parent(new.node_type, parent.node_type if parent else None)

    def _new_id(self, parent_id: NodeId | None) -> NodeId:
        state = self._memory.state
        if parent_id is None:
            return self._memory.fresh("os-", state.nodes, NodeId)
        state.children[parent_id] = state.children.get(parent_id, 0) + 1
        return NodeId(f"{parent_id}.{state.children[parent_id]}")

    def _join(self, node: Node, new: NewNode, actor: Actor) -> None:
        if node.parent_id is not None:
            parent = self._memory.node(node.parent_id)
            linking.insert(self._memory, EdgeType.CONTAINS, parent, node.id, None, actor)
            if node.node_type is NodeType.OPTION:
                linking.insert(self._memory, EdgeType.LEADS_TO, parent, node.id, None, actor)
        for prerequisite in new.depends_on:
            linking.link(self._memory, node.id, EdgeType.DEPENDS_ON, prerequisite, None, actor)
        if node.node_type is NodeType.TASK and node.parent_id is not None:
            task_joined(self._memory, node.status, node.parent_id, actor)

    def _require_settable(self, node: Node, status: Status) -> None:
        """The same for a stored pending task, which is spoken of as pending, ready or blocked."""
        if status is Status.PENDING or node.status is status is Status.READY:
            return
        if status in {Status.READY, Status.CLAIMED} and node.status is not Status.READY:
            targets: dict[NodeId, tuple[NodeId, ...]] = {}
            for dependent, target in sorted(depends_on(self._memory)):
                targets[dependent] = (*targets.get(dependent, ()), target)
            why = why_not_ready(Situation(facts(self._memory), targets), node.id)
            raise RuleError(f"{node.id} is {node.status} and cannot become {status}: {why}")
        shown = Status.READY if node.status is Status.READY else default_status(NodeType.TASK)
        require_transition(node.id, node.node_type, shown, status)


def _edge_key(edge: Edge) -> tuple[datetime, EdgeType, object, object]:
    return edge.created_at, edge.edge_type, natural_key(edge.from_id), natural_key(edge.to_id)
