"""Changes of a node's own fields: what is really new is written, with one event that names it. A status is no field."""

from __future__ import annotations

from dataclasses import replace

from ostinato.base.ids import NodeId
from ostinato.graph.actors import Actor
from ostinato.graph.details import DecisionDetails
from ostinato.graph.events import EventKind
from ostinato.graph.requests import NodeChanges, Unset, details_for
from ostinato.graph.texts import require_labels, require_metadata, require_text, require_title
from ostinato.graph.types import Node, TaskDetails
from ostinato.store.database import Database, queries
from ostinato.store.events import EventStore
from ostinato.store.reading import require_node
from ostinato.store.rows import encode_details, encode_json

_COLUMNS = ("title", "description", "priority", "labels", "details", "metadata")


def change_fields(db: Database, events: EventStore, node_id: NodeId, changes: NodeChanges, actor: Actor) -> Node:
    """Change fields in one transaction and return the node; the event names those that really changed, and there is
    none without. Raises NotFoundError, and RuleError for what cannot be kept."""
    _require_valid(changes)
    with db.transaction():
        before = require_node(db, node_id)
        after = _changed(before, changes)
        names = [name for name in _COLUMNS if getattr(before, name) != getattr(after, name)]
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


def _require_valid(changes: NodeChanges) -> None:
    if not isinstance(changes.title, Unset):
        require_title(changes.title)
    if not isinstance(changes.description, Unset):
        require_text("the description", changes.description)
    if not isinstance(changes.labels, Unset):
        require_labels(changes.labels)
    require_metadata(changes.metadata)


def _changed(node: Node, changes: NodeChanges) -> Node:
    metadata = {**node.metadata, **changes.metadata}
    after = replace(node, metadata={name: value for name, value in metadata.items() if value is not None})
    if not isinstance(changes.title, Unset):
        after = replace(after, title=changes.title)
    if not isinstance(changes.description, Unset):
        after = replace(after, description=changes.description)
    if not isinstance(changes.priority, Unset):
        after = replace(after, priority=changes.priority)
    if not isinstance(changes.labels, Unset):
        after = replace(after, labels=tuple(changes.labels))
    if not isinstance(changes.details, Unset):
        details = details_for(node.node_type, changes.details)
        if isinstance(details, TaskDetails):
            details = replace(details, attempts=node.task.attempts)
        if isinstance(details, DecisionDetails) and isinstance(node.details, DecisionDetails):
            details = replace(details, number=node.details.number)
        after = replace(after, details=details)
    return after
