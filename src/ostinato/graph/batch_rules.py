"""What a batch of nodes and edges must fulfil before it is kept: the rules for single ones, each with the id that broke
it. Pure; rules of the whole graph are those of `graph.waiting_order`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from ostinato.base.clock import parse_time
from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph import texts
from ostinato.graph.details import OptionDetails, OutcomeDetails, RevisitDetails
from ostinato.graph.edge_rules import require_ends, require_parent
from ostinato.graph.edges import EdgeType
from ostinato.graph.records import EdgeRecord, NodeRecord
from ostinato.graph.requests import details_for
from ostinato.graph.status import STATUSES
from ostinato.graph.types import Details, TaskDetails
from ostinato.graph.waiting_order import Outline

# Numbers are short enough that a parent can always count on.
_NODE_ID = re.compile(r"os-[0-9a-f]{4,64}(\.[1-9][0-9]{0,14})*", re.ASCII)
_UID = re.compile(r"[0-9a-f]{32}", re.ASCII)


def require_nodes(nodes: Iterable[NodeRecord], outlines: Mapping[NodeId, Outline]) -> None:
    """Raise RuleError, naming the id and the rule, unless each node may be kept by itself and under its parent.

    `outlines` tells of the batch's nodes and of all others that it refers to.
    """
    seen: set[str] = set()
    uids: set[str] = set()
    for node in nodes:
        require_id(node.id)
        if node.id in seen:
            raise RuleError(f"{node.id} is there twice: an id names one node")
        seen.add(node.id)
        try:
            _require_node(node, uids)
            _require_place(node, outlines)
        except RuleError as error:
            raise RuleError(f"{node.id}: {error.message}") from error


def require_id(node_id: str) -> None:
    """Raise RuleError unless this may name a node: `os-` and hex digits, then `.` and a number for each level."""
    if not _NODE_ID.fullmatch(node_id):
        raise RuleError(f"{node_id[:80]!r} is no id of a node: ids are os-, 8 hex digits, and .n for a child")


def require_edges(edges: Iterable[EdgeRecord], outlines: Mapping[NodeId, Outline]) -> None:
    """Raise RuleError, naming the edge and the rule, unless each edge may join its ends and is there once."""
    seen = set()
    for edge in edges:
        if edge.key in seen:
            raise RuleError(f"the edge {edge} is there twice")
        seen.add(edge.key)
        for end in (edge.from_id, edge.to_id):
            if end not in outlines:
                raise RuleError(f"the edge {edge} names {end[:80]!r}, which is not there")
        source, target = outlines[edge.from_id].node_type, outlines[edge.to_id].node_type
        require_ends(edge.edge_type, edge.from_id, source, edge.to_id, target)
        try:
            texts.require_text("a label", edge.label or "")
            _require_time("created_at", edge.created_at)
        except RuleError as error:
            raise RuleError(f"the edge {edge}: {error.message}") from error


def require_choices(edges: Iterable[EdgeRecord]) -> None:
    """Raise RuleError for a decision with two choices, and for an option that is chosen and rejected."""
    chosen: dict[NodeId, NodeId] = {}
    rejected: set[tuple[NodeId, NodeId]] = set()
    for edge in edges:
        if edge.edge_type is EdgeType.REJECTED:
            rejected.add((edge.from_id, edge.to_id))
        elif edge.edge_type is EdgeType.CHOSEN and chosen.setdefault(edge.from_id, edge.to_id) != edge.to_id:
            raise RuleError(f"{edge.from_id} has chosen {chosen[edge.from_id]} already and cannot choose {edge.to_id}")
    for decision, option in chosen.items():
        if (decision, option) in rejected:
            raise RuleError(f"{decision} both chooses and rejects {option}")


def _require_node(node: NodeRecord, uids: set[str]) -> None:
    if node.status not in STATUSES[node.node_type]:
        listed = ", ".join(STATUSES[node.node_type])
        raise RuleError(f"a {node.node_type} is never {node.status}: allowed are {listed}")
    if node.uid is not None:
        if not _UID.fullmatch(node.uid):
            raise RuleError(f"{node.uid[:80]!r} is no uid: it has 32 hex digits")
        if node.uid in uids:
            raise RuleError(f"the uid {node.uid} belongs to two nodes")
        uids.add(node.uid)
    if not node.title.strip() or not _is_fit(node):
        _require_texts(node)
    _require_times(node)


def _is_fit(node: NodeRecord) -> bool:
    """Tell whether its texts can be kept, in one look at all: nearly always so, and a tenth of looking at each."""
    said = [node.title, node.description, *node.labels, *node.metadata, *node.metadata.values()]
    said += (node.assigned_to or "", node.created_by or "", node.blocked_reason or "")
    said += _texts_of(details_for(node.node_type, node.details))
    try:
        return texts.are_fit(said) and all(map(str.strip, node.labels))
    except TypeError:
        return False


def _require_texts(node: NodeRecord) -> None:
    texts.require_title(node.title)
    texts.require_text("the description", node.description)
    texts.require_labels(node.labels)
    texts.require_metadata(node.metadata)
    for what in ("assigned_to", "created_by", "blocked_reason"):
        texts.require_text(what, getattr(node, what) or "")
    for text in _texts_of(details_for(node.node_type, node.details)):
        texts.require_text("a text of its details", text)


def _require_times(node: NodeRecord) -> None:
    _require_time("created_at", node.created_at)
    if node.started_at is not None:
        _require_time("started_at", node.started_at)
    if node.completed_at is not None:
        _require_time("completed_at", node.completed_at)


def _require_place(node: NodeRecord, outlines: Mapping[NodeId, Outline]) -> None:
    above, dot, _ = node.id.rpartition(".")
    if dot and node.parent_id != above:
        raise RuleError(f"its id says that it lies in {above}")
    if node.parent_id is None:
        require_parent(node.node_type, None)
        return
    if node.parent_id == node.id:
        raise RuleError("it cannot lie in itself")
    if node.parent_id not in outlines:
        raise RuleError(f"its parent {node.parent_id[:80]!r} is not there")
    require_parent(node.node_type, outlines[node.parent_id].node_type)


def _require_time(what: str, text: str) -> None:
    if not _is_time(text):
        raise RuleError(f"{what} must be an RFC 3339 time with its offset, not {text[:80]!r}")


@lru_cache(4096)  # an edge is mostly as old as its node
def _is_time(text: str) -> bool:
    try:
        parse_time(text)
    except (ValueError, OverflowError):
        return False
    return True


def _texts_of(details: Details) -> Sequence[str]:
    if isinstance(details, TaskDetails):
        # Criteria, scope and commands are checked with the details themselves.
        return [details.profile or "", *(check.working_dir or "" for check in details.checks)]
    if isinstance(details, OptionDetails):
        return [*details.pros, *details.cons]
    if isinstance(details, OutcomeDetails):
        return [details.iteration_id or "", details.commit or ""]
    return [details.pivot_reason] if isinstance(details, RevisitDetails) else []
