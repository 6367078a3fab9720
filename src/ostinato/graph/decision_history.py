"""How decisions came to be: told from the stream of events, and from the graph itself where events are gone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ostinato.base.ids import NodeId
from ostinato.graph.details import RevisitDetails
from ostinato.graph.edges import Edge, EdgeType
from ostinato.graph.events import Event, EventKind
from ostinato.graph.types import Node, Status

_TOLD_CHANGES = ("title", "description", "details")


@dataclass(frozen=True, slots=True)
class Moment:
    """One step in the life of a decision. `what` is one of logged, chosen, rejected, decided, accepted, opened,
    revisited, superseded, changed; `other` is the option, the revisit or the decision that it is about, `by` None where
    nobody knows any more."""

    at: datetime
    decision: NodeId
    what: str
    by: str | None = None
    other: NodeId | None = None
    reason: str = ""
    seq: int = 0


def history(
    decisions: Sequence[Node], events: Iterable[Event], edges: Iterable[Edge], revisits: Iterable[tuple[NodeId, Node]]
) -> list[Moment]:
    """Return the steps of these decisions in time.

    `events` are those of the decisions, `edges` those at either end of one, `revisits` (decision, revisit) the pivots
    that led to one.
    """
    ids = {decision.id for decision in decisions}
    told = [moment for moment in _told(sorted(events, key=lambda event: event.seq)) if moment.decision in ids]
    known = {(moment.what, moment.decision, moment.other) for moment in told}
    seen = [
        moment for moment in _seen(decisions, edges, ids) if (moment.what, moment.decision, moment.other) not in known
    ]
    pivots = [
        Moment(node.created_at, decision, "revisited", node.created_by, node.id, _why(node))
        for decision, node in revisits
    ]
    return sorted([*told, *seen, *pivots], key=lambda moment: (moment.at, moment.seq, moment.decision, moment.what))


def _told(events: Sequence[Event]) -> Iterator[Moment]:
    chosen: set[NodeId] = set()
    for event in events:
        if event.node_id is None:
            continue
        if event.kind is EventKind.NODE_CREATED:
            yield _moment(event, "logged")
        elif event.kind is EventKind.EDGE_ADDED:
            yield from _joined(event)
            if event.payload.get("type") == EdgeType.CHOSEN:
                chosen.add(event.node_id)
        elif event.kind is EventKind.NODE_STATUS:
            # The choice says it already.
            if not (event.payload.get("to") == Status.DECIDED and event.node_id in chosen):
                yield from _became(event)
            chosen.discard(event.node_id)
        elif event.kind is EventKind.NODE_UPDATED:
            yield from _changed(event)


def _joined(event: Event) -> Iterator[Moment]:
    kind, other, label = (
        event.payload.get("type"),
        NodeId(event.payload.get("to", "")),
        event.payload.get("label") or "",
    )
    if kind == EdgeType.CHOSEN:
        yield _moment(event, "chosen", other, label)
    elif kind == EdgeType.REJECTED and label:
        yield _moment(event, "rejected", other, label)
    elif kind == EdgeType.SUPERSEDES and event.node_id is not None:
        yield Moment(event.at, other, "superseded", event.payload.get("by"), event.node_id, "", event.seq)


def _became(event: Event) -> Iterator[Moment]:
    before, after = event.payload.get("from"), event.payload.get("to")
    if after == Status.DECIDED:
        yield _moment(event, "decided")
    elif before == Status.DECIDED and after in {Status.ACTIVE, Status.PENDING}:
        yield _moment(event, "opened", reason=event.payload.get("reason") or "")


def _changed(event: Event) -> Iterator[Moment]:
    if event.payload.get("decision") == "accepted":
        yield _moment(event, "accepted")
    fields = [name for name in event.payload.get("fields", ()) if name in _TOLD_CHANGES]
    if fields:
        yield _moment(event, "changed", reason=", ".join("forbids" if n == "details" else n for n in fields))


def _seen(decisions: Iterable[Node], edges: Iterable[Edge], ids: set[NodeId]) -> Iterator[Moment]:
    """Yield what the graph itself says: it outlives the events."""
    for decision in decisions:
        yield Moment(decision.created_at, decision.id, "logged", decision.created_by)
    for edge in edges:
        if edge.edge_type is EdgeType.CHOSEN and edge.from_id in ids:
            yield Moment(edge.created_at, edge.from_id, "chosen", None, edge.to_id, edge.label or "")
        elif edge.edge_type is EdgeType.SUPERSEDES and edge.to_id in ids:
            yield Moment(edge.created_at, edge.to_id, "superseded", None, edge.from_id)


def _moment(event: Event, what: str, other: NodeId | None = None, reason: str = "") -> Moment:
    return Moment(event.at, event.node_id or NodeId(""), what, event.payload.get("by"), other, reason, event.seq)


def _why(revisit: Node) -> str:
    return revisit.details.pivot_reason if isinstance(revisit.details, RevisitDetails) else revisit.description
