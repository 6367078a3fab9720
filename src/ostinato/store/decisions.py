"""Reads decisions: what holds, what is forbidden, how it came to be. What changes them is `store.reasoning`."""

from __future__ import annotations

from collections.abc import Iterable

from ostinato.base.errors import UsageError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.decision_history import Moment, history
from ostinato.graph.decisions import (
    DecisionRecord,
    OptionRecord,
    Relation,
    details_of,
    in_natural_order,
    in_time,
    standing_of,
)
from ostinato.graph.edges import Edge, EdgeType
from ostinato.graph.prohibitions import Prohibition
from ostinato.graph.types import Node, NodeType
from ostinato.store.database import Database, queries
from ostinato.store.deciding import accepted_by_person
from ostinato.store.edge_rows import decode_edge
from ostinato.store.events import decode_event
from ostinato.store.reading import decode_rows, require_node
from ostinato.store.rows import encode_json


class DecisionStore:
    """Each method is one consistent read."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sql = queries("decisions")

    def prohibitions(self, project_id: ProjectId) -> list[Prohibition]:
        """Return what the decisions of a project forbid now, by the decisions' numbers.

        A prohibition holds once its decision was decided, by whomever, until a person opens that decision again or
        stands behind one that supersedes it; a decision of a goal that was given up forbids nothing.
        """
        with self._db.reading():
            rows = self._db.execute(self._sql["forbidding"], {"project_id": project_id})
            found = [node for node in decode_rows(rows) if self._in_force(node.id)]
        found.sort(key=lambda node: (details_of(node).number or 0, node.id))
        return [
            Prohibition(node.id, node.title, details_of(node).forbids_paths, details_of(node).forbids_dependencies)
            for node in found
        ]

    def record(self, decision_id: NodeId) -> DecisionRecord:
        """Return a decision with all that belongs to it. Raises NotFoundError, UsageError for another node."""
        with self._db.reading():
            node = require_node(self._db, decision_id)
            if node.node_type is not NodeType.DECISION:
                raise UsageError(f"{decision_id} is a {node.node_type}, not a decision: `ostinato show` shows it")
            return self._record(node)

    def records(self, project_id: ProjectId, goal_id: NodeId | None = None) -> list[DecisionRecord]:
        """Return the decisions of a project, or of one goal, by number."""
        with self._db.reading():
            if goal_id is not None:
                rows = self._db.execute(self._sql["of_goal"], {"goal_id": goal_id})
            else:
                rows = self._db.execute(self._sql["of_project"], {"project_id": project_id})
            return [self._record(require_node(self._db, NodeId(row["id"]))) for row in rows]

    def history(self, project_id: ProjectId, decision_id: NodeId | None = None) -> tuple[list[Moment], dict[str, Node]]:
        """Return how the decisions of a project came to be, or one with all it supersedes and is superseded by.

        With the moments come the nodes that they name, by id.
        """
        with self._db.reading():
            if decision_id is not None:
                self.record(decision_id)
                rows = self._db.execute(self._sql["chain"], {"id": decision_id})
            else:
                rows = self._db.execute(self._sql["of_project"], {"project_id": project_id})
            decisions = self._nodes(row["id"] for row in rows)
            ids = {"ids": encode_json([node.id for node in decisions])}
            edges = [decode_edge(row) for row in self._db.execute(self._sql["edges"], ids)]
            leads = {edge.from_id: edge.to_id for edge in edges if edge.edge_type is EdgeType.LEADS_TO}
            revisits = [node for node in self._nodes(leads) if node.node_type is NodeType.REVISIT]
            events = [decode_event(row) for row in self._db.execute(self._sql["events"], ids)]
            moments = history(decisions, events, edges, [(leads[node.id], node) for node in revisits])
            named = {m.decision for m in moments} | {m.other for m in moments if m.other is not None}
            return moments, {node.id: node for node in self._nodes(named)}

    def _record(self, node: Node) -> DecisionRecord:
        edges = [decode_edge(row) for row in self._db.execute(queries("edges")["of_node"], {"id": node.id})]
        below = decode_rows(self._db.execute(self._sql["below"], {"id": node.id}))
        ends = {edge.to_id if edge.from_id == node.id else edge.from_id for edge in edges}
        near = {found.id: found for found in (*self._nodes(ends), *below)}
        in_force = bool(details_of(node).forbids_paths or details_of(node).forbids_dependencies)
        in_force = in_force and self._was_decided(node.id) and self._in_force(node.id)
        given_up = self._db.one(self._sql["given_up"], {"id": node.id}) is not None
        return DecisionRecord(
            node=node,
            standing=standing_of(node.status, in_force=in_force, given_up=given_up),
            accepted=accepted_by_person(self._db, node.id),
            in_force=in_force,
            options=_options(node, edges, near),
            supersedes=_ends(near, (e.to_id for e in edges if _is(e, EdgeType.SUPERSEDES, from_id=node.id))),
            superseded_by=_ends(near, (e.from_id for e in edges if _is(e, EdgeType.SUPERSEDES, to_id=node.id))),
            outcomes=in_time(found for found in below if found.node_type is NodeType.OUTCOME),
            revisits=in_time(found for found in near.values() if found.node_type is NodeType.REVISIT),
            tasks=(*self._origin(node), *_tasks(node, edges, near, below)),
        )

    def _origin(self, node: Node) -> Iterable[tuple[Relation, Node]]:
        """Return the nearest task above the decision."""
        above = self._db.execute(queries("nodes")["ancestors"], {"id": node.id})
        tasks = [row for row in above if row["node_type"] == NodeType.TASK]
        return [(Relation.ORIGIN, task) for task in decode_rows(tasks[:1])]

    def _was_decided(self, decision_id: NodeId) -> bool:
        return self._db.one(self._sql["was_decided"], {"id": decision_id}) is not None

    def _in_force(self, decision_id: NodeId) -> bool:
        lifted = ("accepted_successor", "given_up")
        return all(self._db.one(self._sql[name], {"id": decision_id}) is None for name in lifted)

    def _nodes(self, ids: Iterable[str]) -> list[Node]:
        rows = self._db.execute(self._sql["by_ids"], {"ids": encode_json(sorted(set(ids)))})
        return decode_rows(rows)


def _options(node: Node, edges: list[Edge], near: dict[NodeId, Node]) -> tuple[OptionRecord, ...]:
    """Return the options made in the decision or led to by it, with the reasons of their edges."""
    led = {edge.to_id for edge in edges if _is(edge, EdgeType.LEADS_TO, from_id=node.id)}
    options = (n for n in near.values() if n.node_type is NodeType.OPTION and (n.parent_id == node.id or n.id in led))
    why = {e.to_id: e.label or "" for e in edges if e.edge_type is EdgeType.REJECTED and e.from_id == node.id}
    why |= {e.to_id: e.label or "" for e in edges if e.edge_type is EdgeType.CHOSEN and e.from_id == node.id}
    return tuple(OptionRecord(option, why.get(option.id, "")) for option in in_natural_order(options))


def _tasks(
    node: Node, edges: list[Edge], near: dict[NodeId, Node], below: list[Node]
) -> tuple[tuple[Relation, Node], ...]:
    waiting = _ends(near, (e.from_id for e in edges if _is(e, EdgeType.DEPENDS_ON, to_id=node.id)))
    needed = _ends(near, (e.to_id for e in edges if _is(e, EdgeType.DEPENDS_ON, from_id=node.id)))
    parts = in_natural_order(found for found in below if found.node_type is NodeType.TASK)
    return (
        *((Relation.WAITS, one) for one in waiting if one.node_type is NodeType.TASK),
        *((Relation.NEEDED, one) for one in needed if one.node_type is NodeType.TASK),
        *((Relation.PART, one) for one in parts),
    )


def _ends(near: dict[NodeId, Node], ids: Iterable[NodeId]) -> tuple[Node, ...]:
    return in_natural_order(near[one] for one in ids)


def _is(edge: Edge, kind: EdgeType, from_id: NodeId | None = None, to_id: NodeId | None = None) -> bool:
    return edge.edge_type is kind and (from_id is None or edge.from_id == from_id) and to_id in {None, edge.to_id}
