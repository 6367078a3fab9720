"""Nodes and edges as they are kept, for the ways in and out of a database in bulk: files of the graph, other programs'
tasks. Values only.

A `graph.types.Node` is what a reader sees, with derived statuses; a record is what is stored, to the byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ostinato.base.ids import NodeId
from ostinato.graph.edges import EdgeType
from ostinato.graph.types import Details, NodeType, Priority, Status


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """A node as it is kept. `status` is the stored one; times are texts as `base.clock.format_time` makes them.

    `uid` tells nodes apart that two databases gave the same id; None asks for a new one. `details` None asks for the
    defaults of the type. `decided_by` is who stands behind a decision: `person`, `agent`, or nobody yet.
    """

    id: NodeId
    node_type: NodeType
    title: str
    status: Status
    created_at: str
    uid: str | None = None
    description: str = ""
    priority: Priority | None = None
    assigned_to: str | None = None
    created_by: str | None = None
    labels: tuple[str, ...] = ()
    started_at: str | None = None
    completed_at: str | None = None
    blocked_reason: str | None = None
    details: Details = None
    metadata: dict[str, str] = field(default_factory=dict)
    parent_id: NodeId | None = None
    decided_by: str | None = None


class EdgeRecord(NamedTuple):
    """An edge as it is kept; its id follows from type and ends (`base.ids.edge_id`)."""

    edge_type: EdgeType
    from_id: NodeId
    to_id: NodeId
    label: str | None
    created_at: str

    @property
    def key(self) -> tuple[EdgeType, NodeId, NodeId]:
        """What makes it this edge and no other."""
        return self.edge_type, self.from_id, self.to_id

    def __str__(self) -> str:
        return f"{self.edge_type} {self.from_id} → {self.to_id}"
