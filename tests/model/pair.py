"""A database and its double side by side: asked the same, at the same moment, with the same ids to come."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

from ostinato.base.errors import OstinatoError
from ostinato.graph.requests import NodeFilter
from ostinato.graph.types import NodeType, Status
from ostinato.store.database import MEMORY
from ostinato.store.graph import GraphStore
from ostinato.store.iterations import IterationStore
from ostinato.store.projects import ProjectStore
from ostinato.store.sessions import SessionStore
from ostinato.store.store import Store, open_store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.memory_store import MemoryStore
from ostinato.testing.prepared_database import open_memory
from tests.model.operations import AnyStore, Here


def counted() -> Callable[[], str]:
    """Return a source of ids that gives the same ones each time."""
    numbers = itertools.count(1)
    return lambda: f"{next(numbers):08x}"


def database(clock: FakeClock, path: str = MEMORY) -> Store:
    """Return a real store whose ids are counted."""
    store = open_memory(clock) if path == MEMORY else open_store(path, clock)
    new_id = counted()
    store.projects = ProjectStore(store.db, new_id)
    store.graph = GraphStore(store.db, store.events, new_id)
    store.sessions = SessionStore(store.db, store.events, new_id)
    store.iterations = IterationStore(store.db, store.events, store.graph, store.reasoning, store.sessions, new_id)
    return store


_WRONG_COUNTERS = """
SELECT nodes.id, open_children, open_prerequisites, open_dependents FROM standings JOIN nodes USING (key)
WHERE open_children <> (SELECT count(*) FROM nodes child WHERE child.parent_id = nodes.id
                        AND child.node_type = 'task' AND child.status NOT IN ('completed', 'cancelled'))
   OR open_prerequisites <> (SELECT count(*) FROM edges JOIN nodes target ON target.id = edges.to_id
                             WHERE edges.from_id = nodes.id AND edges.edge_type = 'depends_on'
                             AND target.status NOT IN ('completed', 'cancelled', 'decided', 'superseded'))
   OR open_dependents <> (SELECT count(*) FROM edges JOIN nodes dependent ON dependent.id = edges.from_id
                          WHERE edges.to_id = nodes.id AND edges.edge_type = 'depends_on'
                          AND dependent.node_type = 'task' AND dependent.status NOT IN ('completed', 'cancelled'))
"""
"""What would show only later, when the last child or prerequisite goes."""


class Pair:
    """Both stores. `do` asks both and compares; `compare` compares all that readers can see."""

    def __init__(self) -> None:
        self.clock = FakeClock(tick=0.0)
        self.real = database(self.clock)
        self.model = MemoryStore(self.clock, counted())
        projects = {store.projects.add("/srv/repository") for store in (self.real, self.model)}
        (self.project,) = projects

    def size(self) -> int:
        """Return how many nodes there are."""
        return len(self.model.db.state.nodes)

    def close(self) -> None:
        """Close the database."""
        self.real.close()

    def do(self, act: Callable[[Here], object]) -> Any:
        """Return what both return; None when both refuse it with the same kind of error."""
        answers = [_answer(act, Here(store, self.project.id)) for store in (self.real, self.model)]
        assert answers[0] == answers[1], f"{act}: the database says {answers[0]}, its model {answers[1]}"
        return None if isinstance(answers[0], _Refused) else answers[0]

    def compare(self) -> None:
        """Compare every node with its spoken status and reason, every order, count, edge and note, and the claims."""
        same(self, lambda store: store.graph.query(NodeFilter()))
        same(self, lambda store: [task.id for task in store.tasks.ready()])
        same(self, lambda store: Counter((e.kind, e.node_id) for e in store.events.after(0, limit=100_000)))
        same(self, lambda store: store.decisions.prohibitions(self.project.id))
        goals = self.model.graph.query(NodeFilter(node_type=NodeType.GOAL))
        for goal in goals:
            same(self, lambda store, goal=goal: store.graph.notes(goal.id))
            same(self, lambda store, goal=goal: store.graph.counts(goal.id))
        same_claims(self)
        assert self.real.db.tuples(_WRONG_COUNTERS) == []

    def compare_all(self) -> None:
        """The same, and each node, edge, filter and goal asked for by itself."""
        self.compare()
        nodes = self.model.graph.query(NodeFilter())
        for node in nodes:
            same(self, lambda store, node=node: store.graph.get(node.id))
            same(self, lambda store, node=node: store.graph.edges_of(node.id))
            same(self, lambda store, node=node: store.graph.prerequisites(node.id))
            same(self, lambda store, node=node: store.graph.goal_of(node.id))
        for status in Status:
            same(self, lambda store, status=status: store.graph.query(NodeFilter(status=status)))
        for goal in (node for node in nodes if node.node_type is NodeType.GOAL):
            same(self, lambda store, goal=goal: store.graph.descendants(goal.id))
            same(self, lambda store, goal=goal: store.tasks.ready(goal_id=goal.id))
            same(self, lambda store, goal=goal: store.graph.query(NodeFilter(goal_id=goal.id, status=Status.READY)))


def same(pair: Pair, ask: Callable[[AnyStore], object]) -> None:
    """Fail, showing both answers, unless both stores answer the same."""
    real, model = ask(pair.real), ask(pair.model)
    assert real == model


def same_claims(pair: Pair) -> None:
    """Fail unless both stores know the same holders with the same tokens and leases."""
    rows = pair.real.db.execute("SELECT task_id, token, agent, session_id, iteration_id, lease_until FROM claims")
    held = pair.model.db.state.claims
    assert {row["task_id"]: (row["token"], row["agent"], row["session_id"], row["iteration_id"]) for row in rows} == {
        task_id: (one.token, one.agent, one.session_id, one.iteration_id) for task_id, one in held.items()
    }


class _Refused:
    """The kind of an error: what a program can tell errors apart by."""

    def __init__(self, error: OstinatoError) -> None:
        self.error = error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Refused) and type(self.error) is type(other.error)

    def __hash__(self) -> int:
        return hash(type(self.error))

    def __repr__(self) -> str:
        return f"{type(self.error).__name__}: {self.error}"


def _answer(act: Callable[[Here], object], here: Here) -> object:
    try:
        return act(here)
    except OstinatoError as error:
        return _Refused(error)
