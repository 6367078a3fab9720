"""The facts that `graph.rules` derives from: for saying why a task waits, and for working everything out anew.

Reads take what `store.settling` keeps; here nothing that was kept is looked at, so that the two can be compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.rules import Facts, Situation, derive, open_dependents
from ostinato.graph.types import Complexity, NodeType, Priority, Status
from ostinato.store.database import Database, queries
from ostinato.store.rows import encode_json

_TYPES = {str(node_type): node_type for node_type in NodeType}
_STATUSES = {str(status): status for status in Status}
_PRIORITIES: dict[str | None, Priority | None] = {None: None, **{str(priority): priority for priority in Priority}}
_COMPLEXITIES: dict[str | None, Complexity | None] = {None: None, **{str(size): size for size in Complexity}}


def situation_around(db: Database, task_id: NodeId) -> Situation:
    """Return what `graph.rules.why_not_ready` asks about a task: the task, its ancestors, what these wait for, its
    children."""
    nodes = _facts(db.tuples(queries("nodes")["facts_around"], {"id": task_id}))
    edges = db.tuples(queries("edges")["depends_on_of"], {"ids": encode_json(list(nodes))})
    return Situation(nodes, _by_dependent(edges))


def situation_upstream(db: Database, task_id: NodeId) -> Situation:
    """Return the whole part of the graph that the status of a task follows from, however far."""
    nodes = _facts(db.tuples(queries("why")["facts_upstream"], {"ids": encode_json([task_id])}))
    edges = db.tuples(queries("edges")["depends_on_of"], {"ids": encode_json(list(nodes))})
    return Situation(nodes, _by_dependent(edges))


def misjudged(db: Database, project_id: ProjectId) -> Iterator[str]:
    """Yield a line for each task of the project that is kept as another status, with another reason or with another
    number of dependents than the rules give: none in a sound database."""
    with db.reading():
        nodes = _facts(db.tuples(queries("nodes")["facts_of_project"], {"project_id": project_id}))
        edges = db.tuples(queries("edges")["depends_on_of_project"], {"project_id": project_id})
        kept = db.tuples(queries("standings")["kept"], {"project_id": project_id})
    derived = derive(Situation(nodes, _by_dependent(edges)))
    dependents = open_dependents(nodes, ((dependent, target) for dependent, target in edges))
    for node_id, status, reason, open_tasks in kept:
        right = derived.get(node_id, (Status.PENDING, None))
        if (status, reason) != right:
            yield f"{node_id} is kept as {_said(status, reason)}, but is {_said(*right)}"
        elif open_tasks != dependents.get(node_id, 0):
            yield f"{node_id} is kept with {open_tasks} open dependents, but has {dependents.get(node_id, 0)}"


def _said(status: str, reason: str | None) -> str:
    return f"{status} ({reason})" if reason else str(status)


def _facts(rows: Iterable[tuple[Any, ...]]) -> dict[NodeId, Facts]:
    return {
        node_id: Facts(
            node_id, _TYPES[kind], _STATUSES[status], parent, _PRIORITIES[priority], _COMPLEXITIES[size], created_at
        )
        for node_id, kind, status, parent, priority, size, created_at in rows
    }


def _by_dependent(edges: Iterable[tuple[Any, ...]]) -> Mapping[NodeId, tuple[NodeId, ...]]:
    found: dict[NodeId, list[NodeId]] = defaultdict(list)
    for dependent, target in edges:
        found[dependent].append(target)
    return {dependent: tuple(targets) for dependent, targets in found.items()}
