"""Makes existing nodes and edges say what a file says, where the file wins. `graph.comparing` finds what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ostinato.base.errors import UsageError
from ostinato.base.ids import NodeId, ProjectId, edge_id
from ostinato.graph.actors import Actor
from ostinato.graph.batch_rules import require_nodes
from ostinato.graph.comparing import Comparison, Difference, Side, overwritten
from ostinato.graph.events import EventKind
from ostinato.graph.records import EdgeRecord, NodeRecord
from ostinato.graph.status import HELD
from ostinato.graph.types import NodeType
from ostinato.graph.waiting_order import Outline
from ostinato.store.database import Database, queries
from ostinato.store.deciding import note_who_decides
from ostinato.store.events import EventStore
from ostinato.store.filing import decode_record
from ostinato.store.loading import follow, node_row, require_sound
from ostinato.store.rows import encode_json
from ostinato.store.settling import unsettle_all


class Overwriter:
    """Writes the file's side over the database's, with events. Call it inside a transaction."""

    def __init__(self, db: Database, events: EventStore, project_id: ProjectId, actor: Actor) -> None:
        self._db = db
        self._events = events
        self._project_id = project_id
        self._actor = actor
        self._sql = queries("interchange")

    def overwrite(self, comparison: Comparison, kept: Side, file: Side, gone: Iterable[EdgeRecord]) -> None:
        """Give nodes and edges the differing fields of the file, and remove the edges that are gone.

        A claim of the loop ends when the file gives its task another status: its next write is refused. Raises
        UsageError for another type of node, RuleError for what cannot be kept.
        """
        ids = encode_json(list(comparison.differing_nodes))
        rows = self._db.execute(self._sql["several"], {"ids": ids})
        raw = {record.id: record for record in map(decode_record, rows)}
        new = {
            node_id: self._changed(raw[node_id], kept.nodes[node_id], file.nodes[node_id], differences)
            for node_id, differences in comparison.differing_nodes.items()
        }
        both = {**kept.nodes, **file.nodes}.values()
        require_nodes(new.values(), {node.id: Outline(node.node_type, node.parent_id) for node in both})
        if any(one.field == "created_at" for one in comparison.differences):
            # The order Next goes by it, and nothing else ever changes it.
            unsettle_all(self._db)
        for node_id, differences in comparison.differing_nodes.items():
            self._write(raw[node_id], new[node_id], [one.field for one in differences])
        for edge in (file.edges[key] for key in comparison.differing_edges):
            row = {"id": edge_id(*edge.key), "label": edge.label, "created_at": edge.created_at}
            self._db.execute(self._sql["set_edge"], row)
            self._tell_edge(EventKind.EDGE_ADDED, edge)
        for edge in gone:
            self._db.execute(queries("edges")["delete"], {"id": edge_id(*edge.key)})
            self._tell_edge(EventKind.EDGE_REMOVED, edge)

    def follow(self, comparison: Comparison, file: Side) -> None:
        """Let what lies above the files' nodes follow their new statuses, and refuse parents that make a circle."""
        changed = [
            file.nodes[node_id]
            for node_id, differences in comparison.differing_nodes.items()
            if any(one.field == "status" for one in differences)
        ]
        parents = {node.id: node.parent_id for node in file.nodes.values()}
        follow(self._db, self._events, changed, parents, self._actor)
        if any(one.field == "parent_id" for one in comparison.differences):
            require_sound(self._db, self._project_id)

    def _changed(
        self, raw: NodeRecord, kept: NodeRecord, file: NodeRecord, differences: Sequence[Difference]
    ) -> NodeRecord:
        fields = [one.field for one in differences]
        if "node_type" in fields:
            raise UsageError(f"{raw.id} is a {raw.node_type} in the database and a {file.node_type} in the file")
        # With another status the facts of a claim that only this machine knows are over.
        return overwritten(kept if "status" in fields else raw, file, fields)

    def _write(self, raw: NodeRecord, new: NodeRecord, fields: Sequence[str]) -> None:
        self._db.execute(self._sql["set_record"], node_row(self._project_id, new))
        names = [name for name in fields if name != "status"]
        if names:
            self._tell(EventKind.NODE_UPDATED, new.id, {"fields": names})
        if raw.status is new.status:
            return
        if new.node_type is NodeType.DECISION:
            note_who_decides(self._db, new.id, new.status, self._actor)
        if new.node_type is NodeType.TASK:
            self._db.execute(queries("nodes")["drop_claim"], {"id": new.id})
            if new.status in HELD:
                agent = new.assigned_to or self._actor.by
                claim = {"task_id": new.id, "agent": agent, "at": self._db.now()}
                self._db.execute(queries("tasks")["insert_claim_by_hand"], claim)
        payload = {"from": str(raw.status), "to": str(new.status), "reason": "a file of the graph says so"}
        self._tell(EventKind.NODE_STATUS, new.id, payload)

    def _tell_edge(self, kind: EventKind, edge: EdgeRecord) -> None:
        payload = {"type": str(edge.edge_type), "from": edge.from_id, "to": edge.to_id, "label": edge.label}
        self._tell(kind, edge.from_id, payload)

    def _tell(self, kind: EventKind, node_id: NodeId, payload: Mapping[str, object]) -> None:
        self._events.add(kind, project_id=self._project_id, node_id=node_id, actor=self._actor, payload=payload)
