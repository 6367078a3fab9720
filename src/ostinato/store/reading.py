"""Rows of `nodes` as readers see them: with derived statuses, in the order of creation. It writes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ostinato.base.errors import NotFoundError
from ostinato.base.ids import NodeId
from ostinato.graph.types import Node
from ostinato.store.database import Database, Row, queries
from ostinato.store.rows import decode_node

if TYPE_CHECKING:
    from ostinato.graph.requests import NodeFilter


def read_node(db: Database, node_id: NodeId) -> Node | None:
    """Return a node with its derived status, or None."""
    with db.reading():
        row = db.one(queries("nodes")["get"], {"id": node_id})
    return None if row is None else decode_node(row)


def require_node(db: Database, node_id: NodeId) -> Node:
    """The same; raises NotFoundError."""
    node = read_node(db, node_id)
    if node is None:
        raise no_node(node_id)
    return node


def slim_row(db: Database, node_id: NodeId) -> Row:
    """Return what rules ask of a node: type, title, stored status and its facts, parent. Raises NotFoundError."""
    row = db.one(queries("nodes")["slim"], {"id": node_id})
    if row is None:
        raise no_node(node_id)
    return row


def no_node(node_id: NodeId) -> NotFoundError:
    """Return the error for an id that names no node."""
    return NotFoundError(f"no node {node_id}: `ostinato search` finds nodes by their words")


def read_filtered(db: Database, wanted: NodeFilter) -> list[Node]:
    """Return the nodes that fulfil all conditions, by created_at and natural id."""
    name, parameters = _chosen_query(wanted)
    narrows = wanted.text or wanted.priority is not None or wanted.label is not None
    parameters["limit"] = -1 if wanted.limit is None or narrows else max(0, wanted.limit)
    with db.reading():
        rows = db.execute(queries("nodes")[name], parameters)
    if narrows:
        rows = _narrowed(rows, wanted)
    return decode_rows(rows if wanted.limit is None else rows[: max(0, wanted.limit)])


def _narrowed(rows: list[Row], wanted: NodeFilter) -> list[Row]:
    """Return the rows that fulfil the conditions which no query asks for."""
    if wanted.text:
        part = wanted.text.casefold()
        rows = [row for row in rows if part in row["title"].casefold() or part in row["description"].casefold()]
    if wanted.priority is not None:
        rows = [row for row in rows if row["priority"] == wanted.priority]
    if wanted.label is not None:
        rows = [row for row in rows if wanted.label in json.loads(row["labels"])]
    return rows


def _chosen_query(wanted: NodeFilter) -> tuple[str, dict[str, str | int | None]]:
    """Return the narrowest query for a filter, with exactly the parameters that it names but the limit."""
    parameters: dict[str, str | int | None] = {
        "project_id": wanted.project_id,
        "node_type": wanted.node_type and str(wanted.node_type),
        "status": wanted.status and str(wanted.status),
    }
    if wanted.goal_id is not None:
        return "query_of_goal", {**parameters, "goal_id": wanted.goal_id, "parent_id": wanted.parent_id}
    if wanted.parent_id is not None:
        return "query_of_parent", {**parameters, "parent_id": wanted.parent_id}
    return ("query" if wanted.project_id is None else "query_of_project"), parameters


def decode_rows(rows: Iterable[Row]) -> list[Node]:
    """Return the nodes of whole rows of the view `spoken`, in their order."""
    return [decode_node(row) for row in rows]
