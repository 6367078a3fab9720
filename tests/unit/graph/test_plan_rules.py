"""The model-free checks of a plan: each rule with what it refuses and what it lets pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.plan import DecisionDraft, ObservationDraft, OptionDraft, PlanDraft, TaskDraft
from ostinato.graph.plan_rules import check_plan, check_results
from ostinato.graph.types import Check

GOOD = TaskDraft("a", "A", acceptance_criteria=("done",), checks=(Check("make a"),), file_scope=("src/**/*.py",))


def task(key: str, **changes: Any) -> TaskDraft:
    return replace(GOOD, key=key, title=f"Task {key}", **changes)


def rules(*tasks: TaskDraft, **facts: Any) -> list[str]:
    return [finding.rule for finding in check_plan(PlanDraft("s", tasks), **facts)]


def test_a_sound_plan_has_no_finding() -> None:
    options = (OptionDraft("X"), OptionDraft("Y"))
    draft = PlanDraft(
        "s",
        (GOOD, task("b", depends_on=("a", "os-1.1")), task("c", checks=(), judge=True)),
        (DecisionDraft("D", options=options, chosen="X"), DecisionDraft("E", options=options)),
        (ObservationDraft("seen"),),
    )
    assert check_plan(draft, known_ids={"os-1.1"}, open_titles=["Other"]) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"key": " "}, "no-key"),
        ({"title": " \n"}, "no-title"),
        ({"acceptance_criteria": ()}, "no-criteria"),
        ({"acceptance_criteria": (" ",)}, "no-criteria"),
        ({"acceptance_criteria": (), "judge": True}, "no-criteria"),
        ({"checks": ()}, "no-check"),
        ({"checks": (Check("make", guard=True),)}, "only-guards"),
        ({"checks": (Check("  "),)}, "empty-command"),
        ({"checks": (Check("make", timeout=0),)}, "timeout"),
        ({"checks": (Check("make", timeout=-1.5),)}, "timeout"),
        ({"checks": (Check("make", timeout=1e308),)}, "timeout"),
        ({"checks": (Check("make", working_dir="/tmp"),)}, "working-dir"),
        ({"depends_on": ("z",)}, "dangling"),
        ({"depends_on": ("a",)}, "cycle"),
    ],
)
def test_a_task_is_found_wanting_when_it_breaks_a_rule(changes: dict[str, Any], rule: str) -> None:
    assert rules(replace(GOOD, **changes)) == [rule]


@pytest.mark.parametrize(
    "pattern",
    [
        "/etc/passwd",
        "../x",
        "src/../../x",
        "~/x",
        "~root",
        ".git",
        ".git/hooks/*",
        "sub/.GIT/x",
        "C:\\x",
        "a\\..\\b",
        "",
        "a\nb",
    ],
)
def test_a_scope_is_refused_when_it_may_leave_the_project(pattern: str) -> None:
    assert rules(replace(GOOD, file_scope=(pattern,))) == ["scope"]


@pytest.mark.parametrize("pattern", [".gitignore", ".github/**", "src/a..b", "**", "./src", "docs/~x.md", "*.git"])
def test_a_scope_passes_when_it_stays_inside(pattern: str) -> None:
    assert rules(replace(GOOD, file_scope=(pattern,))) == []


def test_guards_alone_pass_when_a_person_judges() -> None:
    assert rules(replace(GOOD, checks=(Check("make", guard=True),), judge=True)) == []


def test_an_empty_plan_is_refused() -> None:
    assert rules() == ["no-tasks"]


def test_titles_are_compared_without_case_and_blanks() -> None:
    assert rules(replace(GOOD, title="Add  It"), replace(GOOD, key="b", title="add it ")) == ["same-title"]
    assert rules(replace(GOOD, title="Straße"), open_titles=["STRASSE"]) == ["same-title"]


def test_keys_must_differ() -> None:
    assert rules(task("a"), replace(task("a"), title="Other")) == ["same-key"]


def test_a_cycle_is_named_with_its_path() -> None:
    tasks = (task("x", depends_on=("a",)), task("a", depends_on=("b",)), task("b", depends_on=("c",)))
    found = check_plan(PlanDraft("", (*tasks, task("c", depends_on=("a",)))))
    assert [finding.rule for finding in found] == ["cycle"]
    assert "a → b → c → a:" in found[0].message


def test_a_diamond_is_no_cycle() -> None:
    assert (
        rules(task("a", depends_on=("b", "c")), task("b", depends_on=("d",)), task("c", depends_on=("d",)), task("d"))
        == []
    )


def test_a_chain_of_thousands_is_judged_when_it_closes_at_its_end() -> None:
    chain = [task(str(n), depends_on=(str(n + 1),)) for n in range(5000)]
    assert rules(*chain, task("5000")) == []
    assert rules(*chain, task("5000", depends_on=("0",))) == ["cycle"]


@pytest.mark.parametrize(
    ("decision", "rule"),
    [
        (DecisionDraft(" ", options=(OptionDraft("X"), OptionDraft("Y"))), "no-title"),
        (DecisionDraft("D", options=(OptionDraft("X"),)), "few-options"),
        (DecisionDraft("D", options=(OptionDraft("X"), OptionDraft(""))), "no-title"),
        (DecisionDraft("D", options=(OptionDraft("X"), OptionDraft("x "))), "same-title"),
        (DecisionDraft("D", options=(OptionDraft("X"), OptionDraft("Y")), chosen="Z"), "no-such-option"),
        (DecisionDraft("D", options=(OptionDraft("X"), OptionDraft("Y")), forbids_paths=("../x",)), "forbids"),
        (DecisionDraft("D", options=(OptionDraft("X"), OptionDraft("Y")), forbids_paths=("src", "**")), "forbids"),
        (DecisionDraft("D", options=(OptionDraft("X"), OptionDraft("Y")), forbids_dependencies=("a b",)), "forbids"),
    ],
)
def test_a_decision_is_found_wanting_when_it_breaks_a_rule(decision: DecisionDraft, rule: str) -> None:
    assert [f.rule for f in check_plan(PlanDraft("", (GOOD,), (decision,)))] == [rule]


def run(exit_code: int | None, output: str = "") -> CheckRun:
    status = {0: CheckStatus.PASSED, 1: CheckStatus.FAILED}.get(exit_code or 0, CheckStatus.INCONCLUSIVE)
    if exit_code is None:
        status = CheckStatus.INCONCLUSIVE
    return CheckRun("make a", status, exit_code, 0.1, output, CheckPhase.PLAN)


@pytest.mark.parametrize(
    ("guard", "exit_code", "expected"),
    [
        (False, 0, ["green-on-base"]),
        (False, 1, []),
        (False, 126, ["cannot-run"]),
        (False, 127, ["cannot-run"]),
        (False, None, []),
        (False, -9, []),
        (True, 0, []),
        (True, 1, ["red-guard"]),
        (True, 127, ["cannot-run"]),
        (True, None, []),
    ],
)
def test_a_run_on_the_base_is_judged_by_exit_code_and_guard(
    guard: bool, exit_code: int | None, expected: list[str]
) -> None:
    draft = PlanDraft("", (replace(GOOD, checks=(Check("make a", guard=guard),)),))
    found = check_results(draft, {("a", "make a"): run(exit_code)})
    assert [finding.rule for finding in found] == expected
    assert all(finding.task == "a" for finding in found)


def test_a_check_is_not_judged_when_it_did_not_run() -> None:
    assert check_results(PlanDraft("", (GOOD,)), {("b", "make a"): run(0)}) == []


def test_the_first_line_of_output_is_shown_when_a_check_cannot_run() -> None:
    found = check_results(PlanDraft("", (GOOD,)), {("a", "make a"): run(127, "\n sh: make: not found\nmore\n")})
    assert "(sh: make: not found)" in found[0].message
    assert "more" not in found[0].message
