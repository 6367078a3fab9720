"""Plans enter the graph whole or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ostinato.base.errors import DatabaseError, NotFoundError, RuleError
from ostinato.base.process import current_process
from ostinato.graph.actors import Actor
from ostinato.graph.edges import EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.evidence import CheckPhase
from ostinato.graph.plan import DecisionDraft, ObservationDraft, OptionDraft, PlanDraft, TaskDraft
from ostinato.graph.projects import Project
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Check, Complexity, Node, NodeType, Priority, Status, TaskDetails
from ostinato.store.store import Store
from tests.unit.store.work import add_task

PERSON = Actor("person")
FIRST = TaskDraft(
    "a",
    "Parse",
    "Reads it",
    ("parses",),
    (Check("make a", 30.0), Check("make all", guard=True)),
    ("b",),
    ("src/**",),
    Complexity.SMALL,
    Priority.HIGH,
    "tester",
    judge=True,
)
DRAFT = PlanDraft(
    "Two steps",
    (FIRST, TaskDraft("b", "Prepare")),
    (
        DecisionDraft("Which", "ctx", (OptionDraft("X", pros=("fast",)), OptionDraft("Y")), "X", "speed"),
        DecisionDraft("Open", options=(OptionDraft("P"), OptionDraft("Q"))),
    ),
    (ObservationDraft("No tests yet", "none"),),
    red=(("a", "make a"),),
)


def test_a_plan_starts_with_a_pending_goal_and_an_open_session(store: Store, project: Project) -> None:
    goal, session = store.plans.start(project.id, "Title", "Words", current_process())
    assert (goal.node_type, goal.status, goal.title, goal.description) == (
        NodeType.GOAL,
        Status.PENDING,
        "Title",
        "Words",
    )
    assert (session.goal_id, session.kind, session.ended_at) == (goal.id, SessionKind.PLAN, None)
    assert store.sessions.open(project.id) == [(session, current_process())]


def test_a_draft_is_kept_until_the_next_one(store: Store, goal: Node) -> None:
    assert store.plans.draft(goal.id) is None
    store.plans.save_draft(goal.id, replace(DRAFT, summary="older"))
    store.plans.save_draft(goal.id, DRAFT)
    assert store.plans.draft(goal.id) == DRAFT
    assert store.graph.descendants(goal.id) == []


def test_accepting_makes_the_whole_draft_part_of_the_graph(store: Store, goal: Node) -> None:
    store.plans.save_draft(goal.id, DRAFT)
    tasks = store.plans.accept(goal.id, PERSON)
    assert [(task.title, task.status) for task in tasks] == [("Parse", Status.PENDING), ("Prepare", Status.READY)]
    assert tasks[0].details == TaskDetails(
        FIRST.acceptance_criteria, FIRST.checks, FIRST.file_scope, Complexity.SMALL, "tester", judge=True
    )
    assert (tasks[0].description, tasks[0].priority, tasks[0].parent_id) == ("Reads it", Priority.HIGH, goal.id)
    assert [node.id for node in store.graph.prerequisites(tasks[0].id)] == [tasks[1].id]
    assert store.graph.get(goal.id).status is Status.ACTIVE
    assert store.plans.draft(goal.id) is None
    assert store.iterations.red_commands(tasks[0].id) == {"make a"}
    assert [run.phase for run in store.iterations.check_runs(owner_id=tasks[0].id)] == [CheckPhase.PLAN]


def test_accepting_keeps_what_was_decided_and_seen(store: Store, goal: Node) -> None:
    store.plans.save_draft(goal.id, DRAFT)
    store.plans.accept(goal.id, PERSON)
    nodes = {node.title: node for node in store.graph.descendants(goal.id)}
    shown = {title: nodes[title].status for title in ("Which", "X", "Y", "Open", "P", "No tests yet")}
    assert shown == {
        "Which": Status.DECIDED,
        "X": Status.CHOSEN,
        "Y": Status.REJECTED,
        "Open": Status.PENDING,
        "P": Status.ACTIVE,
        "No tests yet": Status.ACTIVE,
    }
    edges = store.graph.edges_of(nodes["Which"].id)
    assert [(e.to_id, e.label) for e in edges if e.edge_type is EdgeType.CHOSEN] == [(nodes["X"].id, "speed")]
    assert [e.to_id for e in edges if e.edge_type is EdgeType.REJECTED] == [nodes["Y"].id]


def test_a_plan_may_depend_on_what_is_there_already(store: Store, goal: Node) -> None:
    present = add_task(store, goal)
    store.plans.save_draft(goal.id, PlanDraft("", (TaskDraft("a", "A", depends_on=(present.id, present.id)),)))
    (task,) = store.plans.accept(goal.id, PERSON)
    assert [node.id for node in store.graph.prerequisites(task.id)] == [present.id]


@pytest.mark.parametrize(
    "tasks",
    [
        (FIRST,),
        (TaskDraft("a", "A", depends_on=("b",)), TaskDraft("b", "B", depends_on=("a",))),
        (TaskDraft("a", "A"), TaskDraft("a", "B")),
        (TaskDraft("a", "A"), TaskDraft("b", "")),
        (),
    ],
    ids=["dangling", "cycle", "same key", "no title", "no task"],
)
def test_nothing_is_accepted_when_the_rules_refuse_a_part(
    store: Store, goal: Node, tasks: tuple[TaskDraft, ...]
) -> None:
    draft = replace(DRAFT, tasks=tasks)
    store.plans.save_draft(goal.id, draft)
    before = store.events.last_seq()
    with pytest.raises(RuleError):
        store.plans.accept(goal.id, PERSON)
    assert store.graph.descendants(goal.id) == []
    assert store.graph.get(goal.id).status is Status.PENDING
    assert store.plans.draft(goal.id) == draft
    assert store.events.last_seq() == before


def test_a_plan_is_accepted_once(store: Store, goal: Node) -> None:
    store.plans.save_draft(goal.id, DRAFT)
    store.plans.accept(goal.id, PERSON)
    with pytest.raises(NotFoundError, match="no plan"):
        store.plans.accept(goal.id, PERSON)


def test_rejecting_cancels_a_goal_that_has_nothing_else(store: Store, goal: Node) -> None:
    store.plans.save_draft(goal.id, DRAFT)
    store.plans.reject(goal.id, "not so", PERSON)
    assert store.graph.get(goal.id).status is Status.CANCELLED
    assert store.plans.draft(goal.id) is None
    told = [e.payload for e in store.events.after(0) if e.kind is EventKind.NODE_UPDATED]
    assert told[-1]["reason"] == "not so"
    with pytest.raises(RuleError, match="cancelled"):
        store.plans.accept(goal.id, PERSON)


def test_rejecting_a_new_plan_keeps_a_goal_that_has_work(store: Store, goal: Node) -> None:
    task = add_task(store, goal)
    store.plans.save_draft(goal.id, DRAFT)
    store.plans.reject(goal.id, "not so", PERSON)
    assert store.graph.get(goal.id).status is Status.ACTIVE
    assert [node.id for node in store.graph.descendants(goal.id)] == [task.id]
    assert store.plans.draft(goal.id) is None


def test_only_an_open_goal_has_a_plan(store: Store, goal: Node) -> None:
    task = add_task(store, goal)
    with pytest.raises(RuleError, match="only a goal"):
        store.plans.save_draft(task.id, DRAFT)
    store.graph.set_status(goal.id, Status.CANCELLED)
    with pytest.raises(RuleError, match="open goal"):
        store.plans.save_draft(goal.id, DRAFT)


def test_a_corrupt_draft_is_an_error(store: Store, goal: Node) -> None:
    store.plans.save_draft(goal.id, DRAFT)
    store.db.execute("UPDATE plan_drafts SET draft = '{'")
    with pytest.raises(DatabaseError, match=goal.id):
        store.plans.draft(goal.id)
