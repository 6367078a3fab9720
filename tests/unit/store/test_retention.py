"""What retention takes, what it must leave, and that the file stops growing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ostinato.agent.facts import PastAttempt
from ostinato.agent.past import attempt_items
from ostinato.app.report import read_report
from ostinato.base.ids import NodeId, SessionId
from ostinato.chat.messages import ToolMessage
from ostinato.graph.actors import Actor
from ostinato.graph.events import EventKind
from ostinato.graph.iterations import Claim
from ostinato.graph.requests import NewNode
from ostinato.graph.retention import NARRATED, Keep, Policy, Share
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Node, NodeType, Status
from ostinato.loop.decide import Action
from ostinato.store.database import queries
from ostinato.store.soundness import counts
from ostinato.store.store import Store, open_store
from ostinato.testing.fake_clock import FakeClock
from tests.unit.night import Night, night
from tests.unit.store.work import add_task, begin, ended

DAY = 86_400.0
FOR_EVER = Keep(None, None)


@pytest.fixture
def worked(store: Store) -> Night:
    """A night of work."""
    return night(store, "/shop")


def all_older_than(clock: FakeClock, days: float) -> Policy:
    keep = Keep(clock.now() - timedelta(days=days), None)
    return Policy(keep, keep, keep)


def test_text_goes_and_facts_stay_when_it_is_old(store: Store, clock: FakeClock, worked: Night) -> None:
    before = store.iterations.get(worked.first)
    told = [event for event in store.events.after(0) if event.kind not in NARRATED]
    cost = store.looking.steps_of([worked.first])
    files = read_report(store, worked.goal).tasks[0].files
    history = store.decisions.history(worked.goal.project_id)
    notes = store.graph.notes(worked.goal.id)
    clock.advance(100 * DAY)
    policy = all_older_than(clock, 90)

    due = store.retention.due(policy)
    assert store.retention.prune(policy) == due

    assert due.transcripts.count == 4
    assert store.iterations.transcript(worked.first) == []
    now = store.iterations.get(worked.first)
    assert now.transcript_gone_at and now.evidence_gone_at
    assert "more" in before.diff and "more" not in now.diff
    assert [run.output for run in store.iterations.check_runs(iteration_id=worked.first)] == ["", ""]
    assert store.events.after(0) == told
    # Costs, verdicts, reasons and the report of the goal are facts.
    assert store.looking.steps_of([worked.first]) == cost
    assert (now.reasons, now.verdict, now.spending) == (before.reasons, before.verdict, before.spending)
    assert read_report(store, worked.goal).tasks[0].files == files
    assert store.decisions.history(worked.goal.project_id) == history
    assert store.graph.notes(worked.goal.id) == notes
    assert store.retention.due(policy).nothing


def test_evidence_of_tasks_that_are_not_over_stays(store: Store, clock: FakeClock, worked: Night) -> None:
    """The next attempt's briefing tells of the earlier ones, however long the task waited."""
    clock.advance(1000 * DAY)
    said = briefing(store, worked.failed)
    taken = store.retention.prune(all_older_than(clock, 1))
    assert taken.evidence.count == 1, "only the completed task's"
    assert briefing(store, worked.failed) == said
    assert "boom" in said
    assert store.iterations.get(worked.last).evidence_gone_at is None


def test_nothing_of_an_open_session_goes(store: Store, clock: FakeClock, goal: Node) -> None:
    add_task(store, goal)
    work = begin(store, goal)
    store.iterations.begin_step(work.iteration.id, 1, {})
    tell(store, work.session.id, 3)
    store.iterations.finish(work.claim, ended(Action.DONE, diff="diff --git a/x b/x\n@@\n+x\n"))
    clock.advance(1000 * DAY)
    assert store.retention.due(all_older_than(clock, 1)).nothing
    assert store.retention.prune(all_older_than(clock, 1)).nothing
    store.sessions.end(work.session.id)
    clock.advance(2 * DAY)
    due = store.retention.due(all_older_than(clock, 1))
    assert (due.transcripts.count, due.evidence.count, due.events.count) == (1, 1, 3)


def test_latest_talk_of_a_plan_that_may_go_on_stays(store: Store, clock: FakeClock, goal: Node) -> None:
    talks = []
    for number in range(3):
        session = store.sessions.start(goal.project_id, goal.id, SessionKind.PLAN)
        store.iterations.add_message(session.id, 1, f"system {number}")
        store.iterations.add_message(f"{session.id}/critic-1", 1, f"critic {number}")
        store.sessions.end(session.id)
        talks.append(session.id)
        clock.advance(DAY)
    clock.advance(1000 * DAY)
    assert store.retention.prune(all_older_than(clock, 1)).transcripts.count == 2
    left = [len(store.iterations.transcript(talk)) for talk in talks]
    critics = [len(store.iterations.transcript(f"{talk}/critic-1")) for talk in talks]
    assert (left, critics) == ([0, 0, 1], [0, 0, 1])
    store.graph.set_status(goal.id, Status.CANCELLED)
    assert store.retention.prune(all_older_than(clock, 1)).transcripts.count == 1


