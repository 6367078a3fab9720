"""The last step of every importer: what was read becomes a whole that the graph's rules take, and says what it cost.

Here a source meets our rules: places in the tree, ends of edges, circles, statuses of parents. A doubtful *relation* is
left out, named in a warning and kept in metadata; a node is never left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.cycles import show_path
from ostinato.graph.edge_rules import require_ends
from ostinato.graph.edges import EdgeType
from ostinato.graph.importing.problems import Problems, quoted
from ostinato.graph.importing.settle import settled
from ostinato.graph.importing.untangle import circles
from ostinato.graph.importing.values import Format, Imported, ImportedEdge, ImportedNode
from ostinato.graph.types import NodeType, Status, TaskDetails
from ostinato.graph.waiting_order import Outline

DEEPEST = 50
"""Levels of a tree that is taken: ids grow with each."""


@dataclass(slots=True)
class Draft:
    """What a format's reader found, before it meets the rules."""

    format: Format
    name: str
    title: str
    description: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    created_at: str | None = None
    nodes: list[ImportedNode] = field(default_factory=list)
    edges: list[ImportedEdge] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    root_key: str | None = None


def finish(draft: Draft, problems: Problems) -> Imported:
    """Return the import. Raises MalformedError for the problems, for two nodes with one key, and for endless depth."""
    nodes = _by_key(draft.nodes, problems)
    problems.refuse_any()
    _place(nodes, draft)
    order = _downwards(nodes)
    _require_depth(nodes, order, problems)
    problems.refuse_any()
    edges = _joined(nodes, draft)
    _settle(nodes, order, draft)
    return Imported(
        draft.format,
        draft.name,
        draft.title,
        description=draft.description,
        metadata=draft.metadata,
        created_at=draft.created_at,
        nodes=tuple(nodes.values()),
        edges=tuple(edges),
        skipped={kind: count for kind, count in sorted(draft.skipped.items()) if count},
        warnings=tuple(draft.warnings),
        root_key=draft.root_key,
    )


def _by_key(nodes: Iterable[ImportedNode], problems: Problems) -> dict[str, ImportedNode]:
    found: dict[str, ImportedNode] = {}
    for node in nodes:
        if node.key in found:
            problems.add("", f"two entries have the id {quoted(node.key)}")
        found[node.key] = node
    return found


def _place(nodes: dict[str, ImportedNode], draft: Draft) -> None:
    """Give every node a parent that may have it, and every goal a place where a goal may stand."""
    for key in _circular(nodes):
        draft.warnings.append(f"{key} would lie in itself: it stands at the top")
        nodes[key] = _freed(nodes[key], draft.format)
    for key in _downwards(nodes):
        node = nodes[key]
        above = None if node.parent_key is None else nodes.get(node.parent_key)
        if above is None and node.parent_key is not None:
            draft.warnings.append(f"{key} lies in {quoted(node.parent_key)}, which is not there: it stands at the top")
            nodes[key] = node = _freed(node, draft.format)
        if node.node_type is NodeType.GOAL and above is not None and above.node_type is not NodeType.GOAL:
            status = Status.PENDING if node.status is Status.ACTIVE else node.status
            nodes[key] = replace(node, node_type=NodeType.TASK, status=status, details=TaskDetails())
        elif node.node_type is NodeType.OPTION and (above is None or above.node_type is not NodeType.DECISION):
            draft.warnings.append(f"{key} is an option of no decision: it is kept as an observation")
            metadata = {**node.metadata, f"{draft.format}.node_type": "option", f"{draft.format}.status": node.status}
            nodes[key] = replace(
                node, node_type=NodeType.OBSERVATION, status=Status.ACTIVE, details=None, metadata=metadata
            )


def _freed(node: ImportedNode, source: Format) -> ImportedNode:
    metadata = {**node.metadata, f"{source}.parent": node.parent_key or ""}
    return replace(node, parent_key=None, metadata=metadata)


def _circular(nodes: Mapping[str, ImportedNode]) -> list[str]:
    """Return one node of each circle of parents: the one that the source names last."""
    known: dict[str, int] = {}
    order: dict[str, int] = {}
    found = []
    for number, start in enumerate(nodes):
        way = []
        here: str | None = start
        while here is not None and here in nodes and here not in known:
            known[here] = number
            way.append(here)
            here = nodes[here].parent_key
        if here is not None and known.get(here) == number and here in way:
            order = order or {key: place for place, key in enumerate(nodes)}
            found.append(max(way[way.index(here) :], key=order.__getitem__))
    return found


