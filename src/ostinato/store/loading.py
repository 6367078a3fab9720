"""Loads many nodes and edges at once, as they are: for files of the graph and for other programs' tasks.

All is checked before anything is written, in time that grows with the number of nodes and edges; then rows go in by
the thousand. Single nodes by hand are the business of `store.creation`, whose events it writes too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import NodeId, ProjectId, edge_id, random_hex
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.batch_rules import require_choices, require_edges, require_nodes
from ostinato.graph.details import DecisionDetails
from ostinato.graph.edges import EdgeType
from ostinato.graph.records import EdgeRecord, NodeRecord
from ostinato.graph.requests import details_for
from ostinato.graph.status import FINISHED, HELD, stored
from ostinato.graph.types import NodeType, Status, TaskDetails
from ostinato.graph.waiting_order import Outline, require_no_waiting_circle, require_tree
from ostinato.store.database import Database, Row, queries
from ostinato.store.events import EventStore
from ostinato.store.reading import no_node
from ostinato.store.rows import encode_details, encode_json
from ostinato.store.settling import unsettle_all
from ostinato.store.transitions import task_joined

_MANY = 2_000
"""From so many nodes and edges on, readiness is worked out for the whole graph at the end, not row by row."""


def load(
    db: Database,
    events: EventStore,
    project_id: ProjectId,
    nodes: Iterable[NodeRecord],
    edges: Iterable[EdgeRecord],
    actor: Actor = PERSON,
    *,
    untangled: bool = False,
) -> None:
    """Insert nodes and edges with their events, all or nothing; inside an outer transaction it joins that.

    Ids, times and statuses are kept as given, but for these: `ready` is stored as pending; a pending goal with a task
    below it becomes active; a claimed or in_progress task is held by hand by its `assigned_to` (else by the actor). A
    node with a `parent_id` gets its contains edge where the batch has none; an option's leads_to edge is the caller's.
    Parents and ends of edges may be of the batch or in the project already: what joins existing nodes has the
    consequences that it has by hand. With `untangled` the caller says that it has seen to it that among these nodes
    nothing waits for itself; it is looked at again only where they join others.

    Raises NotFoundError for an unknown project, RuleError (naming id and rule) for whatever the graph refuses: ids
    that exist, unknown ends, wrong statuses, types and texts, second choices, cycles. Nothing is left then.
    """
    batch = [_settled(node, actor) for node in nodes]
    given = list(edges)
    with db.transaction():
        if db.one(queries("projects")["get"], {"wanted": project_id}) is None:
            raise NotFoundError(f"no project {project_id}: `ostinato project list` shows them")
        known = _outlines(db, project_id, batch, given)
        outlines = {**known, **{node.id: Outline(node.node_type, node.parent_id) for node in batch}}
        require_nodes(batch, outlines)
        require_edges(given, outlines)
        _require_new(db, batch, given)
        joined = [*given, *_missing_contains(batch, given)]
        _require_whole(db, project_id, outlines, joined, bool(known), untangled)
        batch = _parents_first(_with_active_goals(batch))
        if len(batch) + len(joined) > _MANY:
            unsettle_all(db)
            db.execute(queries("loading")["widen_cache"])
        last = db.tuples(queries("loading")["last_keys"])[0]
        _write(db, project_id, batch, joined)
        events.add_made(last, project_id=project_id, actor=actor)
        follow(db, events, batch, {node.id: node.parent_id for node in batch}, actor)


def require_sound(db: Database, project_id: ProjectId) -> None:
    """Raise RuleError, naming the way round, if what is kept of a project has a cycle. For after parents changed."""
    outlines = _all_outlines(db, project_id)
    _require_whole(db, project_id, outlines, (), True)


def first_free_number(db: Database, parent_id: NodeId, *, default: int | None = None) -> int:
    """Return the number that the next child of a node would get; `default`, else NotFoundError, where there is none."""
    row = db.one(queries("loading")["child_seq"], {"id": parent_id})
    if row is None:
        if default is not None:
            return default
        raise no_node(parent_id)
    return int(row["child_seq"]) + 1


def _settled(node: NodeRecord, actor: Actor) -> NodeRecord:
    """Return the record as it is kept: stored status, a uid, somebody who holds what is held."""
    if node.uid and node.status is not Status.READY and node.status not in HELD:
        return node
    return replace(
        node,
        status=stored(node.status),
        uid=node.uid or random_hex(32),
        assigned_to=node.assigned_to or (actor.by if node.status in HELD else None),
    )


def _require_new(db: Database, nodes: Sequence[NodeRecord], edges: Sequence[EdgeRecord]) -> None:
    sql = queries("loading")
    for row in db.execute(sql["present"], {"ids": encode_json([node.id for node in nodes])}):
        raise RuleError(f"{row['id']} exists already in the project {row['project']}")
    for row in db.execute(sql["present_uids"], {"uids": encode_json([node.uid for node in nodes])}):
        raise RuleError(f"{row['id']} exists already: it has the uid {row['uid']}")
    fresh = {node.id for node in nodes}
    old = {edge_id(*edge.key): edge for edge in edges if edge.from_id not in fresh and edge.to_id not in fresh}
    for row in db.execute(sql["present_edges"], {"ids": encode_json(list(old))}):
        raise RuleError(f"the edge {old[row['id']]} exists already")


def _outlines(
    db: Database, project_id: ProjectId, nodes: Sequence[NodeRecord], edges: Sequence[EdgeRecord]
) -> dict[NodeId, Outline]:
    """Return what is kept of the project, or nothing when the batch refers only to itself."""
    fresh = {node.id for node in nodes}
    named = {node.parent_id for node in nodes if node.parent_id is not None}
    for edge in edges:
        named |= {edge.from_id, edge.to_id}
    if named <= fresh:
        return {}
    return _all_outlines(db, project_id)


def _all_outlines(db: Database, project_id: ProjectId) -> dict[NodeId, Outline]:
    rows = db.tuples(queries("loading")["outlines"], {"project_id": project_id})
    return {node_id: Outline(NodeType(node_type), parent_id) for node_id, node_type, parent_id in rows}


def _missing_contains(nodes: Sequence[NodeRecord], edges: Sequence[EdgeRecord]) -> list[EdgeRecord]:
    present = {(edge.from_id, edge.to_id) for edge in edges if edge.edge_type is EdgeType.CONTAINS}
    return [
        EdgeRecord(EdgeType.CONTAINS, node.parent_id, node.id, None, node.created_at)
        for node in nodes
        if node.parent_id is not None and (node.parent_id, node.id) not in present
    ]


def _require_whole(
    db: Database,
    project_id: ProjectId,
    outlines: Mapping[NodeId, Outline],
    edges: Sequence[EdgeRecord],
    joins: bool,
    untangled: bool = False,
) -> None:
    """Raise RuleError for what only the whole graph shows: cycles and second choices."""
    kept: dict[str, list[tuple[NodeId, NodeId]]] = {str(edge_type): [] for edge_type in EdgeType}
    if joins:
        for edge_type, from_id, to_id in db.tuples(queries("loading")["ruled_edges"], {"project_id": project_id}):
            kept[edge_type].append((from_id, to_id))
    for edge in edges:
        kept[edge.edge_type].append((edge.from_id, edge.to_id))
    require_tree(outlines, kept[EdgeType.CONTAINS])
    if joins or not untangled:
        require_no_waiting_circle(outlines, kept[EdgeType.DEPENDS_ON])
    choices = (EdgeType.CHOSEN, EdgeType.REJECTED)
    require_choices(EdgeRecord(kind, *pair, None, "") for kind in choices for pair in kept[kind])


def _with_active_goals(nodes: list[NodeRecord]) -> list[NodeRecord]:
    """Make the pending goals active below which the batch has a task: their first task does that by hand too."""
    parents = {node.id: node.parent_id for node in nodes}
    pending = {node.id for node in nodes if node.node_type is NodeType.GOAL and node.status is Status.PENDING}
    above: set[NodeId] = set()
    for node in nodes if pending else ():
        here = node.parent_id if node.node_type is NodeType.TASK else None
        while here is not None and here not in above:
            above.add(here)
            here = parents.get(here)
    woken = pending & above
    return [replace(node, status=Status.ACTIVE) if node.id in woken else node for node in nodes]


def _parents_first(nodes: Sequence[NodeRecord]) -> list[NodeRecord]:
    """Return the nodes so that each stands behind its parent; otherwise in the given order."""
    depth: dict[NodeId, int] = {}
    parents = {node.id: node.parent_id for node in nodes}
    for node in nodes:
        chain = []
        here: NodeId | None = node.id
        while here is not None and here in parents and here not in depth:
            chain.append(here)
            here = parents[here]
        base = depth.get(here, -1) if here is not None else -1
        for step, inner in enumerate(reversed(chain), start=1):
            depth[inner] = base + step
    return sorted(nodes, key=lambda node: depth[node.id])


def _write(db: Database, project_id: ProjectId, nodes: Sequence[NodeRecord], edges: Sequence[EdgeRecord]) -> None:
    counted = _numbers_below(nodes)
    db.insert("nodes", ({**node_row(project_id, node), "child_seq": counted.get(node.id, 0)} for node in nodes))
    db.insert("edges", (edge_row(edge) for edge in edges))
    held = [node for node in nodes if node.node_type is NodeType.TASK and node.status in HELD]
    now = db.now()
    db.insert("claims", ({"task_id": node.id, "agent": node.assigned_to, "claimed_at": now} for node in held))


def _numbers_below(nodes: Iterable[NodeRecord]) -> dict[NodeId, int]:
    """Return the greatest number in the ids of each node's children, as the database counts them: to spare it that."""
    greatest: dict[NodeId, int] = {}
    for node in nodes:
        above, dot, number = node.id.rpartition(".")
        if dot and int(number) > greatest.get(NodeId(above), 0):
            greatest[NodeId(above)] = int(number)
    return greatest


