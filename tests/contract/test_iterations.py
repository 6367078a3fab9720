"""Iterations: fenced by the claim's token, ended in one transaction whatever was decided."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ostinato.base.errors import ClaimLostError, NotFoundError, RuleError
from ostinato.base.ids import IterationId
from ostinato.base.spending import Spending
from ostinato.graph.details import OutcomeDetails
from ostinato.graph.edges import EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.evidence import CheckPhase, CheckStatus
from ostinato.graph.iterations import Ending
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Node, NodeType, Status
from ostinato.loop.decide import Action
from ostinato.store.store import Store
from tests.unit.store.work import PASSED, RED, a_run, add_task, begin, claim_next, ended


def of_type(store: Store, goal: Node, node_type: NodeType) -> list[Node]:
    return [node for node in store.graph.descendants(goal.id) if node.node_type is node_type]


def test_a_start_puts_the_task_in_progress(store: Store, goal: Node) -> None:
    task = add_task(store, goal)
    work = begin(store, goal)
    assert work.iteration.id.startswith("iter-")
    assert (work.iteration.attempt, work.iteration.token) == (1, work.claim.token)
    assert work.iteration.ended_at is None
    assert store.graph.get(task.id).status is Status.IN_PROGRESS
    assert store.iterations.unfinished(goal.project_id) == [work.iteration]
    event = store.events.after(0)[-1]
    assert (event.kind, event.iteration_id, event.node_id) == (EventKind.ITERATION_STARTED, work.iteration.id, task.id)


def test_a_start_is_refused_when_the_claim_is_gone_or_used(store: Store, goal: Node) -> None:
    task = add_task(store, goal)
    work = begin(store, goal)
    with pytest.raises(RuleError, match="begun an iteration already"):
        store.iterations.start(work.session.id, work.claim, "base")
    with pytest.raises(ClaimLostError):
        store.iterations.start(work.session.id, replace(work.claim, token=99), "base")
    assert len(store.iterations.of_task(task.id)) == 1


@pytest.mark.parametrize(
    ("action", "status", "reason", "attempts"),
    [
        (Action.DONE, Status.COMPLETED, None, 0),
        (Action.REVIEW, Status.REVIEW, None, 0),
        (Action.RETRY, Status.READY, None, 1),
        (Action.RELEASE, Status.READY, None, 0),
        (Action.SPLIT, Status.READY, None, 0),
        (Action.FAIL, Status.FAILED, "w h y", 1),
        (Action.BLOCK, Status.BLOCKED, "w h y", 0),
        (Action.PARK, Status.BLOCKED, "w h y", 0),
    ],
)
def test_the_decision_becomes_the_status_of_the_task(
    store: Store, goal: Node, action: Action, status: Status, reason: str | None, attempts: int
) -> None:
    task = add_task(store, goal)
    work = begin(store, goal)
    record = store.iterations.finish(work.claim, ended(action, "w\nh\ny"))
    after = store.graph.get(task.id)
    assert (after.status, after.blocked_reason, after.task.attempts) == (status, reason, attempts)
    assert not store.tasks.holds(work.claim)
    assert record.decision == action
    assert store.iterations.unfinished(goal.project_id) == []


def test_all_facts_of_an_ended_iteration_are_kept(store: Store, goal: Node) -> None:
    add_task(store, goal)
    work = begin(store, goal)
    spent = Spending(100, 10, 1, 50, 5, 3, 0.25)
    finished = ended(Action.RETRY, verdict=RED, diff="+x\n", steps=4, spending=spent)
    record = store.iterations.finish(work.claim, finished)
    assert store.iterations.get(record.id) == record
    assert record.ended_at is not None
    assert (record.ending, record.ending_message) == (Ending.COMPLETE, "the agent's words")
    assert (record.verdict, record.reasons, record.fingerprint) == ("failed", ("make a: exit 1",), "f1")
    assert (record.diff, record.steps, record.spending, record.commit) == ("+x\n", 4, spent, None)
    assert store.sessions.get(work.session.id).spending == spent


def test_a_pass_with_a_commit_is_told_in_order(store: Store, goal: Node) -> None:
    add_task(store, goal)
    work = begin(store, goal)
    before = store.events.last_seq()
    store.iterations.finish(work.claim, ended(Action.DONE, verdict=PASSED, commit="c0ffee"))
    told = [event for event in store.events.after(before) if event.kind is not EventKind.NODE_STATUS]
    kinds = [EventKind.NODE_CREATED, EventKind.VERDICT, EventKind.COMMIT, EventKind.ITERATION_ENDED]
    assert [event.kind for event in told if event.kind is not EventKind.EDGE_ADDED] == kinds
    assert {event.iteration_id for event in told} == {work.iteration.id}
    assert told[-2].payload["commit"] == "c0ffee"


def test_an_outcome_hangs_on_the_task_when_something_was_tried(store: Store, goal: Node) -> None:
    task = add_task(store, goal, "Build")
    for action, verdict, success in ((Action.RETRY, RED, False), (Action.DONE, PASSED, True)):
        work = begin(store, goal)
        commit = "c1" if success else None
        store.iterations.finish(work.claim, ended(action, verdict=verdict, commit=commit))
        outcome = of_type(store, goal, NodeType.OUTCOME)[-1]
        assert outcome.parent_id == task.id
        assert outcome.status is Status.ACTIVE
        assert outcome.details == OutcomeDetails(success, work.iteration.id, commit)
        leads = [e for e in store.graph.edges_of(outcome.id) if e.edge_type is EdgeType.LEADS_TO]
        assert [edge.from_id for edge in leads] == [task.id]
    titles = [outcome.title for outcome in of_type(store, goal, NodeType.OUTCOME)]
    assert titles == ["Attempt 1 did not pass: Build", "Attempt 2 passed: Build"]


def test_the_title_of_the_outcome_is_the_loops_when_it_gives_one(store: Store, goal: Node) -> None:
    add_task(store, goal)
    work = begin(store, goal)
    store.iterations.finish(work.claim, ended(Action.DONE, outcome_title="Satisfied\nalready"))
    assert of_type(store, goal, NodeType.OUTCOME)[0].title == "Satisfied already"


def test_words_of_the_agent_that_are_the_reason_too_stand_in_the_outcome_once(store: Store, goal: Node) -> None:
    add_task(store, goal)
    store.iterations.finish(begin(store, goal).claim, ended(Action.BLOCK, "the agent's words"))
    assert of_type(store, goal, NodeType.OUTCOME)[0].description == "the agent's words"


def test_a_release_leaves_no_outcome(store: Store, goal: Node) -> None:
    add_task(store, goal)
    store.iterations.finish(begin(store, goal).claim, ended(Action.RELEASE))
    assert of_type(store, goal, NodeType.OUTCOME) == []


def test_a_failure_is_observed_for_those_who_come_later(store: Store, goal: Node) -> None:
    task = add_task(store, goal, "Build")
    store.iterations.finish(begin(store, goal).claim, ended(Action.FAIL, "3 of 3 attempts failed: red", verdict=RED))
    (seen,) = of_type(store, goal, NodeType.OBSERVATION)
    assert seen.parent_id == goal.id
    assert seen.title == f"{task.id} failed: Build"
    assert "3 of 3 attempts failed: red" in seen.description
    informs = [e for e in store.graph.edges_of(seen.id) if e.edge_type is EdgeType.INFORMS]
    assert [edge.to_id for edge in informs] == [task.id]


def test_the_parent_and_the_goal_are_completed_with_their_last_task(store: Store, goal: Node) -> None:
    parent = add_task(store, goal, "Parent")
    add_task(store, parent, "One")
    add_task(store, parent, "Two")
    store.iterations.finish(begin(store, goal).claim, ended(Action.DONE))
    assert store.graph.get(parent.id).status is Status.PENDING
    assert store.graph.get(goal.id).status is Status.ACTIVE
    store.iterations.finish(begin(store, goal).claim, ended(Action.DONE))
    assert store.graph.get(parent.id).status is Status.COMPLETED
    assert store.graph.get(goal.id).status is Status.COMPLETED


def test_a_parent_with_checks_becomes_ready_after_its_last_child(store: Store, goal: Node) -> None:
    parent = add_task(store, goal, "Parent", "make all")
    add_task(store, parent, "Child")
    store.iterations.finish(begin(store, goal).claim, ended(Action.DONE))
    assert store.graph.get(parent.id).status is Status.READY
    assert store.graph.get(goal.id).status is Status.ACTIVE


def test_a_split_parent_waits_for_its_children(store: Store, goal: Node) -> None:
    task = add_task(store, goal)
    work = begin(store, goal)
    add_task(store, task, "Child")
    store.iterations.finish(work.claim, ended(Action.SPLIT))
    assert store.graph.get(task.id).status is Status.PENDING


def test_a_late_worker_writes_nothing(store: Store, goal: Node) -> None:
    task = add_task(store, goal)
    late = begin(store, goal)
    store.tasks.release(task.id)
    present = begin(store, goal, session=late.session)
    before = store.events.last_seq()
    called: list[str] = []
    with pytest.raises(ClaimLostError):
        store.iterations.finish(late.claim, ended(Action.DONE), before_commit=lambda: called.append("moved"))
    assert called == []
    assert store.events.last_seq() == before
    assert store.iterations.get(late.iteration.id).ended_at is None
    assert store.tasks.holds(present.claim)
    assert store.graph.get(task.id).status is Status.IN_PROGRESS


def test_nothing_has_happened_when_the_branch_cannot_move(store: Store, goal: Node) -> None:
    task = add_task(store, goal)
    work = begin(store, goal)
    before = store.events.last_seq()

    def move() -> None:
        # Called last: all that is written stands already, for this transaction.
        assert store.iterations.get(work.iteration.id).decision == "done"
        assert store.graph.get(task.id).status is Status.COMPLETED
        assert store.sessions.get(work.session.id).spending.calls == 1
        raise ClaimLostError("the branch has moved")

    finished = ended(Action.DONE, verdict=PASSED, commit="c1", spending=Spending(calls=1))
    with pytest.raises(ClaimLostError, match="has moved"):
        store.iterations.finish(work.claim, finished, before_commit=move)
    assert store.iterations.get(work.iteration.id) == work.iteration
    assert store.graph.get(task.id).status is Status.IN_PROGRESS
    assert store.sessions.get(work.session.id).spending == Spending()
    assert store.events.last_seq() == before
    # The claim still holds, so the worker may end it another way.
    assert store.iterations.finish(work.claim, ended(Action.RELEASE)).decision == "release"


def test_an_iteration_ends_once(store: Store, goal: Node) -> None:
    add_task(store, goal)
    work = begin(store, goal)
    store.iterations.finish(work.claim, ended(Action.RETRY))
    with pytest.raises(ClaimLostError):
        store.iterations.finish(work.claim, ended(Action.DONE))
    with pytest.raises(RuleError, match="ended already"):
        store.iterations.abandon(work.iteration.id, Ending.CRASHED, "")
    with pytest.raises(RuleError, match="ended already"):
        store.iterations.complete_landed(work.iteration.id, "c1")


def test_a_claim_without_an_iteration_cannot_be_finished(store: Store, goal: Node) -> None:
    add_task(store, goal)
    session = store.sessions.start(goal.project_id, goal.id, SessionKind.RALPH)
    claim = claim_next(store, goal, session)
    with pytest.raises(RuleError, match="begun no iteration"):
        store.iterations.finish(claim, ended(Action.DONE))


def test_attempts_count_up_when_they_are_used(store: Store, goal: Node) -> None:
    task = add_task(store, goal)
    for action in (Action.RETRY, Action.RELEASE, Action.RETRY):
        store.iterations.finish(begin(store, goal).claim, ended(action))
    work = begin(store, goal)
    found = store.iterations.of_task(task.id)
    assert [iteration.attempt for iteration in found] == [1, 2, 2, 3]
    assert store.iterations.of_session(work.session.id) == [work.iteration]


def test_an_unknown_iteration_is_an_error(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.iterations.get(IterationId("iter-none"))


def test_check_runs_are_kept_with_their_events(store: Store, goal: Node) -> None:
    task = add_task(store, goal)
    work = begin(store, goal)
    red = replace(a_run("make a", CheckStatus.FAILED, CheckPhase.BASE, task), failing_tests=("t::a",), flaky=True)
    own = a_run("make all", CheckStatus.INCONCLUSIVE, CheckPhase.ATTEMPT)
    before = store.events.last_seq()
    store.iterations.add_check_runs(
        goal.project_id, (red, own), session_id=work.session.id, iteration_id=work.iteration.id
    )
    assert store.iterations.check_runs(iteration_id=work.iteration.id) == [red, own]
    assert store.iterations.check_runs(owner_id=task.id) == [red]
    assert store.iterations.check_runs(phase=CheckPhase.ATTEMPT) == [own]
    assert store.iterations.check_runs(iteration_id=work.iteration.id, phase=CheckPhase.PROOF) == []
    events = store.events.after(before)
    assert [(e.kind, e.node_id, e.payload["status"]) for e in events] == [
        (EventKind.CHECK_ENDED, task.id, "failed"),
        (EventKind.CHECK_ENDED, None, "inconclusive"),
    ]


def test_only_what_was_red_before_the_work_counts_as_red(store: Store, goal: Node) -> None:
    task, other = add_task(store, goal), add_task(store, goal)
    runs = [
        a_run("planned", CheckStatus.FAILED, CheckPhase.PLAN, task),
        a_run("base", CheckStatus.FAILED, CheckPhase.BASE, task),
        a_run("base", CheckStatus.PASSED, CheckPhase.BASE, task),
        a_run("attempted", CheckStatus.FAILED, CheckPhase.ATTEMPT, task),
        a_run("proved", CheckStatus.FAILED, CheckPhase.PROOF, task),
        a_run("green", CheckStatus.PASSED, CheckPhase.BASE, task),
        a_run("hung", CheckStatus.INCONCLUSIVE, CheckPhase.BASE, task),
        a_run("theirs", CheckStatus.FAILED, CheckPhase.BASE, other),
        a_run("project", CheckStatus.FAILED, CheckPhase.BASE),
    ]
    store.iterations.add_check_runs(goal.project_id, runs)
    assert store.iterations.red_commands(task.id) == {"planned", "base"}
