"""The one door to the database: opens it and hands out its parts. It has no behaviour of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ostinato.base.clock import Clock
from ostinato.base.ids import IterationId, ProjectId
from ostinato.store.approvals import ApprovalStore
from ostinato.store.database import Database
from ostinato.store.events import EventStore
from ostinato.store.graph import GraphStore
from ostinato.store.iterations import IterationStore
from ostinato.store.plans import PlanStore
from ostinato.store.projects import ProjectStore
from ostinato.store.reasoning import ReasoningStore
from ostinato.store.recovery import recover
from ostinato.store.reviews import ReviewStore
from ostinato.store.sessions import SessionStore
from ostinato.store.tasks import TaskStore


@dataclass(frozen=True, slots=True)
class Store:
    """The parts of one open database. Every method of a part is one transaction, and joins `db.transaction()`."""

    db: Database
    projects: ProjectStore
    graph: GraphStore
    reasoning: ReasoningStore
    tasks: TaskStore
    sessions: SessionStore
    iterations: IterationStore
    approvals: ApprovalStore
    reviews: ReviewStore
    plans: PlanStore
    events: EventStore

    def recover(self, project_id: ProjectId, landed: Mapping[IterationId, str]) -> list[str]:
        """Put back what dead processes of the project left; see `store.recovery`."""
        return recover(self, project_id, landed=landed)

    def close(self) -> None:
        """Close the database; a second time does nothing."""
        self.db.close()


def open_store(path: Path, clock: Clock, *, create: bool = True) -> Store:
    """Open the database at `path`; with `create`, make and migrate it. Without, an absent one reads as empty.

    Raises DatabaseError.
    """
    db = Database(path, clock, create=create)
    events = EventStore(db)
    graph = GraphStore(db, events)
    reasoning = ReasoningStore(db, events, graph)
    sessions = SessionStore(db, events)
    iterations = IterationStore(db, events, graph, reasoning, sessions)
    return Store(
        db=db,
        projects=ProjectStore(db),
        graph=graph,
        reasoning=reasoning,
        tasks=TaskStore(db, events, graph),
        sessions=sessions,
        iterations=iterations,
        approvals=ApprovalStore(db, events),
        reviews=ReviewStore(db, events, graph, reasoning, iterations),
        plans=PlanStore(db, events, graph, reasoning, sessions, iterations),
        events=events,
    )
