"""Changes of a node's own fields: what is really new is written, with one event that names it. A status is no field."""

from __future__ import annotations

from ostinato.base.ids import NodeId
from ostinato.graph.actors import Actor
from ostinato.graph.changing import changed, changed_fields, require_changes
from ostinato.graph.events import EventKind
from ostinato.graph.requests import NodeChanges
from ostinato.graph.types import Node
from ostinato.store.database import Database, queries
from ostinato.store.events import EventStore
from ostinato.store.reading import require_node
from ostinato.store.rows import encode_details, encode_json


def change_fields(db: Database, events: EventStore, node_id: NodeId, changes: NodeChanges, actor: Actor) -> Node:
    """Change fields in one transaction and return the node; the event names those that really changed, and there is
    none without. Raises NotFoundError, and RuleError for what cannot be kept."""
    require_changes(changes)
    with db.transaction():
        before = require_node(db, node_id)
        after = changed(before, changes)
        names = changed_fields(before, after)
        if not names:
            return before
        db.execute(
            queries("nodes")["update"],
            {
                "id": node_id,
                "title": after.title,
                "description": after.description,
                "priority": after.priority and str(after.priority),
                "labels": encode_json(list(after.labels)),
                "details": encode_details(after.details),
                "metadata": encode_json(after.metadata),
            },
        )
        events.add(
            EventKind.NODE_UPDATED,
            project_id=before.project_id,
            node_id=node_id,
            actor=actor,
            payload={"fields": names},
        )
        return require_node(db, node_id)