def edge_row(edge: EdgeRecord) -> Row:
    """Return the columns of an edge, by name."""
    return {
        "id": edge_id(*edge.key),
        "edge_type": str(edge.edge_type),
        "from_id": edge.from_id,
        "to_id": edge.to_id,
        "label": edge.label,
        "created_at": edge.created_at,
    }


def node_row(project_id: ProjectId, node: NodeRecord) -> Row:
    """Return the columns of a record, by name."""
    details = node.details or details_for(node.node_type, None)
    return {
        "id": node.id,
        "uid": node.uid,
        "project_id": project_id,
        "node_type": str(node.node_type),
        "title": node.title,
        "description": node.description,
        "status": str(node.status),
        "priority": node.priority and str(node.priority),
        "assigned_to": node.assigned_to,
        "created_by": node.created_by,
        "labels": encode_json(list(node.labels)),
        "created_at": node.created_at,
        "started_at": node.started_at,
        "completed_at": node.completed_at,
        "blocked_reason": node.blocked_reason,
        "details": encode_details(details),
        "metadata": encode_json(node.metadata),
        "attempts": details.attempts if isinstance(details, TaskDetails) else 0,
        # A decision keeps its number where that is free here; the database gives it another otherwise.
        "number": details.number if isinstance(details, DecisionDetails) else None,
        "parent_id": node.parent_id,
        "decided_by": node.decided_by,
    }


