"""The stream of events: one row per change, written in the change's own transaction, read by every face.

Nothing here decides what is worth an event, and no row is ever changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from ostinato.base.clock import parse_time
from ostinato.base.ids import IterationId, NodeId, ProjectId, SessionId
from ostinato.graph.actors import PERSON, Actor
from ostinato.store.database import Database, Row, queries
from ostinato.store.rows import encode_json

if TYPE_CHECKING:
    from ostinato.graph.events import Event, EventKind

PAYLOAD_VERSION = 1

Told: TypeAlias = "tuple[EventKind, NodeId | None, Mapping[str, Any]]"
"""What an event tells: its kind, its node, its payload."""


class EventStore:
    """Appends and reads events."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sql = queries("events")

    def add(
        self,
        kind: EventKind,
        *,
        project_id: ProjectId | None,
        node_id: NodeId | None = None,
        actor: Actor = PERSON,
        payload: Mapping[str, Any] | None = None,
    ) -> None:
        """Append one event at the present time; `v` and `by` join the payload. Call it inside the transaction that
        makes the change."""
        self._db.execute(self._sql["add"], _row(self._db.now(), (kind, node_id, payload or {}), project_id, actor))

    def add_made(self, after: tuple[int, int], *, project_id: ProjectId, actor: Actor = PERSON) -> None:
        """Append the events of the nodes and edges that were made after the given keys of both, in their order, all of
        one moment; otherwise like `add`."""
        from ostinato.graph.events import EventKind

        parameters = {
            "at": self._db.now(),
            "project_id": project_id,
            "session_id": actor.session_id,
            "iteration_id": actor.iteration_id,
            "version": PAYLOAD_VERSION,
            "by": actor.by,
        }
        node, edge = after
        nodes = {**parameters, "kind": EventKind.NODE_CREATED.value, "after": node}
        edges = {**parameters, "kind": EventKind.EDGE_ADDED.value, "after": edge}
        with self._db.transaction():
            self._db.execute(self._sql["nodes_made"], nodes)
            self._db.execute(self._sql["edges_made"], edges)

    def after(
        self, seq: int, *, project_id: ProjectId | None = None, goal_id: NodeId | None = None, limit: int = 1000
    ) -> list[Event]:
        """Return at most `limit` events with a greater seq, in order. `goal_id` keeps the events of the goal, of the
        nodes below it and of its sessions."""
        name = "after" if goal_id is None else "after_of_goal"
        parameters: dict[str, str | int | None] = {"seq": seq, "project_id": project_id, "limit": limit}
        if goal_id is not None:
            parameters["goal_id"] = goal_id
        return [decode_event(row) for row in self._db.execute(self._sql[name], parameters)]

    def of_node(self, node_id: NodeId, after: int = 0, limit: int = -1) -> list[Event]:
        """Return the events of one node, its edges to others among them, in order; at most `limit`, -1 for all."""
        parameters = {"node_id": node_id, "seq": after, "limit": limit}
        return [decode_event(row) for row in self._db.execute(self._sql["of_node"], parameters)]

    def before_latest(self, session_id: SessionId) -> int:
        """Return the seq before the session's newest iteration began, or before the session itself did."""
        row = self._db.one(self._sql["latest_start"], {"session_id": session_id})
        return int(row["seq"]) - 1 if row and row["seq"] else 0

    def last_seq(self) -> int:
        """Return the seq of the newest event, 0 when there is none."""
        row = self._db.one(self._sql["last_seq"])
        return int(row["seq"]) if row else 0


def _row(at: str, told: Told, project_id: ProjectId | None, actor: Actor) -> Row:
    kind, node_id, payload = told
    return {
        "at": at,
        "kind": str(kind),
        "project_id": project_id,
        "session_id": actor.session_id,
        "iteration_id": actor.iteration_id,
        "node_id": node_id,
        "payload": encode_json({"v": PAYLOAD_VERSION, "by": actor.by, **payload}),
    }


def decode_event(row: Row) -> Event:
    """Return the event of a whole row."""
    # Late: reads of the graph have this store at hand and no event.
    from ostinato.graph.events import Event, EventKind

    return Event(
        seq=row["seq"],
        at=parse_time(row["at"]),
        kind=EventKind(row["kind"]),
        project_id=ProjectId(row["project_id"]) if row["project_id"] else None,
        session_id=SessionId(row["session_id"]) if row["session_id"] else None,
        iteration_id=IterationId(row["iteration_id"]) if row["iteration_id"] else None,
        node_id=NodeId(row["node_id"]) if row["node_id"] else None,
        payload=json.loads(row["payload"]),
    )
