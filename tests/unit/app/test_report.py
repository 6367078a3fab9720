"""What a report tells of a worked goal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ostinato.app.pull_request import pull_request_text
from ostinato.app.report import read_report
from ostinato.app.report_values import Learned
from ostinato.base.diffstat import FileChange, diffstat
from ostinato.graph.requests import NewNode
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import NodeType, Priority, Status
from ostinato.loop.decide import Action
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.prepared_database import open_memory
from tests.unit.night import COMMIT, HOSTILE, SPENT, Night, night
from tests.unit.store.work import add_task, begin, ended


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_memory(FakeClock())
    yield opened
    opened.close()


@pytest.fixture
def worked(store: Store, tmp_path: Path) -> Night:
    return night(store, str(tmp_path / "repository"))


def test_tasks_are_told_with_commit_proof_and_attempts(store: Store, worked: Night) -> None:
    report = read_report(store, store.graph.get(worked.goal.id))
    by_id = {task.node.id: task for task in report.tasks}
    done = by_id[worked.done]
    assert (done.commit, done.files) == (COMMIT, (FileChange("read.py", 2, 1),))
    assert done.judged_by == "checks"
    assert [run.command for run in done.proofs] == ["make test"]
    assert done.was_red == {"make test"}
    assert report.changed == (FileChange("read.py", 2, 1),)

    failed = by_id[worked.failed]
    assert [attempt.iteration.attempt for attempt in failed.attempts] == [1, 2]
    assert [run.output for run in failed.attempts[1].red_runs] == ["boom: It divides sums."]
    assert failed.spending == SPENT + SPENT
    assert [task.node.id for task in report.failed] == [worked.failed]
    # What waits for the failed one has not failed itself.
    assert {task.node.status for task in report.left} == {Status.REVIEW, Status.BLOCKED}


def test_spending_is_told_by_day_and_model_and_sums_up(store: Store, worked: Night) -> None:
    store.db.execute("UPDATE steps SET model = '' WHERE owner_id = :id", {"id": worked.first})
    report = read_report(store, worked.goal)
    assert report.spending == sum([SPENT] * 3, SPENT)
    assert {one.name: one.spending.tokens for one in report.by_model} == {
        "some:model": 3300,
        "model not recorded": 1100,
    }
    assert sum(one.spending.tokens for one in report.by_day) == report.spending.tokens


def test_calls_without_an_answer_are_told_apart(store: Store, worked: Night) -> None:
    store.sessions.add_spending(worked.session.id, SPENT)
    report = read_report(store, worked.goal)
    assert {one.name: one.spending.tokens for one in report.by_model}["calls that brought no answer"] == 1100


def test_decisions_name_what_was_not_taken_and_why(store: Store, worked: Night) -> None:
    (decision,) = read_report(store, worked.goal).decisions
    assert decision.chosen
    assert (decision.chosen.node.title, decision.chosen.reason) == ("Split", "enough for sums")
    assert [other.node.title for other in decision.others] == ["Parse sums"]
    store.graph.set_status(worked.decision, Status.SUPERSEDED)
    (superseded,) = read_report(store, worked.goal).decisions
    assert superseded.chosen is None


def test_a_session_is_told_without_what_others_did(store: Store, worked: Night) -> None:
    later = store.sessions.start(worked.goal.project_id, worked.goal.id, SessionKind.PLAN)
    added = store.graph.add_node(worked.goal.project_id, NewNode(NodeType.TASK, "Later", parent_id=worked.goal.id))
    store.sessions.end(later.id, stop_reason="accepted")
    first = read_report(store, worked.goal, worked.session)
    assert added.id not in {task.node.id for task in first.tasks}
    assert first.spending == worked.session.spending
    second = read_report(store, worked.goal, store.sessions.get(later.id))
    assert [task.node.id for task in second.tasks] == [added.id]
    assert second.spending.tokens == 0
    assert {moment.mark for moment in second.timeline} == {"session"}


def test_the_number_of_statements_does_not_grow_with_the_tasks(store: Store, worked: Night, tmp_path: Path) -> None:
    def statements() -> int:
        ran: list[str] = []
        store.db._connection.exec_trace = lambda _cursor, sql, _bindings: bool(ran.append(sql)) or True
        read_report(store, worked.goal)
        store.db._connection.exec_trace = None
        return len(ran)

    before = statements()
    for number in range(60):
        store.graph.add_node(worked.goal.project_id, NewNode(NodeType.TASK, f"Task {number}", parent_id=worked.goal.id))
    assert before > 5
    assert statements() <= before + 2


def test_a_pull_request_lists_work_decisions_and_proof_without_chatter(store: Store, worked: Night) -> None:
    text = pull_request_text(read_report(store, store.graph.get(worked.goal.id)))
    assert f"- [x] Read sums ({COMMIT[:10]})" in text
    assert "- [ ] Divide sums — failed" in text
    assert "- **How it reads** → Split: enough for sums" in text
    assert "  - not: Parse sums (long)" in text
    assert "- `make test` — Read sums; red before the work" in text
    assert "> It reads sums." in text
    for chatter in ("sess-", "iter-", "tokens", "$0", "boom"):
        assert chatter not in text


def test_a_pull_request_takes_hostile_text_by_its_word(store: Store, tmp_path: Path) -> None:
    worked = night(store, str(tmp_path / "other"), title=HOSTILE, word=HOSTILE)
    text = pull_request_text(read_report(store, worked.goal))
    for harm in ("<script>", "\x1b", "\u202e", "**bold** `", "@everyone", "[x](http"):
        assert harm not in text.replace("`make test`", "")


def test_work_without_evidence_says_so(store: Store, worked: Night) -> None:
    by_hand = store.graph.add_node(worked.goal.project_id, NewNode(NodeType.TASK, "By hand", parent_id=worked.goal.id))
    whole = store.graph.add_node(worked.goal.project_id, NewNode(NodeType.TASK, "Whole", parent_id=worked.goal.id))
    part = store.graph.add_node(worked.goal.project_id, NewNode(NodeType.TASK, "Part", parent_id=whole.id))
    for task in (by_hand, part):
        store.graph.set_status(task.id, Status.COMPLETED)
    judged = {t.node.id: t.judged_by for t in read_report(store, worked.goal).tasks}
    assert judged[by_hand.id] == "set by hand, without evidence"
    assert judged[whole.id] == "its parts are done"
    assert judged[worked.failed] == ""


def test_diffs_of_all_kinds_are_counted() -> None:
    diff = (
        "diff --git a/old name.py b/new name.py\nsimilarity index 90%\nrename from old name.py\nrename to new name.py\n"
        "--- a/old name.py\n+++ b/new name.py\n@@ -1,2 +1,2 @@\n--- dashes\n+++ pluses\n same\n"
        "diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
        "diff --git a/pic.png b/pic.png\nnew file mode 100644\nBinary files /dev/null and b/pic.png differ\n"
    )
    assert diffstat(diff) == (
        FileChange("new name.py", 1, 1),
        FileChange("gone", 0, 1),
        FileChange("pic.png", 0, 0),
    )
    assert diffstat("") == ()


@pytest.mark.parametrize(
    ("description", "asked"),
    [
        ("A calculator", ""),
        ("A calculator\n\nIt adds.", "It adds."),
        # The title is the beginning of a paragraph here: what is left would be no sentence.
        ("A calculator\nthat adds.", "A calculator\nthat adds."),
        ("It adds.", "It adds."),
    ],
)
def test_what_was_asked_is_told_without_the_title_that_stands_alone(
    store: Store, worked: Night, description: str, asked: str
) -> None:
    report = read_report(store, store.graph.get(worked.goal.id))
    assert replace(report, goal=replace(report.goal, title="A calculator", description=description)).asked == asked


def test_an_interrupted_iteration_is_no_attempt_in_the_report(store: Store, worked: Night) -> None:
    add_task(store, worked.goal, "Print it", "make test", priority=Priority.CRITICAL)
    first = begin(store, worked.goal)
    store.iterations.finish(first.claim, ended(Action.RELEASE, "interrupted"))
    second = begin(store, worked.goal)
    store.iterations.finish(second.claim, ended(Action.DONE, commit=COMMIT))
    report = read_report(store, store.graph.get(worked.goal.id))
    (task,) = (one for one in report.tasks if one.node.id == second.claim.task_id)
    assert (len(task.attempts), task.tries) == (2, 1)


def test_what_was_learned_is_told_once_where_title_and_description_are_one(store: Store, worked: Night) -> None:
    node = store.graph.get(worked.goal.id)
    assert Learned(replace(node, title="Cut at a dash", description="Cut at a dash\n")).told == ""
    assert Learned(replace(node, title="Cut", description="Cut at a dash.")).told == "Cut at a dash."
