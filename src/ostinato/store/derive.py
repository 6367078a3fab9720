"""Derived statuses: loads the facts that a question needs and lets `graph.rules` answer. It stores and writes nothing.

Statuses of tasks that are not pending need no derivation, so reads that meet none load nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.rules import Derived, Facts, Situation, derive, open_dependents
from ostinato.graph.types import Complexity, NodeType, Priority, Status
from ostinato.store.database import Database, Row, queries
from ostinato.store.rows import encode_json

_FEW = 50
"""Up to this many tasks are derived from what they wait for, more of one project from the whole project."""

_TYPES = {str(node_type): node_type for node_type in NodeType}
_STATUSES = {str(status): status for status in Status}
_PRIORITIES: dict[str | None, Priority | None] = {None: None, **{str(priority): priority for priority in Priority}}
_COMPLEXITIES: dict[str | None, Complexity | None] = {None: None, **{str(size): size for size in Complexity}}


def derived(db: Database, project_id: ProjectId) -> Mapping[NodeId, Derived]:
    """Return the spoken status and the reason of each stored pending task of the project, by its id."""
    with db.reading():
        return derive(project_situation(db, project_id))


def derived_rows(db: Database, rows: Iterable[Row]) -> Mapping[NodeId, Derived]:
    """Return the same for those of these `nodes` rows (id, project_id, node_type, status) that are pending tasks.

    Call it inside the `reading` or transaction that read the rows.
    """
    by_project: dict[ProjectId, list[NodeId]] = defaultdict(list)
    for row in rows:
        if row["node_type"] == NodeType.TASK and row["status"] == Status.PENDING:
            by_project[row["project_id"]].append(row["id"])
    found: dict[NodeId, Derived] = {}
    for project_id, ids in by_project.items():
        few = len(ids) <= _FEW
        answers = derive(upstream_situation(db, ids) if few else project_situation(db, project_id))
        # The situation of a few holds their ancestors too, without all that those wait for.
        found |= {node_id: answers[node_id] for node_id in ids}
    return found


def project_situation(db: Database, project_id: ProjectId) -> Situation:
    """Return all of a project that matters to the statuses of its pending tasks."""
    nodes = _facts(db.tuples(queries("nodes")["facts_of_project"], {"project_id": project_id}))
    edges = db.tuples(queries("edges")["depends_on_of_project"], {"project_id": project_id})
    return Situation(nodes, _by_dependent(edges))


def upstream_situation(db: Database, ids: Collection[NodeId]) -> Situation:
    """Return the part of the graph that the statuses of these tasks follow from."""
    nodes = _facts(db.tuples(queries("nodes")["facts_upstream"], {"ids": encode_json(list(ids))}))
    edges = db.tuples(queries("edges")["depends_on_of"], {"ids": encode_json(list(nodes))})
    return Situation(nodes, _by_dependent(edges))


def dependents(situation: Situation) -> Mapping[NodeId, int]:
    """Return how many open tasks depend directly on each node of a whole project's situation."""
    edges = ((dependent, target) for dependent, targets in situation.depends_on.items() for target in targets)
    return open_dependents(situation.nodes, edges)


def _facts(rows: Iterable[tuple[Any, ...]]) -> dict[NodeId, Facts]:
    return {
        node_id: Facts(
            node_id, _TYPES[kind], _STATUSES[status], parent, _PRIORITIES[priority], _COMPLEXITIES[size], created_at
        )
        for node_id, kind, status, parent, priority, size, created_at in rows
    }


def _by_dependent(edges: Iterable[tuple[Any, ...]]) -> dict[NodeId, tuple[NodeId, ...]]:
    found: dict[NodeId, list[NodeId]] = defaultdict(list)
    for dependent, target in edges:
        found[dependent].append(target)
    return {dependent: tuple(targets) for dependent, targets in found.items()}
