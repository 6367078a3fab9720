"""The double of the store: the same parts with the same signatures, over dictionaries, every answer worked out anew.

It is the model that the database is held to (`tests/contract`, `tests/model`), and a store for tests of the loop that
need no file. It is slow on purpose, keeps nothing beyond the process, and knows no other process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ostinato.base.clock import Clock
from ostinato.base.ids import IterationId, ProjectId, random_hex
from ostinato.base.process import is_dead
from ostinato.testing.memory.approvals import MemoryApprovals, MemoryReviews
from ostinato.testing.memory.budgets import MemoryBudgets
from ostinato.testing.memory.decisions import MemoryDecisions
from ostinato.testing.memory.events import MemoryEvents
from ostinato.testing.memory.graph import MemoryGraph
from ostinato.testing.memory.iterations import MemoryIterations
from ostinato.testing.memory.plans import MemoryPlans
from ostinato.testing.memory.projects import MemoryProjects
from ostinato.testing.memory.reasoning import MemoryReasoning
from ostinato.testing.memory.recovery import Dead, Recovery
from ostinato.testing.memory.sessions import MemorySessions
from ostinato.testing.memory.state import Memory
from ostinato.testing.memory.steering import MemorySteering
from ostinato.testing.memory.tasks import MemoryTasks

if TYPE_CHECKING:
    from ostinato.loop.store_ports import StorePort


class MemoryStore:
    """See `store.store.Store`. `db` has its transactions; `new_id` gives the random part of ids."""

    def __init__(self, clock: Clock, new_id: Callable[[], str] = random_hex) -> None:
        self.db = Memory(clock, new_id)
        self.projects = MemoryProjects(self.db)
        self.events = MemoryEvents(self.db)
        self.graph = MemoryGraph(self.db)
        self.reasoning = MemoryReasoning(self.db, self.graph)
        self.tasks = MemoryTasks(self.db, self.graph)
        self.sessions = MemorySessions(self.db)
        self.iterations = MemoryIterations(self.db, self.graph, self.reasoning, self.sessions)
        self.approvals = MemoryApprovals(self.db)
        self.reviews = MemoryReviews(self.db, self.graph, self.reasoning, self.iterations)
        self.plans = MemoryPlans(self.db, self.graph, self.reasoning, self.sessions, self.iterations, self.approvals)
        self.budgets = MemoryBudgets(self.db)
        self.steering = MemorySteering(self.db)
        self.decisions = MemoryDecisions(self.db)

    def recover(self, project_id: ProjectId, landed: Mapping[IterationId, str], dead: Dead = is_dead) -> list[str]:
        """Put back what dead processes of the project left; see `store.recovery`."""
        return Recovery(self.db, self.sessions, self.iterations, project_id, dead).run(landed)

    def close(self) -> None:
        """There is nothing to close."""


if TYPE_CHECKING:

    def _fits(store: MemoryStore) -> StorePort:
        return store
