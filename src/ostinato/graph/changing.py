"""What a node becomes when its own fields are changed. Pure; `store.changing` keeps it."""

from __future__ import annotations

from dataclasses import replace

from ostinato.graph.details import DecisionDetails
from ostinato.graph.requests import NodeChanges, Unset, details_for
from ostinato.graph.texts import require_labels, require_metadata, require_text, require_title
from ostinato.graph.types import Node, TaskDetails

FIELDS = ("title", "description", "priority", "labels", "details", "metadata")
"""The fields that can be changed by hand. A status is none of them."""


def require_changes(changes: NodeChanges) -> None:
    """Raise RuleError unless the new texts can be kept."""
    if not isinstance(changes.title, Unset):
        require_title(changes.title)
    if not isinstance(changes.description, Unset):
        require_text("the description", changes.description)
    if not isinstance(changes.labels, Unset):
        require_labels(changes.labels)
    require_metadata(changes.metadata)


def changed(node: Node, changes: NodeChanges) -> Node:
    """Return the node with the changes. Raises RuleError for details that its type cannot have."""
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


def changed_fields(before: Node, after: Node) -> list[str]:
    """Return the names of the fields that differ, in the order of `FIELDS`."""
    return [name for name in FIELDS if getattr(before, name) != getattr(after, name)]
