"""Rows of `nodes` as readers see them: with derived statuses, in the order of creation. It writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ostinato.base.errors import NotFoundError
from ostinato.base.ids import NodeId, natural_key
from ostinato.graph.types import Node, Status
from ostinato.store.database import Database, Row, queries
from ostinato.store.derive import derived_rows
from ostinato.store.rows import decode_node

if TYPE_CHECKING:
    from ostinato.graph.requests import NodeFilter


def read_node(db: Database, node_id: NodeId) -> Node | None:
    """Return a node with its derived status, or None."""
    with db.reading():
        rows = db.execute(queries("nodes")["get"], {"id": node_id})
        return next(iter(decode_rows(db, rows)), None)


def require_node(db: Database, node_id: NodeId) -> Node:
    """The same; raises NotFoundError."""
    node = read_node(db, node_id)
    if node is None:
        raise NotFoundError(f"no node {node_id}: `ostinato search` finds nodes by their words")
    return node


def slim_row(db: Database, node_id: NodeId) -> Row:
    """Return id, project_id, node_type, title, status, parent_id, started_at and has_checks. Raises NotFoundError."""
    row = db.one(queries("nodes")["slim"], {"id": node_id})
    if row is None:
        raise NotFoundError(f"no node {node_id}: `ostinato search` finds nodes by their words")
    return row


def read_filtered(db: Database, wanted: NodeFilter) -> list[Node]:
    """Return the nodes that fulfil all conditions, by created_at and natural id."""
    name, parameters = _chosen_query(wanted)
    with db.reading():
        rows = in_order(db.execute(queries("nodes")[name], parameters))
        if wanted.text:
            part = wanted.text.casefold()
            rows = [row for row in rows if part in row["title"].casefold() or part in row["description"].casefold()]
        if wanted.limit is not None and wanted.status not in {Status.READY, Status.PENDING, Status.BLOCKED}:
            rows = rows[: max(0, wanted.limit)]
        found = decode_rows(db, rows, wanted.status)
    return found if wanted.limit is None else found[: max(0, wanted.limit)]


def _chosen_query(wanted: NodeFilter) -> tuple[str, dict[str, str | None]]:
    """Return the narrowest query for a filter, with exactly the parameters that it names."""
    first, second = stored_words(wanted.status)
    parameters: dict[str, str | None] = {
        "project_id": wanted.project_id,
        "node_type": wanted.node_type and str(wanted.node_type),
        "first": first,
        "second": second,
    }
    if wanted.goal_id is not None:
        return "query_of_goal", {**parameters, "goal_id": wanted.goal_id, "parent_id": wanted.parent_id}
    if wanted.parent_id is not None:
        return "query_of_parent", {**parameters, "parent_id": wanted.parent_id}
    return ("query" if wanted.project_id is None else "query_of_project"), parameters


def decode_rows(db: Database, rows: Sequence[Row], status: Status | None = None) -> list[Node]:
    """Return the nodes of whole rows in their order, those of another spoken status left out if one is given.

    Call it inside the `reading` or transaction that read the rows.
    """
    spoken = derived_rows(db, rows)
    if status is not None:
        rows = [row for row in rows if (spoken[row["id"]][0] if row["id"] in spoken else row["status"]) == status]
    return [decode_node(row, spoken.get(row["id"])) for row in rows]


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Return rows by created_at, then natural id."""
    return sorted(rows, key=lambda row: (row["created_at"], natural_key(row["id"])))


def stored_words(status: Status | None) -> tuple[str | None, str | None]:
    """Return the stored statuses that may be spoken of as `status`: both None for no condition."""
    if status is None:
        return None, None
    if status is Status.READY:
        return str(Status.PENDING), None
    if status is Status.BLOCKED:
        return str(Status.BLOCKED), str(Status.PENDING)
    return str(status), None
