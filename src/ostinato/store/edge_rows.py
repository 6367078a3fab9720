"""Rows of `edges` to values. Apart from `store.rows`, so that reading tasks does not pay for edges."""

from __future__ import annotations

from ostinato.base.clock import parse_time
from ostinato.base.ids import EdgeId, NodeId
from ostinato.graph.edges import Edge, EdgeType
from ostinato.store.database import Row


def decode_edge(row: Row) -> Edge:
    """Return the edge of a whole `edges` row."""
    return Edge(
        id=EdgeId(row["id"]),
        edge_type=EdgeType(row["edge_type"]),
        from_id=NodeId(row["from_id"]),
        to_id=NodeId(row["to_id"]),
        label=row["label"],
        created_at=parse_time(row["created_at"]),
    )
