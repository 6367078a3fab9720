"""A short way to grow a graph in a real store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ostinato.graph.events import Event, EventKind
from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode
from ostinato.graph.types import Check, Node, NodeType, Status, TaskDetails
from ostinato.store.store import Store


@dataclass(frozen=True, slots=True)
class Garden:
    """A store with one project. Each method of growth adds one node; keywords are fields of NewNode."""

    store: Store
    project: Project

    def add(self, kind: NodeType, title: str, parent: Node | None = None, **fields: Any) -> Node:
        new = NewNode(kind, title, parent_id=parent.id if parent else None, **fields)
        return self.store.graph.add_node(self.project.id, new)

    def goal(self, title: str = "goal", parent: Node | None = None, **fields: Any) -> Node:
        return self.add(NodeType.GOAL, title, parent, **fields)

    def task(self, title: str = "task", parent: Node | None = None, **fields: Any) -> Node:
        return self.add(NodeType.TASK, title, parent, **fields)

    def checked_task(self, title: str, parent: Node | None = None) -> Node:
        return self.task(title, parent, details=TaskDetails(checks=(Check("true"),)))

    def complete(self, node: Node) -> Node:
        return self.store.graph.set_status(node.id, Status.COMPLETED)

    def now(self, node: Node) -> Node:
        return self.store.graph.get(node.id)

    def status(self, *nodes: Node) -> list[str]:
        return [str(self.now(node).status) for node in nodes]

    def seq(self) -> int:
        return self.store.events.last_seq()

    def events(self, since: int = 0, kind: EventKind | None = None) -> list[Event]:
        return [event for event in self.store.events.after(since) if kind in {None, event.kind}]


def lower(store: Store, limit: int, value: int) -> None:
    """Have SQLite reach one of its limits soon, so that what lies beyond it needs no great numbers."""
    assert store.db._connection.limit(limit) > value
    store.db._connection.limit(limit, value)
