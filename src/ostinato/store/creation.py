"""Makes nodes: id, parent, edges, first status and its consequences, in one transaction."""

from __future__ import annotations

from typing import Any

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.actors import Actor
from ostinato.graph.edge_rules import require_parent
from ostinato.graph.edges import EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.requests import NewNode, details_for, require_texts
from ostinato.graph.status import facts, initial_status
from ostinato.graph.types import NodeType, Status, TaskDetails
from ostinato.store.database import Database, Row, queries
from ostinato.store.events import EventStore
from ostinato.store.linking import Linker
from ostinato.store.new_ids import NewId, insert_with_new_id
from ostinato.store.reading import slim_row
from ostinato.store.rows import encode_details, encode_json
from ostinato.store.transitions import task_joined


class Maker:
    """Makes nodes; `new_id` gives the random part of a root's id."""

    def __init__(self, db: Database, events: EventStore, linker: Linker, new_id: NewId) -> None:
        self._db = db
        self._events = events
        self._linker = linker
        self._new_id = new_id
        self._sql = queries("nodes")

    def make(self, project_id: ProjectId, new: NewNode, actor: Actor) -> NodeId:
        """Make a node with its contains, leads_to and depends_on edges and return its id.

        Raises NotFoundError for an unknown project, parent or prerequisite, RuleError for what the graph refuses.
        """
        require_texts(new)
        status = initial_status(new.node_type, new.status)
        details = details_for(new.node_type, new.details)
        columns = {
            "project_id": project_id,
            "node_type": str(new.node_type),
            "title": new.title,
            "description": new.description,
            "status": str(status),
            "priority": new.priority and str(new.priority),
            "created_by": new.created_by or actor.by,
            "labels": encode_json(list(new.labels)),
            "details": encode_details(details),
            "metadata": encode_json(new.metadata),
            "attempts": details.attempts if isinstance(details, TaskDetails) else 0,
        }
        with self._db.transaction():
            parent = self._parent(project_id, new)
            node_id = self._insert(parent, {**columns, **self._times(status)})
            self._tell(project_id, node_id, new, status, actor)
            if parent is not None:
                self._linker.insert(EdgeType.CONTAINS, parent, node_id, None, actor)
                if new.node_type is NodeType.OPTION:
                    self._linker.insert(EdgeType.LEADS_TO, parent, node_id, None, actor)
            for prerequisite in new.depends_on:
                self._linker.link(node_id, EdgeType.DEPENDS_ON, prerequisite, None, actor)
            if new.node_type is NodeType.TASK and parent is not None:
                task_joined(self._db, self._events, status, parent["id"], actor)
            return node_id

    def _parent(self, project_id: ProjectId, new: NewNode) -> Row | None:
        if self._db.one(queries("projects")["get"], {"wanted": project_id}) is None:
            raise NotFoundError(f"no project {project_id}: `ostinato project list` shows them")
        if new.parent_id is None:
            require_parent(new.node_type, None)
            return None
        parent = slim_row(self._db, new.parent_id)
        if parent["project_id"] != project_id:
            raise RuleError(f"{new.parent_id} belongs to another project")
        require_parent(new.node_type, NodeType(parent["node_type"]))
        return parent

    def _times(self, status: Status) -> dict[str, str | None]:
        now = self._db.now()
        became = facts(status, now=now, started_at=None, reason=None, agent=None).columns
        return {"created_at": now, "started_at": None, "completed_at": became.get("completed_at")}

    def _insert(self, parent: Row | None, columns: dict[str, Any]) -> NodeId:
        if parent is None:
            return NodeId(insert_with_new_id(self._db, self._sql["insert_root"], "os-", columns, self._new_id))
        columns["parent_id"] = parent["id"]
        while True:
            made = self._db.one(self._sql["insert_child"], columns)
            if made is not None:
                return NodeId(made["id"])
            # The number is taken by a node that this parent did not count.
            self._db.execute(self._sql["skip_child_number"], {"parent_id": parent["id"]})

    def _tell(self, project_id: ProjectId, node_id: NodeId, new: NewNode, status: Status, actor: Actor) -> None:
        payload = {"type": str(new.node_type), "title": new.title, "parent": new.parent_id, "status": str(status)}
        self._events.add(EventKind.NODE_CREATED, project_id=project_id, node_id=node_id, actor=actor, payload=payload)
