"""What an attempt may have changed, and when work without a change is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from ostinato.agent.converse import ConversationEnd
from ostinato.agent.profiles import CODER, RESEARCHER, REVIEWER, TESTER
from ostinato.base.ids import NodeId, ProjectId
from ostinato.base.spending import Spending
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.iterations import Ending
from ostinato.graph.opinion import Opinion
from ostinato.graph.plan import PlanDraft, TaskDraft
from ostinato.graph.plan_rules import check_plan
from ostinato.graph.types import Check, Node, NodeType, Priority, Status, TaskDetails
from ostinato.loop.crew import BuiltInCrew, hand_for
from ostinato.loop.decide import Action, Decision
from ostinato.loop.draft_profiles import check_profiles, without_change
from ostinato.loop.profiled import decided_by_record, harvest_scope, judged_by_record, out_of_reach
from ostinato.loop.workbench import CoderTools
from ostinato.verify.types import Change, Verdict, VerdictKind

NOTHING = Change("t", "t", "")


def tools(*, recorded: int = 0, opinion: Opinion | None = None) -> CoderTools:
    return CoderTools(None, frozenset, lambda: 0, lambda: recorded, lambda: opinion)  # type: ignore[arg-type]


def ended(ending: Ending = Ending.COMPLETE) -> ConversationEnd:
    return ConversationEnd(ending, "so", 3, 3, Spending())


def run(status: CheckStatus) -> CheckRun:
    code = 0 if status is CheckStatus.PASSED else 1
    return CheckRun("make lint", status, code, 0.1, "", CheckPhase.BASE, NodeId("x"))


def kind(verdict: Verdict | None) -> VerdictKind | None:
    return verdict.kind if verdict else None


def test_paths_out_of_reach_are_named_for_whom_and_why() -> None:
    change = Change("t", "u", "…", ("src/a.py", "tests/test_a.py", "web/a.test.ts", "spec/a_spec.rb"))
    assert out_of_reach(CODER, change) == ()
    (said,) = out_of_reach(TESTER, change)
    assert said.startswith("src/a.py is out of reach of a tester, which writes only **/tests/**")
    assert len(out_of_reach(RESEARCHER, change)) == 4
    both = replace(TESTER, scopes=(("tests/**",), ("**/*.py",)))
    assert len(out_of_reach(both, change)) == 3, "every scope must cover a path"


def test_findings_are_done_when_they_are_recorded_and_nothing_else_counts() -> None:
    green, red = run(CheckStatus.PASSED), run(CheckStatus.FAILED)

    def judged(end: Ending = Ending.COMPLETE, recorded: int = 1, *runs: CheckRun) -> VerdictKind | None:
        return kind(judged_by_record(RESEARCHER, NOTHING, ended(end), tools(recorded=recorded), runs))

    assert judged() is VerdictKind.PASSED
    assert judged(Ending.COMPLETE, 1, green) is VerdictKind.PASSED
    assert judged(Ending.COMPLETE, 1, green, red) is VerdictKind.FAILED
    assert judged(Ending.COMPLETE, 1, run(CheckStatus.INCONCLUSIVE)) is VerdictKind.INCONCLUSIVE
    assert judged(Ending.COMPLETE, 0) is VerdictKind.FAILED, "its word is no proof"
    assert judged(Ending.STEP_LIMIT) is VerdictKind.FAILED, "half an answer is none"
    assert judged(Ending.TEXT) is VerdictKind.FAILED
    assert judged(Ending.BLOCKED) is None, "it needs something: that is no failed attempt"


def test_review_is_done_when_it_approves_and_a_rejection_waits_for_a_person() -> None:
    def judged(opinion: Opinion | None) -> Verdict | None:
        return judged_by_record(REVIEWER, NOTHING, ended(), tools(opinion=opinion), ())

    assert kind(judged(Opinion(True))) is VerdictKind.PASSED
    assert kind(judged(None)) is VerdictKind.FAILED
    no = Opinion(False, ("a.py:1 breaks", "b.py:2\nlies"))
    verdict = judged(no)
    assert verdict is not None and verdict.reasons == no.reasons
    for action in (Action.RETRY, Action.FAIL):
        decision = decided_by_record(REVIEWER, tools(opinion=no), Decision(action, "red", uses_attempt=True))
        assert decision == Decision(Action.BLOCK, "the reviewer rejects: a.py:1 breaks; b.py:2 lies")


def test_decision_says_what_was_recorded() -> None:
    done, ask = Decision(Action.DONE, "all checks passed"), Decision(Action.REVIEW, "its checks pass")
    assert decided_by_record(RESEARCHER, tools(recorded=2), done).reason == "2 findings recorded"
    assert decided_by_record(RESEARCHER, tools(recorded=1), ask).reason.startswith("1 finding recorded, and a person")
    assert decided_by_record(REVIEWER, tools(opinion=Opinion(True)), done).reason == "approved"
    assert decided_by_record(CODER, tools(recorded=2), done) == done


def task(**details: object) -> Node:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Node(
        id=NodeId("os-1.1"),
        project_id=ProjectId("proj-1"),
        node_type=NodeType.TASK,
        title="T",
        status=Status.READY,
        priority=Priority.MEDIUM,
        created_at=now,
        details=TaskDetails(**details),  # type: ignore[arg-type]
    )


def test_files_that_commands_leave_behind_are_work_only_where_the_profile_writes() -> None:
    assert harvest_scope(task(), CODER) == ()
    assert harvest_scope(task(), TESTER) == TESTER.scopes[0]
    assert harvest_scope(task(file_scope=("src/**",)), TESTER) == ("src/**",)
    assert harvest_scope(task(file_scope=("src/**",)), RESEARCHER) == ("\0",)


def test_task_without_anybody_for_it_says_what_to_do() -> None:
    assert hand_for(BuiltInCrew(), task()).profile is CODER
    assert hand_for(BuiltInCrew(), task(profile="tester")).profile is TESTER
    assert "a planner does not work on tasks" in hand_for(BuiltInCrew(), task(profile="planner")).why_not
    lost = hand_for(BuiltInCrew(), task(profile="qa")).why_not
    assert "write it as a file, or name another with `ostinato node set os-1.1 --profile NAME`" in lost


def test_plan_may_give_research_without_a_check_and_never_with_one_that_must_turn_green() -> None:
    crew = BuiltInCrew()
    research = TaskDraft("r", "R", acceptance_criteria=("known",), profile="researcher")

    def findings(one: TaskDraft) -> list[str]:
        draft = PlanDraft("s", (one,))
        found = [*check_plan(draft, without_change=without_change(crew)), *check_profiles(draft, crew)]
        return [finding.rule for finding in found]

    assert findings(research) == []
    assert findings(replace(research, checks=(Check("make lint", guard=True),))) == []
    assert findings(replace(research, checks=(Check("make lint"),))) == ["profile"]
    assert findings(replace(research, profile="coder")) == ["no-check"]
    assert findings(replace(research, profile="planner", judge=True)) == ["profile"]
    assert findings(replace(research, profile=None, judge=True)) == []
