"""Reads parts of the graph as files hold them. It writes nothing; `store.interchange` brings files in."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ostinato.base.errors import UsageError
from ostinato.base.ids import NodeId, ProjectId, natural_key
from ostinato.graph.comparing import as_filed
from ostinato.graph.edges import EdgeType
from ostinato.graph.records import EdgeRecord, NodeRecord
from ostinato.graph.toml_format import GraphFile
from ostinato.graph.types import NodeType, Priority, Status
from ostinato.store.database import Database, Row, queries
from ostinato.store.reading import no_node
from ostinato.store.rows import decode_details, encode_json


def goal_ids(db: Database, project_id: ProjectId) -> list[NodeId]:
    """Return the goals of a project in natural order: each has a file."""
    found = [NodeId(row["id"]) for row in db.execute(queries("interchange")["goals"], {"project_id": project_id})]
    return sorted(found, key=natural_key)


def read_file(db: Database, project_id: ProjectId, goal_id: NodeId | None, *, whole: bool = False) -> GraphFile:
    """Return what a goal's file says: the goal and what lies in it, without the goals inside it unless `whole`.

    None: what lies in no goal. Raises NotFoundError, UsageError for a node that is no goal.
    """
    sql = queries("interchange")
    with db.reading():
        if goal_id is None:
            rows = db.execute(sql["outside"], {"project_id": project_id})
        else:
            rows = db.execute(sql["inside"], {"goal_id": goal_id, "whole": whole})
            _require_goal(rows, project_id, goal_id)
        name = _project_name(db, project_id, goal_id)
        return GraphFile(goal_id, name, tuple(filed_records(db, rows)), edges_at(db, [row["id"] for row in rows]))


def filed_records(db: Database, rows: list[Row]) -> list[NodeRecord]:
    """Return whole rows of nodes as a file says them: a claim of the loop is local and shows as pending."""
    ids = encode_json([row["id"] for row in rows])
    leased = {task_id for (task_id,) in db.tuples(queries("interchange")["leased"], {"ids": ids})}
    return [as_filed(decode_record(row), row["id"] in leased) for row in rows]


def edges_at(db: Database, ids: Iterable[NodeId]) -> tuple[EdgeRecord, ...]:
    """Return the edges that stand below these nodes (`graph.toml_format.home_of`)."""
    rows = db.execute(queries("interchange")["edges_at"], {"ids": encode_json(list(ids))})
    return tuple(
        EdgeRecord(
            EdgeType(row["edge_type"]), NodeId(row["from_id"]), NodeId(row["to_id"]), row["label"], row["created_at"]
        )
        for row in rows
    )


def decode_record(row: Row) -> NodeRecord:
    """Return the record of a whole row of `nodes`."""
    node_type = NodeType(row["node_type"])
    return NodeRecord(
        id=NodeId(row["id"]),
        node_type=node_type,
        title=row["title"],
        status=Status(row["status"]),
        created_at=row["created_at"],
        uid=row["uid"],
        description=row["description"],
        priority=Priority(row["priority"]) if row["priority"] else None,
        assigned_to=row["assigned_to"],
        created_by=row["created_by"],
        labels=tuple(json.loads(row["labels"])),
        started_at=row["started_at"],
        completed_at=row["completed_at"],
        blocked_reason=row["blocked_reason"],
        details=decode_details(node_type, row["details"], row["attempts"], row["number"]),
        metadata=json.loads(row["metadata"]),
        parent_id=NodeId(row["parent_id"]) if row["parent_id"] else None,
        decided_by=row["decided_by"],
    )


def _require_goal(rows: list[Row], project_id: ProjectId, goal_id: NodeId) -> None:
    root = next((row for row in rows if row["id"] == goal_id), None)
    if root is None:
        raise no_node(goal_id)
    if root["node_type"] != NodeType.GOAL:
        raise UsageError(f"{goal_id} is a {root['node_type']}, not a goal")
    if root["project_id"] != project_id:
        raise UsageError(f"{goal_id} belongs to another project: name that one by --project")


def _project_name(db: Database, project_id: ProjectId, goal_id: NodeId | None) -> str:
    """Return how the goal's file calls its project: as the file said that it came from, else as the project is."""
    sql = queries("interchange")["file_name"]
    row = db.one(sql, {"project_id": project_id, "goal_id": goal_id or ""})
    if row is None:
        row = db.one(queries("projects")["get"], {"wanted": project_id})
    return str(row["name"]) if row else ""
