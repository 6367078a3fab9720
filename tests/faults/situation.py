"""A database with something of every kind in it, for operations that are to fail half-way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from ostinato.base.process import current_process
from ostinato.graph.actors import PERSON
from ostinato.graph.edges import EdgeType
from ostinato.graph.plan import DecisionDraft, OptionDraft, PlanDraft, TaskDraft
from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode
from ostinato.graph.sessions import Session
from ostinato.graph.types import Check, Node, NodeType
from ostinato.store.database import MEMORY
from ostinato.store.settling import settle
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.fault_injector import FaultInjector, FaultyDatabase
from ostinato.testing.prepared_database import open_memory, pages_of
from tests.unit.night import Night, night
from tests.unit.store.work import Work, add_task, begin, claim_next

DRAFT = PlanDraft(
    "two tasks",
    (
        TaskDraft("a", "First", checks=(Check("true"),), acceptance_criteria=("it is",)),
        TaskDraft("b", "Second", depends_on=("a",), judge=True),
    ),
    (DecisionDraft("Which?", "It matters.", (OptionDraft("One"), OptionDraft("Two")), "One", "shorter"),),
    red=(("a", "true"),),
)


@dataclass(frozen=True, slots=True)
class Situation:
    """Who is there: a worked night, a goal with an attempt under way and a task to claim, and a plan that waits."""

    store: Store
    project: Project
    night: Night
    goal: Node
    tree: Node
    leaf: Node
    waiting: Node
    work: Work
    planned: Node
    planning: Session
    observation: Node
    undecided: Node
    outcome: Node

    @property
    def injector(self) -> FaultInjector:
        """What makes statements fail."""
        assert isinstance(self.store.db, FaultyDatabase)
        return self.store.db.injector


def situation() -> Situation:
    """Return all of it, in memory, in a database of its own whose statements can be made to fail."""
    pages, made = _template()
    db = FaultyDatabase(FaultInjector(), MEMORY, made.store.db.clock, pages=pages, settle=settle)
    return replace(made, store=Store(db))


@cache
def _template() -> tuple[bytes, Situation]:
    """Make it once; its store is not for use."""
    first = open_memory(FakeClock())
    made = night(first, "/shop")
    project = first.projects.list()[0]

    def add(kind: NodeType, title: str, parent: Node | None = None) -> Node:
        return first.graph.add_node(project.id, NewNode(kind, title, parent_id=parent.id if parent else None))

    goal = add(NodeType.GOAL, "Under way")
    add_task(first, goal, "In hand", "true")
    work = begin(first, goal)
    first.iterations.begin_step(work.iteration.id, 1, {"rules": 3})
    tree = add_task(first, goal, "A tree", "true")
    leaf = add_task(first, tree, "A leaf")
    waiting = add_task(first, goal, "Waits", depends_on=(leaf.id,))
    planned, planning = first.plans.start(project.id, "Planned", "", None)
    first.iterations.add_message(planning.id, 1, "system")
    first.plans.save_draft(planned.id, DRAFT)
    undecided = first.reasoning.log_decision(
        goal.id, DecisionDraft("Open", options=(OptionDraft("One"), OptionDraft("Two"))), PERSON
    )
    outcome = first.reasoning.record_outcome(goal.id, "So it went", "badly", False, PERSON)
    observation = add(NodeType.OBSERVATION, "Seen", goal)
    first.graph.link(observation.id, EdgeType.INFORMS, leaf.id, None, PERSON)
    first.steering.say(goal.id, "be quick")
    return pages_of(first.db), Situation(
        first, project, made, goal, tree, leaf, waiting, work, planned, planning, observation, undecided, outcome
    )


def another_claim(here: Situation) -> Work:
    """Claim the next task of the goal under way and begin an attempt, for an operation that ends one."""
    claim = claim_next(here.store, here.goal, here.work.session, current_process())
    return Work(here.work.session, claim, here.store.iterations.start(here.work.session.id, claim, "base"))