def follow(
    db: Database,
    events: EventStore,
    nodes: Iterable[NodeRecord],
    parents: Mapping[NodeId, NodeId | None],
    actor: Actor,
) -> None:
    """Let the nodes above these tasks follow: open work opens them, finished work may have been the last.

    Those in `parents` were written as they are to be, and stay so.
    """
    open_below: dict[NodeId, bool] = {}
    top: dict[NodeId, NodeId | None] = {}
    for node in nodes:
        if node.node_type is NodeType.TASK:
            existing = _existing_above(node.id, parents, top)
            if existing is not None:
                open_below[existing] = open_below.get(existing, False) or node.status not in FINISHED
    for parent_id, is_open in open_below.items():
        task_joined(db, events, Status.PENDING if is_open else Status.COMPLETED, parent_id, actor)


def _existing_above(
    node_id: NodeId, parents: Mapping[NodeId, NodeId | None], top: dict[NodeId, NodeId | None]
) -> NodeId | None:
    """Return the nearest ancestor that is not of the batch; `top` remembers the answers."""
    chain: list[NodeId] = []
    here: NodeId | None = node_id
    while here is not None and here in parents and here not in top:
        chain.append(here)
        here = parents[here]
    found = top.get(here, here) if here is not None else None
    for inner in chain:
        top[inner] = found
    return found