def test_the_oldest_goes_first_and_only_so_much_when_there_is_too_much(
    store: Store, clock: FakeClock, goal: Node
) -> None:
    talked = []
    for number in range(4):
        add_task(store, goal)
        work = begin(store, goal)
        store.iterations.add_message(work.iteration.id, 1, ToolMessage("c", "t", f"{number}" * 100_000))
        store.iterations.finish(work.claim, ended(Action.DONE))
        store.sessions.end(work.session.id)
        talked.append(work.iteration.id)
    taken = store.retention.prune(Policy(Keep(None, 250_000), FOR_EVER, FOR_EVER))
    assert taken.transcripts.count == 2
    assert [len(store.iterations.transcript(one)) for one in talked] == [0, 0, 1, 1]
    assert store.retention.prune(Policy(Keep(None, 250_000), FOR_EVER, FOR_EVER)).nothing


def test_events_beyond_the_size_go_the_oldest_first(store: Store, goal: Node) -> None:
    session = store.sessions.start(goal.project_id, goal.id, SessionKind.RALPH)
    tell(store, session.id, 3000)
    store.sessions.end(session.id)
    last = store.events.last_seq()
    policy = Policy(FOR_EVER, FOR_EVER, Keep(None, 200_000))
    before = store.events.after(0, limit=10_000)
    taken = store.retention.prune(policy).events
    after = store.events.after(0, limit=10_000)
    assert taken.count == len(before) - len(after) > 1000
    narrated = [event.seq for event in after if event.kind in NARRATED]
    assert narrated == [event.seq for event in before if event.kind in NARRATED][-len(narrated) :]
    assert [e for e in before if e.kind not in NARRATED] == [e for e in after if e.kind not in NARRATED]
    assert store.events.last_seq() == last, "a number is never used twice"


def test_nothing_goes_when_everything_is_kept_for_ever(store: Store, clock: FakeClock, worked: Night) -> None:
    clock.advance(100_000 * DAY)
    assert store.retention.prune(Policy(FOR_EVER, FOR_EVER, FOR_EVER)).nothing


def test_a_bounded_run_takes_the_oldest_part_and_the_next_goes_on(
    store: Store, clock: FakeClock, worked: Night
) -> None:
    clock.advance(100 * DAY)
    policy = all_older_than(clock, 90)
    whole = store.retention.due(policy)
    parts = [store.retention.prune(policy, most=1) for _ in range(5)]
    assert [part.transcripts.count for part in parts] == [1, 1, 1, 1, 0]
    assert sum((part.transcripts for part in parts), Share()) == whole.transcripts


def test_the_file_stops_growing_when_what_grew_old_is_pruned(tmp_path: Path) -> None:
    """5,000 writes of a run, pruned, then 5,000 more: they take the space of the first."""
    clock = FakeClock()
    store = open_store(tmp_path / "size.db", clock)
    project = store.projects.add("/shop")
    sizes = []
    for _ in range(2):
        goal = store.graph.add_node(project.id, new_goal())
        add_task(store, goal)
        work = begin(store, goal)
        with store.db.transaction():
            for number in range(2_500):
                text = ToolMessage("c", "t", "x" * 1000)
                store.iterations.add_message(work.iteration.id, number, text)
                tell(store, work.session.id, 1)
        store.iterations.finish(work.claim, ended(Action.DONE))
        store.sessions.end(work.session.id)
        sizes.append(file_size(store))
        clock.advance(100 * DAY)
        store.retention.prune(all_older_than(clock, 90))
    assert sizes[0] < 6_000_000
    assert sizes[1] < sizes[0] * 1.1
    assert store.retention.used() < 1_000_000
    store.db.compact()
    assert file_size(store) < 1_000_000
    store.close()


def test_renewing_a_lease_leaves_no_rows(store: Store, goal: Node) -> None:
    add_task(store, goal)
    work = begin(store, goal)
    claim: Claim = work.claim
    before = rows(store)
    for _ in range(1000):
        claim = store.tasks.renew(claim, 60.0)
    assert rows(store) == before


def test_the_newest_sign_of_a_session_is_found_by_its_index(store: Store) -> None:
    for name, query in (("events", "latest_start"), ("looking", "last_event")):
        plan = store.db.execute(f"EXPLAIN QUERY PLAN {queries(name)[query]}", {"session_id": "sess-1"})
        assert "events_by_session" in " ".join(row["detail"] for row in plan)
    for query in ("events_due", "delete_events"):
        plan = store.db.execute(f"EXPLAIN QUERY PLAN {queries('retention')[query]}", {"before": "2026", "most": 1})
        assert "events_narrated" in " ".join(row["detail"] for row in plan)


def briefing(store: Store, task: NodeId) -> str:
    earlier = store.iterations.of_task(task)
    return "\n".join(
        attempt_items(tuple(PastAttempt(i, tuple(store.iterations.check_runs(iteration_id=i.id))) for i in earlier))
    )


def tell(store: Store, session: SessionId, count: int) -> None:
    actor = Actor("loop", session)
    payload = {"step": 1, "tool": "run_command", "arguments": "x" * 100}
    for _ in range(count):
        store.events.add(EventKind.TOOL_STARTED, project_id=None, actor=actor, payload=payload)


def rows(store: Store) -> dict[str, int]:
    return counts(store.db)


def file_size(store: Store) -> int:
    store.db.execute("PRAGMA wal_checkpoint(truncate)")
    return Path(store.db.path).stat().st_size


def new_goal() -> NewNode:
    return NewNode(NodeType.GOAL, "A goal")
