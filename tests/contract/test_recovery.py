"""What dead processes left is put back: with processes that really died, and twice without harm."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ostinato.base.errors import ClaimLostError
from ostinato.base.ids import IterationId
from ostinato.base.process import ProcessIdentity, current_process
from ostinato.base.spending import Spending
from ostinato.graph.actors import Actor
from ostinato.graph.details import OutcomeDetails
from ostinato.graph.events import EventKind
from ostinato.graph.iterations import Ending
from ostinato.graph.plan import PlanDraft, TaskDraft
from ostinato.graph.projects import Project
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Node, NodeType, Status
from ostinato.loop.decide import Action
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from tests.contract.recovering import recover
from tests.unit.store.dying import dead
from tests.unit.store.work import LEASE, add_task, begin, claim_next, ended

__all__ = ["dead"]

THERE = ProcessIdentity("another-host", "boot", 7, "1")


def kinds_since(store: Store, seq: int) -> list[EventKind]:
    return [event.kind for event in store.events.after(seq)]


def test_nothing_is_done_when_all_is_well(store: Store, project: Project, goal: Node) -> None:
    add_task(store, goal)
    work = begin(store, goal)
    before = store.events.last_seq()
    assert recover(store, project.id, landed={}) == []
    assert store.tasks.holds(work.claim)
    assert store.events.last_seq() == before


def test_an_unfinished_iteration_of_a_dead_process_uses_no_attempt(
    store: Store, project: Project, goal: Node, dead: ProcessIdentity
) -> None:
    task = add_task(store, goal)
    work = begin(store, goal, dead)
    before = store.events.last_seq()
    lines = recover(store, project.id, landed={})
    after = store.graph.get(task.id)
    assert (after.status, after.task.attempts, after.assigned_to) == (Status.READY, 0, None)
    record = store.iterations.get(work.iteration.id)
    assert (record.ending, record.decision, record.verdict) == (Ending.CRASHED, "release", None)
    session = store.sessions.get(work.session.id)
    assert session.stop_reason == "crashed"
    assert session.handoff_notes == store.graph.notes(goal.id)
    assert f"- {task.id}: A task [ready]" in (session.handoff_notes or "")
    assert kinds_since(store, before).count(EventKind.RECOVERED) == len(lines) == 2
    assert [n for n in store.graph.descendants(goal.id) if n.node_type is NodeType.OUTCOME] == []


def test_recovering_twice_gives_nothing_the_second_time(
    store: Store, project: Project, goal: Node, dead: ProcessIdentity
) -> None:
    add_task(store, goal)
    begin(store, goal, dead)
    assert recover(store, project.id, landed={})
    before = store.events.last_seq()
    assert recover(store, project.id, landed={}) == []
    assert store.events.last_seq() == before


def test_a_landed_commit_completes_its_task(store: Store, project: Project, goal: Node, dead: ProcessIdentity) -> None:
    task = add_task(store, goal)
    work = begin(store, goal, dead)
    landed = {work.iteration.id: "c0ffee", IterationId("iter-other"): "beef"}
    lines = recover(store, project.id, landed=landed)
    assert "c0ffee" in lines[0]
    assert store.graph.get(task.id).status is Status.COMPLETED
    assert store.graph.get(goal.id).status is Status.COMPLETED
    record = store.iterations.get(work.iteration.id)
    assert (record.decision, record.commit, record.ending) == ("done", "c0ffee", Ending.CRASHED)
    (outcome,) = [n for n in store.graph.descendants(goal.id) if n.node_type is NodeType.OUTCOME]
    assert outcome.details == OutcomeDetails(True, work.iteration.id, "c0ffee")
    assert recover(store, project.id, landed=landed) == []


def test_a_claim_that_began_nothing_is_freed(store: Store, project: Project, goal: Node, dead: ProcessIdentity) -> None:
    task = add_task(store, goal)
    session = store.sessions.start(project.id, goal.id, SessionKind.RALPH, process=dead)
    claim = claim_next(store, goal, session, dead)
    lines = recover(store, project.id, landed={})
    assert any("claim freed" in line for line in lines)
    assert store.graph.get(task.id).status is Status.READY
    assert not store.tasks.holds(claim)


def test_the_crashed_iteration_and_its_session_keep_what_they_spent(
    store: Store, project: Project, goal: Node, dead: ProcessIdentity
) -> None:
    add_task(store, goal)
    work = begin(store, goal, dead)
    for step in (1, 2):
        store.iterations.begin_step(work.iteration.id, step, {})
        store.iterations.end_step(work.iteration.id, step, Spending(input=10, calls=1, cost_usd=0.5), "m:x")
    store.iterations.begin_step(work.iteration.id, 3, {})
    recover(store, project.id, landed={})
    record = store.iterations.get(work.iteration.id)
    assert (record.steps, record.spending) == (3, Spending(input=20, calls=2, cost_usd=1.0))
    assert store.sessions.get(work.session.id).spending == record.spending


def test_a_plan_session_of_a_dead_process_ends_with_its_spending(
    store: Store, project: Project, dead: ProcessIdentity
) -> None:
    goal, session = store.plans.start(project.id, "G", "", dead)
    store.plans.save_draft(goal.id, PlanDraft("", (TaskDraft("a", "A"),)))
    store.iterations.end_step(session.id, 1, Spending(input=10, calls=1), "m:x")
    recover(store, project.id, landed={})
    ended_session = store.sessions.get(session.id)
    assert (ended_session.stop_reason, ended_session.spending) == ("crashed", Spending(input=10, calls=1))
    # The draft is not lost with the planner.
    assert store.plans.draft(goal.id) is not None


def test_a_plan_session_that_was_killed_in_its_second_conversation_counts_both_and_its_critics(
    store: Store, project: Project, dead: ProcessIdentity
) -> None:
    _, session = store.plans.start(project.id, "G", "", dead)
    one = Spending(input=10, calls=1)
    store.iterations.end_step(session.id, 1, one, "")
    store.sessions.add_spending(session.id, one)
    store.iterations.end_step(session.id, 2, one, "")
    store.iterations.end_step(f"{session.id}/critic-1", 1, one, "")
    store.iterations.end_step("sess-another", 1, one, "")
    recover(store, project.id, landed={})
    assert store.sessions.get(session.id).spending == one + one + one


def test_a_live_process_keeps_its_claim_while_its_lease_runs(
    store: Store, project: Project, goal: Node, clock: FakeClock
) -> None:
    task = add_task(store, goal)
    work = begin(store, goal)
    clock.advance(LEASE - 1)
    assert recover(store, project.id, landed={work.iteration.id: "c1"}) == []
    assert store.graph.get(task.id).status is Status.IN_PROGRESS


def test_a_hanging_process_loses_its_claim_when_its_lease_runs_out(
    store: Store, project: Project, goal: Node, clock: FakeClock
) -> None:
    task = add_task(store, goal)
    work = begin(store, goal)
    clock.advance(LEASE + 1)
    assert len(recover(store, project.id, landed={})) == 1
    assert store.graph.get(task.id).status is Status.READY
    with pytest.raises(ClaimLostError):
        store.iterations.finish(work.claim, ended(Action.DONE))
    # It may come back: its session goes on.
    assert store.sessions.get(work.session.id).ended_at is None


def test_another_host_is_judged_by_its_lease_alone(
    store: Store, project: Project, goal: Node, clock: FakeClock
) -> None:
    task = add_task(store, goal)
    work = begin(store, goal, THERE)
    assert recover(store, project.id, landed={}) == []
    clock.advance(LEASE - 1)
    assert recover(store, project.id, landed={}) == []
    clock.advance(2)
    assert len(recover(store, project.id, landed={})) == 2
    assert store.graph.get(task.id).status is Status.READY
    assert store.sessions.get(work.session.id).stop_reason == "crashed"


def test_a_session_on_another_host_stays_open_when_it_holds_no_claim(
    store: Store, project: Project, goal: Node, clock: FakeClock
) -> None:
    session = store.sessions.start(project.id, goal.id, SessionKind.RALPH, process=THERE)
    clock.advance(10_000)
    assert recover(store, project.id, landed={}) == []
    assert store.sessions.get(session.id).ended_at is None


def test_claims_and_sessions_by_hand_are_never_touched(
    store: Store, project: Project, goal: Node, clock: FakeClock
) -> None:
    task = add_task(store, goal)
    store.tasks.claim("ann", task_id=task.id)
    session = store.sessions.start(project.id, goal.id, SessionKind.RALPH)
    clock.advance(10_000_000)
    assert recover(store, project.id, landed={}, dead=lambda _: True) == []
    assert store.graph.get(task.id).status is Status.CLAIMED
    assert store.sessions.get(session.id).ended_at is None


def test_a_worker_alone_may_die_while_its_session_lives(
    store: Store, project: Project, goal: Node, dead: ProcessIdentity
) -> None:
    task = add_task(store, goal)
    session = store.sessions.start(project.id, goal.id, SessionKind.RALPH, process=current_process())
    begin(store, goal, dead, session)
    assert len(recover(store, project.id, landed={})) == 1
    assert store.graph.get(task.id).status is Status.READY
    assert store.sessions.get(session.id).ended_at is None


def test_an_iteration_whose_claim_was_released_by_hand_ends(store: Store, project: Project, goal: Node) -> None:
    task = add_task(store, goal)
    work = begin(store, goal)
    store.tasks.release(task.id)
    assert len(recover(store, project.id, landed={})) == 1
    assert store.iterations.get(work.iteration.id).ending is Ending.CLAIM_LOST
    assert store.graph.get(task.id).status is Status.READY


def test_another_workers_claim_stays_when_a_former_iteration_is_ended(
    store: Store, project: Project, goal: Node
) -> None:
    task = add_task(store, goal)
    former = begin(store, goal)
    store.tasks.release(task.id)
    present = begin(store, goal, session=former.session)
    recover(store, project.id, landed={former.iteration.id: "c1"})
    assert store.tasks.holds(present.claim)
    assert store.graph.get(task.id).status is Status.IN_PROGRESS
    assert store.iterations.get(former.iteration.id).commit == "c1"
    assert store.iterations.get(present.iteration.id).ended_at is None


def test_another_project_is_left_alone(store: Store, project: Project, goal: Node, dead: ProcessIdentity) -> None:
    add_task(store, goal)
    work = begin(store, goal, dead)
    assert recover(store, store.projects.add("/other").id, landed={}) == []
    assert store.tasks.holds(work.claim)


def test_a_reused_pid_is_not_the_process_that_died(store: Store, project: Project, goal: Node) -> None:
    add_task(store, goal)
    begin(store, goal, replace(current_process(), started="before"))
    assert len(recover(store, project.id, landed={})) == 2


def test_the_events_say_what_was_recovered(store: Store, project: Project, goal: Node, dead: ProcessIdentity) -> None:
    task = add_task(store, goal)
    begin(store, goal, dead)
    lines = recover(store, project.id, landed={})
    told = [event for event in store.events.after(0) if event.kind is EventKind.RECOVERED]
    assert [event.payload["what"] for event in told] == lines
    assert [event.node_id for event in told] == [task.id, goal.id]
    assert {event.payload["by"] for event in told} == {Actor("loop").by}
