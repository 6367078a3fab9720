"""Edges of the work graph as values. `graph.edge_rules` says which may be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ostinato.base.ids import EdgeId, NodeId


class EdgeType(StrEnum):
    """The seven edge types; `from` and `to` as named in the comment."""

    CONTAINS = "contains"  # parent → child
    DEPENDS_ON = "depends_on"  # dependent → prerequisite
    LEADS_TO = "leads_to"  # decision → option, task → outcome, outcome → revisit, revisit → decision
    CHOSEN = "chosen"  # decision → option; the label is the reason
    REJECTED = "rejected"  # decision → option; the label is the reason
    SUPERSEDES = "supersedes"  # new → old
    INFORMS = "informs"  # observation → any


@dataclass(frozen=True, slots=True)
class Edge:
    """One directed, typed edge."""

    id: EdgeId
    edge_type: EdgeType
    from_id: NodeId
    to_id: NodeId
    label: str | None
    created_at: datetime
