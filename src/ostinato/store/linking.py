"""Makes and removes edges inside a transaction, with what follows from them for decisions, parents and goals."""

from __future__ import annotations

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import EdgeId, NodeId, ProjectId, edge_id
from ostinato.graph import edge_rules
from ostinato.graph.actors import Actor
from ostinato.graph.cycles import show_path
from ostinato.graph.edges import Edge, EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.texts import require_text
from ostinato.graph.types import NodeType, Status
from ostinato.store.database import Database, Row, queries
from ostinato.store.deciding import require_no_circle
from ostinato.store.edge_rows import decode_edge
from ostinato.store.events import EventStore
from ostinato.store.reading import slim_row
from ostinato.store.transitions import change_status, complete_upwards, task_joined
from ostinato.store.waits import Waits


class Linker:
    """The write side of edges."""

    def __init__(self, db: Database, events: EventStore) -> None:
        self._db = db
        self._events = events
        self._sql = queries("edges")

    def link(self, from_id: NodeId, edge_type: EdgeType, to_id: NodeId, label: str | None, actor: Actor) -> Edge:
        """Join two nodes of one project, or return the edge that is there; another label replaces its label.

        `chosen` decides the decision and rejects its other options, `rejected` rejects the option, `supersedes`
        supersedes a decision, `contains` gives a node without a parent its parent; a further one lists the node below
        another too, while readiness and completion go by the first. Raises NotFoundError, and RuleError for wrong
        ends, two projects, a second choice, and a cycle (with its path).
        """
        require_text("a label", label or "")
        with self._db.transaction():
            present = self._db.one(self._sql["get"], {"id": edge_id(edge_type, from_id, to_id)})
            if present is not None:
                return self._relabel(present, label, actor)
            source, target = slim_row(self._db, from_id), slim_row(self._db, to_id)
            edge_rules.require_ends(
                edge_type, from_id, NodeType(source["node_type"]), to_id, NodeType(target["node_type"])
            )
            if source["project_id"] != target["project_id"]:
                raise RuleError(f"{from_id} and {to_id} belong to different projects")
            self._require_room(edge_type, source, target)
            self.insert(edge_type, source, to_id, label, actor)
            self._follow(edge_type, source, target, actor)
            return decode_edge(self._get(edge_id(edge_type, from_id, to_id)))

    def unlink(self, wanted: EdgeId, actor: Actor) -> Edge:
        """Remove an edge and return it. A `chosen` edge opens its decision again; a node that was linked into a parent
        stands alone again. Raises NotFoundError, and RuleError for a child that was made in its parent."""
        with self._db.transaction():
            edge = decode_edge(self._get(wanted))
            if edge.edge_type is EdgeType.CONTAINS and edge.to_id.startswith(f"{edge.from_id}."):
                raise RuleError(f"{edge.to_id} was made in {edge.from_id}, as its id says: cancel it instead")
            source, target = slim_row(self._db, edge.from_id), slim_row(self._db, edge.to_id)
            if edge.edge_type is EdgeType.CHOSEN and source["status"] == Status.DECIDED:
                change_status(self._db, self._events, edge.from_id, Status.ACTIVE, actor=actor)
                return edge
            self._remove(edge, source, actor)
            if edge.edge_type is EdgeType.REJECTED and target["status"] == Status.REJECTED:
                change_status(self._db, self._events, edge.to_id, Status.ACTIVE, actor=actor)
            if edge.edge_type is EdgeType.CONTAINS and target["parent_id"] == edge.from_id:
                self._db.execute(queries("nodes")["set_parent"], {"id": edge.to_id, "parent_id": None})
                complete_upwards(self._db, self._events, edge.from_id, actor)
            return edge

    def insert(self, edge_type: EdgeType, source: Row, to_id: NodeId, label: str | None, actor: Actor) -> None:
        """Write one new edge and its event; `source` is the slim row of its first end. Checks nothing."""
        from_id = NodeId(source["id"])
        self._db.execute(
            self._sql["insert"],
            {
                "id": edge_id(edge_type, from_id, to_id),
                "edge_type": str(edge_type),
                "from_id": from_id,
                "to_id": to_id,
                "label": label,
                "created_at": self._db.now(),
            },
        )
        self._tell(EventKind.EDGE_ADDED, source, edge_type, to_id, label, actor)

    def _relabel(self, row: Row, label: str | None, actor: Actor) -> Edge:
        edge = decode_edge(row)
        if label is None or label == edge.label:
            return edge
        self._db.execute(self._sql["set_label"], {"id": edge.id, "label": label})
        source = slim_row(self._db, edge.from_id)
        self._tell(EventKind.EDGE_ADDED, source, edge.edge_type, edge.to_id, label, actor)
        return decode_edge(self._get(edge.id))

    def _require_room(self, edge_type: EdgeType, source: Row, target: Row) -> None:
        """Raise RuleError for what depends on the edges that are there already."""
        from_id, to_id = NodeId(source["id"]), NodeId(target["id"])
        if edge_type is EdgeType.DEPENDS_ON:
            Waits(self._db).require_free_to_depend(from_id, to_id)
        elif edge_type is EdgeType.CONTAINS:
            self._require_no_circle(from_id, to_id)
            if target["parent_id"] is None:
                Waits(self._db).require_free_to_contain(from_id, to_id)
        elif edge_type in {EdgeType.CHOSEN, EdgeType.REJECTED}:
            self._require_choice(edge_type, source, to_id)
        elif edge_type is EdgeType.SUPERSEDES:
            require_no_circle(self._db, from_id, to_id)

    def _require_no_circle(self, parent: NodeId, child: NodeId) -> None:
        """Raise RuleError, naming the way round, if `child` contains `parent` already, over whatever edges."""
        came_from: dict[NodeId, NodeId] = {}
        waiting = [child]
        while waiting:
            here = waiting.pop()
            for row in self._db.execute(self._sql["contained_in"], {"id": here}):
                inner = NodeId(row["id"])
                if inner not in came_from:
                    came_from[inner] = here
                    waiting.append(inner)
        if parent not in came_from:
            return
        way = [parent]
        while way[-1] != child:
            way.append(came_from[way[-1]])
        raise RuleError(f"{parent} contains {child} would close a cycle: {show_path([parent, *reversed(way)])}")

    def _require_choice(self, edge_type: EdgeType, decision: Row, option_id: NodeId) -> None:
        options = {row["id"] for row in self._db.execute(self._sql["options_of"], {"id": decision["id"]})}
        if option_id not in options:
            raise RuleError(f"{option_id} is not an option of {decision['id']}")
        if decision["status"] == Status.SUPERSEDED:
            raise RuleError(f"{decision['id']} is superseded: choose in the decision that replaced it")
        chosen = [row["to_id"] for row in self._edges(decision, EdgeType.CHOSEN)]
        if edge_type is EdgeType.CHOSEN and chosen:
            raise RuleError(f"{decision['id']} has chosen {chosen[0]} already: revisit it before choosing another")
        if option_id in chosen:
            raise RuleError(f"{option_id} is what {decision['id']} has chosen: revisit it before rejecting it")

    def _follow(self, edge_type: EdgeType, source: Row, target: Row, actor: Actor) -> None:
        if edge_type is EdgeType.CHOSEN:
            self._decide(source, NodeId(target["id"]), actor)
        elif edge_type is EdgeType.REJECTED:
            change_status(self._db, self._events, target["id"], Status.REJECTED, actor=actor)
        elif edge_type is EdgeType.SUPERSEDES and target["node_type"] == NodeType.DECISION:
            change_status(self._db, self._events, target["id"], Status.SUPERSEDED, actor=actor)
        elif edge_type is EdgeType.CONTAINS and target["parent_id"] is None:
            parent_id = NodeId(source["id"])
            self._db.execute(queries("nodes")["set_parent"], {"id": target["id"], "parent_id": parent_id})
            if target["node_type"] == NodeType.TASK:
                task_joined(self._db, self._events, Status(target["status"]), parent_id, actor)

    def _decide(self, decision: Row, chosen: NodeId, actor: Actor) -> None:
        rejected = {row["to_id"]: row for row in self._edges(decision, EdgeType.REJECTED)}
        if chosen in rejected:
            self._remove(decode_edge(rejected[chosen]), decision, actor)
        for option in self._db.execute(self._sql["options_of"], {"id": decision["id"]}):
            option_id = NodeId(option["id"])
            if option_id != chosen and option_id not in rejected:
                self.insert(EdgeType.REJECTED, decision, option_id, None, actor)
            became = Status.CHOSEN if option_id == chosen else Status.REJECTED
            change_status(self._db, self._events, option_id, became, actor=actor)
        change_status(self._db, self._events, decision["id"], Status.DECIDED, actor=actor)

    def _remove(self, edge: Edge, source: Row, actor: Actor) -> None:
        self._db.execute(self._sql["delete"], {"id": edge.id})
        self._tell(EventKind.EDGE_REMOVED, source, edge.edge_type, edge.to_id, edge.label, actor)

    def _edges(self, source: Row, edge_type: EdgeType) -> list[Row]:
        return self._db.execute(self._sql["from_node"], {"id": source["id"], "edge_type": str(edge_type)})

    def _get(self, wanted: EdgeId) -> Row:
        row = self._db.one(self._sql["get"], {"id": wanted})
        if row is None:
            raise NotFoundError(f"no edge {wanted}: `ostinato node show` lists the edges of a node")
        return row

    def _tell(
        self,
        kind: EventKind,
        source: Row,
        edge_type: EdgeType,
        to_id: NodeId,
        label: str | None,
        actor: Actor,
    ) -> None:
        payload = {"type": str(edge_type), "from": source["id"], "to": to_id, "label": label}
        project_id = ProjectId(source["project_id"])
        self._events.add(kind, project_id=project_id, node_id=NodeId(source["id"]), actor=actor, payload=payload)
