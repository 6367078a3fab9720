"""Refuses edges that would make something wait for itself; reads the graph of waiting as the search needs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.cycles import State, find_path, show_path
from ostinato.graph.rules import GATED, holds_up_parent
from ostinato.graph.types import NodeType
from ostinato.store.database import Database, queries


class Waits:
    """Who waits for whom, as it is stored now. Keeps nothing but the types of the nodes that it has seen."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sql = queries("edges")
        self._types: dict[NodeId, NodeType] = {}

    def require_free_to_depend(self, dependent: NodeId, prerequisite: NodeId) -> None:
        """Raise RuleError, naming the way round, if `dependent` → `prerequisite` would make a node wait for itself."""
        ends = [State(dependent), State(dependent, gate=True)]
        way = self._path(State(prerequisite), ends)
        if way is None:
            return
        shown = show_path([dependent, *(state.node_id for state in way)])
        if prerequisite in self.ancestors(dependent):
            raise RuleError(f"{dependent} lies inside {prerequisite}, which waits for it: {shown}")
        if dependent in self.ancestors(prerequisite):
            raise RuleError(f"{prerequisite} lies inside {dependent} and waits for what that waits for: {shown}")
        raise RuleError(f"{dependent} depends_on {prerequisite} would close a cycle: {shown}")

    def require_free_to_contain(self, parent: NodeId, child: NodeId) -> None:
        """Raise RuleError, naming the way round, if putting `child` into `parent` would close a cycle."""
        line = [parent, *self.ancestors(parent)]
        if child in line:
            up = reversed(line[: line.index(child) + 1])
            raise RuleError(f"{parent} contains {child} would close a cycle: {show_path([parent, *up])}")
        # What the edge adds: the parent may wait for the child; the child and all below it wait for the parent's gate.
        checks: list[tuple[State, list[State], NodeId]] = []
        if holds_up_parent(self._type(child), self._type(parent)):
            checks.append((State(child), [State(parent)], parent))
        gated = [State(child)] if self._type(child) in GATED else []
        checks.append((State(parent, gate=True), [*gated, State(child, gate=True)], child))
        for start, ends, head in checks:
            way = self._path(start, ends)
            if way is not None:
                shown = show_path([head, *(state.node_id for state in way)])
                raise RuleError(f"{child} inside {parent} would wait for itself and never become ready: {shown}")

    def ancestors(self, node_id: NodeId) -> list[NodeId]:
        """Return the ids of the ancestors, nearest first."""
        return [NodeId(row["id"]) for row in self._db.execute(queries("nodes")["ancestors"], {"id": node_id})]

    def _path(self, start: State, ends: Sequence[State]) -> list[State] | None:
        return find_path(start, ends, self._forward, self._backward)

    def _forward(self, state: State) -> Iterator[State]:
        node_id = state.node_id
        for target in self._read("typed_targets", node_id):
            yield State(target)
        if state.gate or self._type(node_id) in GATED:
            for parent in self._read("typed_parent", node_id):
                yield State(parent, gate=True)
        if not state.gate and self._type(node_id) in GATED:
            for child in self._read("typed_children", node_id):
                if holds_up_parent(self._type(child), self._type(node_id)):
                    yield State(child)

    def _backward(self, state: State) -> Iterator[State]:
        node_id = state.node_id
        if state.gate:
            for child in self._read("typed_children", node_id):
                yield State(child, gate=True)
                if self._type(child) in GATED:
                    yield State(child)
            return
        for dependent in self._read("typed_dependents", node_id):
            yield State(dependent)
            yield State(dependent, gate=True)
        for parent in self._read("typed_parent", node_id):
            if holds_up_parent(self._type(node_id), self._type(parent)):
                yield State(parent)

    def _read(self, query: str, node_id: NodeId) -> list[NodeId]:
        found = self._db.tuples(self._sql[query], {"id": node_id})
        for other, node_type in found:
            self._types[other] = NodeType(node_type)
        return [other for other, _ in found]

    def _type(self, node_id: NodeId) -> NodeType:
        if node_id not in self._types:
            row = self._db.one(queries("nodes")["slim"], {"id": node_id})
            self._types[node_id] = NodeType(row["node_type"]) if row else NodeType.OBSERVATION
        return self._types[node_id]
