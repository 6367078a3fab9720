"""Brings what an importer read into the graph: gives ids, leaves out what came before, loads the rest in one go.

Each node made keeps in its metadata what it came from (`source`), so that the same entry is known the next time. What
is there already is never changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ostinato.base.errors import RuleError, UsageError
from ostinato.base.ids import NodeId, ProjectId, many_random_hex, random_hex
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.edges import EdgeType
from ostinato.graph.importing.settle import root_status
from ostinato.graph.importing.values import Format, Imported, ImportedEdge, ImportedNode
from ostinato.graph.records import EdgeRecord, NodeRecord
from ostinato.graph.status import FINISHED
from ostinato.graph.types import NodeType, Status
from ostinato.store.database import Database, queries
from ostinato.store.events import EventStore
from ostinato.store.loading import first_free_number, load
from ostinato.store.new_ids import NewId
from ostinato.store.reading import slim_row

SOURCE = "source"
"""The name in metadata of what a node came from: `beads:bd-12`, `prd:checkout#US-001`."""
_WHOLE = ""
_ABOUT = "\0about"
"""Keys of the goal that is made for a source, and of the observation that says of it what a goal of ours has no room
for. No entry has such keys."""
_TO_EXISTING = frozenset({EdgeType.DEPENDS_ON, EdgeType.LEADS_TO, EdgeType.INFORMS})
_UNIQUE = frozenset({Format.BEADS, Format.GOAL_FILE})
"""Formats whose ids are told apart everywhere; those of others only within their document."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What an import did: ids by source of the nodes made, and of those that were there; `done_there` are the ids of
    tasks that are open here and finished in the source, `types` counts what was made."""

    goal_id: NodeId
    made: Mapping[str, NodeId]
    existing: Mapping[str, NodeId]
    done_there: tuple[NodeId, ...]
    types: Mapping[NodeType, int]
    new_goal: bool


@dataclass(slots=True)
class _Work:
    """One import on its way: what exists by key, uids not yet given, ids by key, the next number below each parent."""

    imported: Imported
    now: str
    known: dict[str, tuple[NodeId, NodeType, Status]]
    uids: Iterator[str]
    ids: dict[str, NodeId] = field(default_factory=dict)
    fresh: set[NodeId] = field(default_factory=set)
    numbers: dict[NodeId, int] = field(default_factory=dict)
    records: list[NodeRecord] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)


class ImportStore:
    """The write side of importing; `new_id` gives the random part of a new goal's id."""

    def __init__(self, db: Database, events: EventStore, new_id: NewId = random_hex) -> None:
        self._db = db
        self._events = events
        self._new_id = new_id

    def bring(
        self, project_id: ProjectId, imported: Imported, goal_id: NodeId | None = None, actor: Actor = PERSON
    ) -> Brought:
        """Make the nodes that are not there yet, under `goal_id`, else under the goal of an earlier import of the same
        source, else under a new one. All or nothing.

        Raises NotFoundError, UsageError for a goal that cannot take it, RuleError for what the graph refuses.
        """
        with self._db.transaction():
            # Each entry may become a node, and so may the whole: its goal, or what is said about it.
            uids = iter(many_random_hex(len(imported.nodes) + 1, 32))
            work = _Work(imported, self._db.now(), self._known(project_id, imported), uids)
            root, is_new = self._root(project_id, work, goal_id)
            self._number(work, root)
            edges = _edges(work)
            load(self._db, self._events, project_id, work.records, edges, actor, untangled=True)
        return _brought(work, root, is_new)

    def _known(self, project_id: ProjectId, imported: Imported) -> dict[str, tuple[NodeId, NodeType, Status]]:
        """Return what came from this source before, by key."""
        rows = self._db.tuples(queries("importing")["sources"], {"project_id": project_id})
        found = {source: (NodeId(node_id), NodeType(kind), Status(status)) for node_id, kind, status, source in rows}
        keys = [_WHOLE, _ABOUT, *(node.key for node in imported.nodes)]
        return {key: found[source] for key in keys if (source := source_of(imported, key)) in found}

    def _root(self, project_id: ProjectId, work: _Work, goal_id: NodeId | None) -> tuple[NodeId, bool]:
        """Return the goal that the import goes under, and whether it is made by it."""
        imported = work.imported
        if goal_id is not None:
            self._require_goal(project_id, goal_id)
            if imported.root_key is None and (imported.description or imported.metadata):
                self._tell_about(work, goal_id)
            return goal_id, False
        own = imported.root_key or _WHOLE
        if own in work.known and work.known[own][1] is NodeType.GOAL:
            return work.known[own][0], False
        root = self._free_root()
        work.ids[own] = root
        work.fresh.add(root)
        if own is _WHOLE:
            work.records.append(_root_record(work, root))
        return root, True

    def _require_goal(self, project_id: ProjectId, goal_id: NodeId) -> None:
        row = slim_row(self._db, goal_id)
        if row["node_type"] != NodeType.GOAL:
            raise UsageError(f"{goal_id} is a {row['node_type']}, not a goal")
        if row["project_id"] != project_id:
            raise UsageError(f"{goal_id} belongs to another project: go there, or name it by --project")
        if row["status"] == Status.CANCELLED:
            raise RuleError(f"{goal_id} is cancelled and takes no tasks: name another goal, or none")

    def _free_root(self) -> NodeId:
        while True:
            candidate = NodeId(f"os-{self._new_id()}")
            if self._db.one(queries("nodes")["slim"], {"id": candidate}) is None:
                return candidate

    def _tell_about(self, work: _Work, goal_id: NodeId) -> None:
        """What a source says of its whole becomes an observation where a goal is there already."""
        imported = work.imported
        about = ImportedNode(
            _ABOUT,
            NodeType.OBSERVATION,
            imported.title,
            Status.ACTIVE,
            description=imported.description,
            created_at=imported.created_at,
            metadata=imported.metadata,
        )
        self._number_one(work, about, goal_id)

    def _number(self, work: _Work, root: NodeId) -> None:
        """Give each new node its id, parents first and siblings in their order."""
        inside: dict[str | None, list[ImportedNode]] = defaultdict(list)
        for node in work.imported.nodes:
            inside[node.parent_key].append(node)
        waiting = list(inside[None])
        for node in waiting:
            waiting.extend(inside[node.key])
            self._number_one(work, node, root)

    def _number_one(self, work: _Work, node: ImportedNode, root: NodeId) -> None:
        if node.key in work.known:
            work.ids[node.key] = work.known[node.key][0]
            return
        above = node.parent_key
        if above in work.left_out or (above in work.known and node.node_type in {NodeType.OUTCOME, NodeType.OPTION}):
            # What came of an entry that is here already is told here.
            work.left_out.add(node.key)
            return
        if node.key in work.ids:
            # It is the root itself, which has its id and lies in nothing.
            work.records.append(_record(work, node, root, None))
            return
        parent = root if above is None else work.ids[above]
        node_id = NodeId(f"{parent}.{self._next_number(work, parent)}")
        work.ids[node.key] = node_id
        work.fresh.add(node_id)
        work.records.append(_record(work, node, node_id, parent))

    def _next_number(self, work: _Work, parent: NodeId) -> int:
        number = work.numbers.get(parent) or (1 if parent in work.fresh else self._first_free(parent))
        work.numbers[parent] = number + 1
        return number

    def _first_free(self, parent: NodeId) -> int:
        """Return the number after all that the parent counted, and after those that it did not."""
        taken = self._db.tuples(queries("importing")["ids_below"], {"parent_id": parent})
        numbers = [int(rest) for (one,) in taken if (rest := one[len(parent) + 1 :]).isdecimal()]
        return max([first_free_number(self._db, parent), *(number + 1 for number in numbers)])