def _downwards(nodes: Mapping[str, ImportedNode]) -> list[str]:
    """Return the keys, parents before children; parents are a forest by now."""
    inside: dict[str | None, list[str]] = {}
    for key, node in nodes.items():
        inside.setdefault(node.parent_key if node.parent_key in nodes else None, []).append(key)
    found = list(inside.get(None, ()))
    for key in found:
        found.extend(inside.get(key, ()))
    return found


def _require_depth(nodes: Mapping[str, ImportedNode], order: Iterable[str], problems: Problems) -> None:
    depth: dict[str | None, int] = {None: 0}
    for key in order:
        depth[key] = depth[nodes[key].parent_key] + 1
        if depth[key] == DEEPEST + 1:
            problems.add("", f"{quoted(key)} lies deeper than {DEEPEST} levels")


def _joined(nodes: dict[str, ImportedNode], draft: Draft) -> list[ImportedEdge]:
    """Return the edges that may be, each once; the others are named and kept."""
    found: dict[tuple[EdgeType, str, str], ImportedEdge] = {}
    left_out: list[ImportedEdge] = []
    for edge in draft.edges:
        problem = _problem(edge, nodes)
        if problem:
            draft.warnings.append(problem)
            left_out.append(edge)
        else:
            found.setdefault((edge.edge_type, edge.from_key, edge.to_key), edge)
    waits = [edge for edge in found.values() if edge.edge_type is EdgeType.DEPENDS_ON]
    places = {key: Outline(node.node_type, _id(node.parent_key)) for key, node in nodes.items()}
    for circle in circles(places, [(edge.from_key, edge.to_key) for edge in waits]):
        edge = waits[circle.dependency]
        del found[edge.edge_type, edge.from_key, edge.to_key]
        way = show_path(NodeId(key) for key in circle.way)
        draft.warnings.append(f"{edge.from_key} depends_on {edge.to_key} is left out, it goes in a circle: {way}")
        left_out.append(edge)
    left_out += _second_choices(found, draft)
    _keep(left_out, nodes, draft.format)
    return list(found.values())


def _id(key: str | None) -> NodeId | None:
    return None if key is None else NodeId(key)


def _second_choices(found: dict[tuple[EdgeType, str, str], ImportedEdge], draft: Draft) -> list[ImportedEdge]:
    """Take away and return a decision's choices after its first, and the rejections of what it chose."""
    chosen: dict[str, str] = {}
    for edge in found.values():
        if edge.edge_type is EdgeType.CHOSEN:
            chosen.setdefault(edge.from_key, edge.to_key)
    against = []
    for edge in found.values():
        first = chosen.get(edge.from_key, edge.to_key)
        second = edge.edge_type is EdgeType.CHOSEN and first != edge.to_key
        denied = edge.edge_type is EdgeType.REJECTED and edge.from_key in chosen and first == edge.to_key
        if second or denied:
            draft.warnings.append(f"{edge.from_key} {edge.edge_type} {edge.to_key} is left out: it has chosen {first}")
            against.append(edge)
    for edge in against:
        del found[edge.edge_type, edge.from_key, edge.to_key]
    return against


def _problem(edge: ImportedEdge, nodes: Mapping[str, ImportedNode]) -> str | None:
    source, target = nodes.get(edge.from_key), nodes.get(edge.to_key)
    if source is None or target is None:
        problem = f"{quoted(edge.to_key if source else edge.from_key)} is not there"
    else:
        try:
            require_ends(edge.edge_type, NodeId(source.key), source.node_type, NodeId(target.key), target.node_type)
            return None
        except RuleError as error:
            problem = error.message
    return f"{edge.from_key} {edge.edge_type} {edge.to_key} is left out: {problem}"


def _keep(edges: Iterable[ImportedEdge], nodes: dict[str, ImportedNode], source: Format) -> None:
    kept: dict[str, list[str]] = {}
    for edge in edges:
        if edge.kept:
            kept.setdefault(edge.from_key if edge.from_key in nodes else edge.to_key, []).append(edge.kept)
    for key, texts in kept.items():
        if key in nodes:
            metadata = {**nodes[key].metadata, f"{source}.edges": f"[{','.join(texts)}]"}
            nodes[key] = replace(nodes[key], metadata=metadata)


def _settle(nodes: dict[str, ImportedNode], order: Iterable[str], draft: Draft) -> None:
    before = dict(nodes)
    for key, status in settled({key: nodes[key] for key in order}).items():
        nodes[key] = replace(nodes[key], status=status, completed_at=None)
        was = before[key].status
        if was is Status.COMPLETED:
            draft.warnings.append(f"{key} is closed there, but has open work in it: it is {status} here")
            metadata = {**nodes[key].metadata, f"{draft.format}.status": "closed"}
            nodes[key] = replace(nodes[key], metadata=metadata)
