"""Plans enter the graph whole or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.process import current_process
from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage, UserMessage
from ostinato.graph.actors import Actor
from ostinato.graph.edges import EdgeType
from ostinato.graph.estimate import PastTask
from ostinato.graph.events import EventKind
from ostinato.graph.evidence import CheckPhase
from ostinato.graph.plan import DecisionDraft, ObservationDraft, OptionDraft, PlanDraft, TaskDraft
from ostinato.graph.projects import Project
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Check, Complexity, Node, NodeType, Priority, Status, TaskDetails
from ostinato.loop.decide import Action
from ostinato.store.store import Store
from tests.unit.store.work import add_task, begin, ended

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


def replacing(key: str, *old: str, after: tuple[str, ...] = ()) -> TaskDraft:
    return TaskDraft(key, f"New {key}", "", ("done",), (Check("make"),), after, replaces=old)


def test_replaced_tasks_are_cancelled_and_their_dependents_wait_for_the_successors(store: Store, goal: Node) -> None:
    old = add_task(store, goal)
    below = add_task(store, old)
    dependent = add_task(store, goal, depends_on=(old.id,))
    done = add_task(store, goal, depends_on=(old.id,))
    store.graph.set_status(done.id, Status.CANCELLED)
    store.plans.save_draft(goal.id, PlanDraft("s", (replacing("a", old.id), replacing("b", old.id, after=("a",)))))
    first, second = store.plans.accept(goal.id)
    assert [store.graph.get(n.id).status for n in (old, below)] == [Status.CANCELLED, Status.CANCELLED]
    assert [node.id for node in store.graph.prerequisites(dependent.id)] == [first.id, second.id]
    assert [node.id for node in store.graph.prerequisites(done.id)] == [old.id]
    superseded = [e.from_id for e in store.graph.edges_of(old.id) if e.edge_type is EdgeType.SUPERSEDES]
    assert superseded == [first.id, second.id]
    assert store.graph.get(goal.id).status is Status.ACTIVE


def test_a_successor_stands_where_the_replaced_task_stood(store: Store, goal: Node) -> None:
    parent = add_task(store, goal)
    old = add_task(store, parent)
    store.plans.save_draft(goal.id, PlanDraft("s", (replacing("a", old.id),)))
    (new,) = store.plans.accept(goal.id)
    assert (new.parent_id, new.id) == (parent.id, f"{parent.id}.2")
    assert store.graph.get(parent.id).status is Status.PENDING


def test_a_refused_replacement_changes_nothing(store: Store, goal: Node) -> None:
    ready, old = add_task(store, goal), add_task(store, goal)
    store.graph.set_status(old.id, Status.COMPLETED)
    store.plans.save_draft(goal.id, PlanDraft("s", (replacing("a", ready.id, old.id),)))
    with pytest.raises(RuleError, match=f"{old.id} is completed: nothing was changed"):
        store.plans.accept(goal.id)
    assert store.graph.get(ready.id).status is Status.READY
    assert len(store.graph.descendants(goal.id)) == 2
    assert store.plans.draft(goal.id) is not None


def test_a_conversation_goes_on_in_a_new_session_with_all_that_was_said(store: Store, project: Project) -> None:
    goal, session = store.plans.start(project.id, "G", "", current_process())
    for step, message in (
        (0, "old rules"),
        (0, UserMessage("goal")),
        (1, AssistantMessage("hm")),
        (1, UserMessage("?")),
        (2, "context made smaller: a line for people"),
    ):
        store.iterations.add_message(session.id, step, message)
    store.sessions.end(session.id, stop_reason="crashed")
    record = store.plans.record(goal.id)
    assert (record.session and record.session.id, record.steps, record.draft) == (session.id, 2, None)
    again = store.plans.go_on(goal, session.id, "new rules", current_process())
    kept = [one.message for one in store.iterations.transcript(again.id)]
    assert kept == ["new rules", *record.messages, "context made smaller: a line for people"]
    assert store.plans.record(goal.id).messages == record.messages
    assert store.iterations.transcript(session.id)[0].message == "old rules"


def test_a_person_is_asked_about_the_latest_draft_alone(store: Store, project: Project) -> None:
    goal, session = store.plans.start(project.id, "G", "", current_process())
    store.plans.save_draft(goal.id, DRAFT)
    store.plans.ask(goal.id, session.id, "Accept (2 tasks)?", {"tasks": 2})
    for tasks in (3, 3):
        later = store.plans.go_on(goal, None, "", current_process())
        store.plans.ask(goal.id, later.id, f"Accept ({tasks} tasks)?", {"tasks": tasks})
        assert store.sessions.get(later.id).stop_reason == "waiting_for_approval"
    assert [asked.question for asked in store.approvals.open(goal_id=goal.id)] == ["Accept (3 tasks)?"]
    assert store.plans.record(goal.id).asked


@pytest.mark.parametrize("accepted", [True, False])
def test_a_decision_about_the_plan_closes_its_questions(store: Store, project: Project, *, accepted: bool) -> None:
    goal, session = store.plans.start(project.id, "G", "", current_process())
    store.plans.save_draft(goal.id, DRAFT)
    store.approvals.ask(project.id, goal.id, "question", "Which?", {"options": []})
    store.plans.ask(goal.id, session.id, "Accept?", {})
    if accepted:
        store.plans.accept(goal.id)
    else:
        store.plans.reject(goal.id, "not so")
    assert store.approvals.open(goal_id=goal.id) == []
    answers = {asked.kind: asked.answer for asked in store.approvals.for_node(goal.id)}
    assert answers == {"plan": "approved" if accepted else "rejected", "question": "rejected"}


def test_what_a_project_has_used_is_summed_by_completed_task(store: Store, project: Project, goal: Node) -> None:
    task, _open_task = add_task(store, goal), add_task(store, goal)
    for _attempt in range(2):
        work = begin(store, goal)
        store.iterations.finish(work.claim, ended(Action.RETRY, spending=Spending(input=10, output=1, calls=1)))
    assert store.plans.used(project.id) == []
    store.graph.set_status(task.id, Status.COMPLETED)
    assert store.plans.used(project.id) == [PastTask(None, 22, 0.0)]


def test_a_plan_that_waited_while_its_goal_was_completed_opens_it_again(store: Store, goal: Node) -> None:
    old = add_task(store, goal)
    store.plans.save_draft(goal.id, PlanDraft("s", (TaskDraft("n", "New", "", ("done",), (Check("make"),)),)))
    store.graph.set_status(old.id, Status.COMPLETED)
    assert store.graph.get(goal.id).status is Status.COMPLETED
    (new,) = store.plans.accept(goal.id)
    assert (store.graph.get(goal.id).status, new.status) == (Status.ACTIVE, Status.READY)