def source_of(imported: Imported, key: str) -> str:
    """Return what a node says of where it came from."""
    if key in {_WHOLE, _ABOUT}:
        return f"{imported.format}:{imported.name}/{key[1:]}"
    return f"{imported.format}:{key}" if imported.format in _UNIQUE else f"{imported.format}:{imported.name}#{key}"


def _brought(work: _Work, root: NodeId, is_new: bool) -> Brought:
    done = (
        work.known[node.key][0]
        for node in work.imported.nodes
        if node.node_type is NodeType.TASK and node.status in FINISHED
        if node.key in work.known and work.known[node.key][2] not in FINISHED
    )
    return Brought(
        root,
        made={record.metadata[SOURCE]: record.id for record in work.records},
        existing={source_of(work.imported, key): found[0] for key, found in work.known.items()},
        done_there=tuple(done),
        types=Counter(record.node_type for record in work.records),
        new_goal=is_new,
    )


def _root_record(work: _Work, root: NodeId) -> NodeRecord:
    imported = work.imported
    status = root_status({node.key: node for node in imported.nodes})
    times = [node.completed_at for node in imported.nodes if node.completed_at]
    return NodeRecord(
        root,
        NodeType.GOAL,
        imported.title,
        status,
        imported.created_at or work.now,
        description=imported.description,
        created_by=PERSON.by,
        completed_at=max(times, default=work.now) if status is Status.COMPLETED else None,
        metadata={**imported.metadata, SOURCE: source_of(imported, _WHOLE)},
        uid=next(work.uids),
    )


def _record(work: _Work, node: ImportedNode, node_id: NodeId, parent: NodeId | None) -> NodeRecord:
    return NodeRecord(
        node_id,
        node.node_type,
        node.title,
        node.status,
        node.created_at or work.now,
        description=node.description,
        priority=node.priority,
        created_by=node.created_by or PERSON.by,
        labels=node.labels,
        started_at=node.started_at,
        completed_at=node.completed_at,
        blocked_reason=node.blocked_reason,
        details=node.details,
        metadata={**node.metadata, SOURCE: source_of(work.imported, node.key)},
        parent_id=parent,
        uid=next(work.uids),
    )


def _edges(work: _Work) -> list[EdgeRecord]:
    """Return the edges with a new end; what joins two that were there is left as it is."""
    return [
        EdgeRecord(
            edge.edge_type, work.ids[edge.from_key], work.ids[edge.to_key], edge.label, edge.created_at or work.now
        )
        for edge in work.imported.edges
        if _is_new(work, edge)
    ]


def _is_new(work: _Work, edge: ImportedEdge) -> bool:
    if edge.from_key not in work.ids or edge.to_key not in work.ids:
        return False
    if edge.from_key in work.known:
        return edge.to_key not in work.known and edge.edge_type in _TO_EXISTING
    return True
