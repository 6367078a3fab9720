"""A part of the work graph as a TOML file that git can merge: what the file says, and its bytes. Pure.

The same state gives the same bytes: no time and no hash of the export, nodes in natural order, empty fields left out,
one table per node and per edge. An edge stands below the node that it was made for, so that two people who work in two
places of a goal change two places of its file; and each table ends with a line that never changes, so that a change in
one table is never a neighbour of what is put in behind it. `graph.toml_reader` reads it.

    [meta]                        version, goal_id (left out: the nodes outside every goal), project
    [nodes."os-5b1c2d3e.2"]       title, node_type, status, decided_by, blocked_reason, started_at, completed_at,
                                  assigned_to, created_at, priority, labels, created_by, parent_id (where the id does
                                  not say it), description, details.<field>, metadata.<key>, uid
    [edges."e-0123456789ab"]      edge_type, from_id, to_id, label, created_at
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ostinato.base.ids import NodeId, edge_id, natural_key
from ostinato.graph import toml_words as toml
from ostinato.graph.edges import EdgeType
from ostinato.graph.records import EdgeRecord, NodeRecord
from ostinato.graph.types import Check, Details

VERSION = 1
FIELDS = (
    "title",
    "node_type",
    "status",
    "decided_by",
    "blocked_reason",
    "started_at",
    "completed_at",
    "assigned_to",
    "created_at",
    "priority",
    "labels",
    "created_by",
    "parent_id",
    "description",
)
"""The fields of a node in the order of the file; details, metadata and uid follow."""

_AT_TARGET = frozenset({EdgeType.CONTAINS, EdgeType.LEADS_TO})
_HEAD = "# A part of Ostinato's work graph: `ostinato graph import` reads it, `ostinato graph export` writes it.\n"


@dataclass(frozen=True, slots=True)
class GraphFile:
    """What one file says. `goal_id` None: the nodes outside every goal. `project` is a name, for people."""

    goal_id: NodeId | None
    project: str
    nodes: tuple[NodeRecord, ...]
    edges: tuple[EdgeRecord, ...]


def home_of(edge: EdgeRecord) -> NodeId:
    """Return the node below which an edge stands: the one that it was made for. So each edge has one place."""
    return edge.to_id if edge.edge_type in _AT_TARGET else edge.from_id


def told_parent(node_id: str) -> NodeId | None:
    """Return the parent that an id tells of, None for an id that tells of none."""
    above = node_id.rpartition(".")[0]
    return NodeId(above) if above else None


def to_toml(file: GraphFile) -> str:
    """Return the text of a file. Raises ValueError for an edge whose node is not in it."""
    homes: dict[NodeId, list[EdgeRecord]] = defaultdict(list)
    for edge in file.edges:
        homes[home_of(edge)].append(edge)
    parts = [_HEAD, *_meta(file)]
    for node in sorted(file.nodes, key=lambda node: natural_key(node.id)):
        parts += _node(node)
        for edge in sorted(homes.pop(node.id, ()), key=_edge_order):
            parts += _edge(edge)
    if homes:
        raise ValueError(f"the file lacks the nodes of some edges: {', '.join(sorted(homes))}")
    return "".join(parts)


def _meta(file: GraphFile) -> Iterator[str]:
    yield f"\n[meta]\nversion = {VERSION}\n"
    if file.goal_id is not None:
        yield f"goal_id = {toml.text(file.goal_id)}\n"
    yield f"project = {toml.text(file.project)}\n"


def _node(node: NodeRecord) -> Iterator[str]:
    yield f'\n[nodes."{node.id}"]\n'
    for name in FIELDS:
        value = getattr(node, name)
        if name == "parent_id" and value == told_parent(node.id):
            continue
        if value:
            yield f"{name} = {toml.text(value) if isinstance(value, str) else toml.texts(value)}\n"
    for name, said in details_said(node.details).items():
        yield f"details.{name} = {said}\n"
    for key in sorted(node.metadata):
        yield f"metadata.{toml.key(key)} = {toml.text(node.metadata[key])}\n"
    yield f"uid = {toml.text(node.uid or '')}\n"


def _edge(edge: EdgeRecord) -> Iterator[str]:
    yield f'\n[edges."{edge_id(*edge.key)}"]\n'
    yield f"edge_type = {toml.text(edge.edge_type)}\n"
    yield f"from_id = {toml.text(edge.from_id)}\n"
    yield f"to_id = {toml.text(edge.to_id)}\n"
    if edge.label is not None:
        yield f"label = {toml.text(edge.label)}\n"
    yield f"created_at = {toml.text(edge.created_at)}\n"


def details_said(details: Details) -> Mapping[str, str]:
    """Return the fields of details that are not at their default, as TOML, in the order of their class."""
    if details is None:
        return {}
    plain = type(details)()
    names = [name for name in details.__slots__ if getattr(details, name) != getattr(plain, name)]
    return {name: _said(getattr(details, name)) for name in names}


def _said(value: bool | int | str | Iterable[str] | Iterable[Check]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return toml.text(value)
    return toml.block(_check(item) if isinstance(item, Check) else toml.text(item) for item in value)


def _check(check: Check) -> str:
    said = [f"command = {toml.text(check.command)}"]
    if check.timeout is not None:
        said.append(f"timeout = {toml.number(check.timeout)}")
    if check.working_dir is not None:
        said.append(f"working_dir = {toml.text(check.working_dir)}")
    if check.guard:
        said.append("guard = true")
    return f"{{ {', '.join(said)} }}"


def _edge_order(edge: EdgeRecord) -> tuple[str, object, object]:
    return edge.edge_type, natural_key(edge.from_id), natural_key(edge.to_id)
