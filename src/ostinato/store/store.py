"""The one door to the database: opens it and hands out its parts. It has no behaviour of its own.

A part is imported and made when it is first asked for: a short command pays for what it reads and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from ostinato.base.clock import Clock
from ostinato.base.ids import IterationId, ProjectId, random_hex
from ostinato.store.database import Database

if TYPE_CHECKING:
    from ostinato.store.approvals import ApprovalStore
    from ostinato.store.budgets import BudgetStore
    from ostinato.store.decisions import DecisionStore
    from ostinato.store.events import EventStore
    from ostinato.store.file_marks import FileMarks
    from ostinato.store.graph import GraphStore
    from ostinato.store.importing import ImportStore
    from ostinato.store.interchange import InterchangeStore
    from ostinato.store.iterations import IterationStore
    from ostinato.store.looking import LookingStore
    from ostinato.store.new_ids import NewId
    from ostinato.store.plans import PlanStore
    from ostinato.store.projects import ProjectStore
    from ostinato.store.reasoning import ReasoningStore
    from ostinato.store.retention import RetentionStore
    from ostinato.store.reviews import ReviewStore
    from ostinato.store.sessions import SessionStore
    from ostinato.store.steering import SteeringStore
    from ostinato.store.tasks import TaskStore


def _budgets(store: Store) -> BudgetStore:
    from ostinato.store.budgets import BudgetStore

    return BudgetStore(store.db, store.events)


class Store:
    """The parts of one open database. Every method of a part is one transaction, and joins `db.transaction()`."""

    budgets = cached_property(_budgets)
    """What goals and tasks may use and have used."""

    def __init__(self, db: Database, new_id: NewId = random_hex) -> None:
        self.db = db
        self._new_id = new_id

    @cached_property
    def projects(self) -> ProjectStore:
        """The repositories that Ostinato knows."""
        from ostinato.store.projects import ProjectStore

        return ProjectStore(self.db, self._new_id)

    @cached_property
    def events(self) -> EventStore:
        """The stream of events."""
        from ostinato.store.events import EventStore

        return EventStore(self.db)

    @cached_property
    def graph(self) -> GraphStore:
        """Nodes and edges."""
        from ostinato.store.graph import GraphStore

        return GraphStore(self.db, self.events, self._new_id)

    @cached_property
    def reasoning(self) -> ReasoningStore:
        """Decisions, outcomes and what follows from them."""
        from ostinato.store.reasoning import ReasoningStore

        return ReasoningStore(self.db, self.events, self.graph)

    @cached_property
    def decisions(self) -> DecisionStore:
        """What holds, and how it came to be."""
        from ostinato.store.decisions import DecisionStore

        return DecisionStore(self.db)

    @cached_property
    def tasks(self) -> TaskStore:
        """The order of work, and claims."""
        from ostinato.store.tasks import TaskStore

        return TaskStore(self)

    @cached_property
    def sessions(self) -> SessionStore:
        """Work periods."""
        from ostinato.store.sessions import SessionStore

        return SessionStore(self.db, self.events, self._new_id)

    @cached_property
    def iterations(self) -> IterationStore:
        """Attempts with their conversations and evidence."""
        from ostinato.store.iterations import IterationStore

        return IterationStore(self.db, self.events, self.graph, self.reasoning, self.sessions, self._new_id)

    @cached_property
    def approvals(self) -> ApprovalStore:
        """Questions to a person."""
        from ostinato.store.approvals import ApprovalStore

        return ApprovalStore(self.db, self.events, self._new_id)

    @cached_property
    def reviews(self) -> ReviewStore:
        """Judging what waits for a review."""
        from ostinato.store.reviews import ReviewStore

        return ReviewStore(self.db, self.events, self.graph, self.reasoning, self.iterations)

    @cached_property
    def plans(self) -> PlanStore:
        """Plans on their way into the graph."""
        from ostinato.store.plans import PlanStore

        return PlanStore(self)

    @cached_property
    def importing(self) -> ImportStore:
        """Other programs' tasks on their way into the graph."""
        from ostinato.store.importing import ImportStore

        return ImportStore(self.db, self.events, self._new_id)

    @cached_property
    def looking(self) -> LookingStore:
        """Looking back over whole goals and projects."""
        from ostinato.store.looking import LookingStore

        return LookingStore(self.db)

    @cached_property
    def steering(self) -> SteeringStore:
        """A person's notes to the agents, and pauses."""
        from ostinato.store.steering import SteeringStore

        return SteeringStore(self.db, self.events)

    @cached_property
    def retention(self) -> RetentionStore:
        """What grew old, and taking it."""
        from ostinato.store.retention import RetentionStore

        return RetentionStore(self.db)

    @cached_property
    def file_marks(self) -> FileMarks:
        """What is remembered of the graph's files."""
        from ostinato.store.file_marks import FileMarks

        return FileMarks(self.db)

    @cached_property
    def interchange(self) -> InterchangeStore:
        """The graph as files that git can merge."""
        from ostinato.store.interchange import InterchangeStore

        return InterchangeStore(self.db, self.events)

    def recover(self, project_id: ProjectId, landed: Mapping[IterationId, str]) -> list[str]:
        """Put back what dead processes of the project left; see `store.recovery`."""
        from ostinato.store.recovery import recover

        return recover(self, project_id, landed=landed)

    def close(self) -> None:
        """Close the database; a second time does nothing."""
        self.db.close()


def open_store(path: str | os.PathLike[str], clock: Clock, *, create: bool = True, new_id: NewId = random_hex) -> Store:
    """Open the database at `path`; with `create`, make and migrate it. Without, an absent one reads as empty.

    `new_id` gives the random part of new ids. Raises DatabaseError.
    """
    return Store(Database(path, clock, create=create, settle=_settle), new_id)


def _settle(db: Database) -> None:
    # Late: what only reads settles nothing.
    from ostinato.store.settling import settle

    settle(db)
