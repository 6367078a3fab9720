"""What differs between a file of the graph and a database, field by field, and what an import is to do about it. Pure.

Both sides are compared as a file says them (`as_filed`), so what is local to one machine is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from ostinato.base.ids import NodeId
from ostinato.graph.edges import EdgeType
from ostinato.graph.records import EdgeRecord, NodeRecord
from ostinato.graph.toml_format import FIELDS
from ostinato.graph.types import Check, Status

_JUDGED = frozenset({EdgeType.CHOSEN, EdgeType.REJECTED, EdgeType.SUPERSEDES})
"""Edges that say what their ends have become: they go with their ends' statuses."""

Key = tuple[EdgeType, NodeId, NodeId]


class Strategy(StrEnum):
    """Who wins where a file and the database differ."""

    MERGE = "merge"  # nobody: new things are added, differences are told
    THEIRS = "theirs"  # the file
    OURS = "ours"  # the database


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that both sides have and that differs. `what` is the id of a node, or an edge in words."""

    what: str
    field: str
    database: Any
    file: Any


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: nodes by id, edges by what makes them that edge."""

    nodes: Mapping[NodeId, NodeRecord]
    edges: Mapping[Key, EdgeRecord]

    @classmethod
    def of(cls, nodes: Iterable[NodeRecord], edges: Iterable[EdgeRecord]) -> Side:
        """Return the side with these nodes and edges."""
        return cls({node.id: node for node in nodes}, {edge.key: edge for edge in edges})


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is only in the file (new), only in the database (absent), and what differs."""

    new_nodes: tuple[NodeRecord, ...] = ()
    new_edges: tuple[EdgeRecord, ...] = ()
    absent_nodes: tuple[NodeRecord, ...] = ()
    absent_edges: tuple[EdgeRecord, ...] = ()
    differing_nodes: Mapping[NodeId, tuple[Difference, ...]] = field(default_factory=dict)
    differing_edges: Mapping[Key, tuple[Difference, ...]] = field(default_factory=dict)
    unchanged: int = 0

    @property
    def same(self) -> bool:
        """True when both sides say the same."""
        others = (self.new_nodes, self.new_edges, self.absent_nodes, self.absent_edges)
        return not (any(others) or self.differing_nodes or self.differing_edges)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The differing fields, nodes first."""
        both = (*self.differing_nodes.values(), *self.differing_edges.values())
        return tuple(one for some in both for one in some)


def as_filed(node: NodeRecord, leased: bool) -> NodeRecord:
    """Return a node as a file says it. A claim with a lease is the loop's, on one machine and for minutes: a file says
    pending, as the task is again when the lease ends. A claim by hand is a person's word, and stays."""
    return replace(node, status=Status.PENDING, assigned_to=None, started_at=None) if leased else node


def compare(kept: Side, file: Side) -> Comparison:
    """Return what differs; ids mean the same node on both sides (`graph.renaming` sees to that)."""
    differing: dict[NodeId, tuple[Difference, ...]] = {}
    for node_id, node in file.nodes.items():
        present = kept.nodes.get(node_id, node)
        if present != node and (found := _different(node_id, flat(present), flat(node))):
            differing[node_id] = found
    edges: dict[Key, tuple[Difference, ...]] = {}
    for key, edge in file.edges.items():
        if key in kept.edges:
            old = kept.edges[key]
            one, other = [{"label": each.label, "created_at": each.created_at} for each in (old, edge)]
            if found := _different(str(edge), one, other):
                edges[key] = found
    return Comparison(
        new_nodes=tuple(node for node_id, node in file.nodes.items() if node_id not in kept.nodes),
        new_edges=tuple(edge for key, edge in file.edges.items() if key not in kept.edges),
        absent_nodes=tuple(node for node_id, node in kept.nodes.items() if node_id not in file.nodes),
        absent_edges=tuple(edge for key, edge in kept.edges.items() if key not in file.edges),
        differing_nodes=differing,
        differing_edges=edges,
        unchanged=sum(node_id in kept.nodes and node_id not in differing for node_id in file.nodes),
    )


def held_back(comparison: Comparison) -> tuple[EdgeRecord, ...]:
    """Return the new edges that may not be added while the nodes at their ends stay as the database has them.

    A choice goes with the status of its decision and option, containment with the parent of the child.
    """
    status, parent = _differing_in(comparison, "status"), _differing_in(comparison, "parent_id")

    def waits(edge: EdgeRecord) -> bool:
        if edge.edge_type in _JUDGED:
            return edge.from_id in status or edge.to_id in status
        return edge.edge_type is EdgeType.CONTAINS and edge.to_id in parent

    return tuple(edge for edge in comparison.new_edges if waits(edge))


def flat(node: NodeRecord) -> dict[str, Any]:
    """Return the fields of a node that say something, as plain values; `details.x` and `metadata.x` are fields."""
    found = {name: value for name in FIELDS if (value := _plain(getattr(node, name)))}
    if node.details is not None:
        default = type(node.details)()
        for name in node.details.__slots__:
            # A decision's number is counted in each database, and is no difference.
            if name != "number" and (value := getattr(node.details, name)) != getattr(default, name):
                found[f"details.{name}"] = _plain(value)
    found.update((f"metadata.{name}", value) for name, value in node.metadata.items())
    return found


def overwritten(kept: NodeRecord, file: NodeRecord, fields: Sequence[str]) -> NodeRecord:
    """Return the kept node with these (flat) fields as the file has them, and all others as they are."""
    plain = {name: getattr(file, name) for name in fields if name in FIELDS}
    details = file.details if any(name.startswith("details.") for name in fields) else kept.details
    metadata = file.metadata if any(name.startswith("metadata.") for name in fields) else kept.metadata
    return replace(kept, details=details, metadata=metadata, **plain)


def _different(what: str, kept: Mapping[str, Any], file: Mapping[str, Any]) -> tuple[Difference, ...]:
    names = dict.fromkeys((*kept, *file))
    pairs = ((name, kept.get(name), file.get(name)) for name in names)
    return tuple(Difference(what, name, one, other) for name, one, other in pairs if one != other)


def _differing_in(comparison: Comparison, name: str) -> set[NodeId]:
    found = comparison.differing_nodes.items()
    return {node_id for node_id, some in found if any(one.field == name for one in some)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [asdict(item) if isinstance(item, Check) else item for item in value]
    return str(value) if isinstance(value, StrEnum) else value
