"""Reading a plan: what is tolerated, what is refused, and that a kept draft comes back as it was."""

from __future__ import annotations

from typing import Any

import pytest

from ostinato.graph.plan import DecisionDraft, ObservationDraft, OptionDraft, PlanDraft, TaskDraft
from ostinato.graph.plan_format import (
    PlanFormatError,
    from_json,
    parse_decision,
    parse_plan,
    parse_task,
    to_arguments,
    to_json,
)
from ostinato.graph.types import Check, Complexity, Priority

FULL: dict[str, Any] = {
    "summary": "Two steps",
    "tasks": [
        {
            "key": "a",
            "title": "Add the parser",
            "description": "Reads it",
            "acceptance_criteria": ["parses", "refuses"],
            "checks": [{"command": "pytest -k a", "timeout": 30, "working_dir": "sub", "guard": True}, "make b"],
            "depends_on": ["os-1.1"],
            "file_scope": ["src/**"],
            "complexity": "small",
            "priority": "high",
            "profile": "tester",
            "judge": True,
        },
        {"key": "b", "title": "Use it", "depends_on": ["a"]},
    ],
    "decisions": [
        {
            "title": "Which parser",
            "context": "There are two",
            "options": [{"title": "A", "pros": ["fast"]}, {"title": "B", "description": "old", "cons": ["slow"]}],
            "chosen": "A",
            "rationale": "speed",
            "forbids_paths": ["legacy/**"],
            "forbids_dependencies": ["lex", "yacc"],
            "supersedes": ["os-1.9"],
        }
    ],
    "observations": [{"title": "No tests yet", "description": "none at all"}],
}

DRAFT = PlanDraft(
    summary="Two steps",
    tasks=(
        TaskDraft(
            key="a",
            title="Add the parser",
            description="Reads it",
            acceptance_criteria=("parses", "refuses"),
            checks=(Check("pytest -k a", 30.0, "sub", guard=True), Check("make b")),
            depends_on=("os-1.1",),
            file_scope=("src/**",),
            complexity=Complexity.SMALL,
            priority=Priority.HIGH,
            profile="tester",
            judge=True,
        ),
        TaskDraft("b", "Use it", depends_on=("a",)),
    ),
    decisions=(
        DecisionDraft(
            "Which parser",
            "There are two",
            (OptionDraft("A", pros=("fast",)), OptionDraft("B", "old", cons=("slow",))),
            "A",
            "speed",
            ("legacy/**",),
            ("lex", "yacc"),
            ("os-1.9",),
        ),
    ),
    observations=(ObservationDraft("No tests yet", "none at all"),),
)


def test_a_plan_is_read_whole() -> None:
    assert parse_plan(FULL) == DRAFT


def test_a_draft_comes_back_equal_when_kept_as_json() -> None:
    draft = PlanDraft(DRAFT.summary, DRAFT.tasks, DRAFT.decisions, DRAFT.observations, red=(("a", "make b"),))
    assert from_json(to_json(draft)) == draft
    assert parse_plan(to_arguments(draft)) == DRAFT


def test_a_wrong_time_limit_survives_when_kept_as_json() -> None:
    draft = PlanDraft("", (TaskDraft("a", "A", checks=(Check("x", timeout=0.0),)),))
    assert from_json(to_json(draft)) == draft


def test_harmless_forms_are_accepted() -> None:
    task = {
        "title": "  T ",
        "key": None,
        "acceptance_criteria": "one",
        "checks": "make",
        "depends_on": None,
        "file_scope": ["", " src ", None],
        "complexity": " Small ",
        "judge": None,
    }
    plan = parse_plan({"summary": None, "tasks": task, "decisions": None, "observations": ["seen"], "thoughts": 1})
    assert plan.tasks == (
        TaskDraft("t1", "T", "", ("one",), (Check("make"),), file_scope=("src",), complexity=Complexity.SMALL),
    )
    assert plan.observations == (ObservationDraft("seen"),)


def test_missing_keys_are_derived_and_never_taken_when_others_are_given() -> None:
    plan = parse_plan({"tasks": [{"title": "A"}, {"title": "B", "key": "t1"}, {"title": "C"}, {"title": "D"}]})
    assert [task.key for task in plan.tasks] == ["t2", "t1", "t3", "t4"]


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        ({"title": 3}, "tasks[1]: title must be a text, not a number"),
        ({"title": "A", "judge": "yes"}, "tasks[1] ('A'): judge must be true or false, not a text"),
        ({"title": "A", "checks": [3]}, "checks[1] of tasks[1] ('A') must be an object, not a number"),
        ({"title": "A", "checks": [{"command": ["x"]}]}, "checks[1] of tasks[1] ('A'): command must be a text, not"),
        ({"title": "A", "checks": [{"command": "x", "timeout": "9"}]}, "timeout must be a number, not a text"),
        ({"title": "A", "checks": [{"command": "x", "timeout": True}]}, "timeout must be a number, not true or false"),
        ({"title": "A", "checks": [{"command": "x", "timeout": float("nan")}]}, "timeout must be a number"),
        ({"title": "A", "acceptance_criteria": [1]}, "acceptance_criteria must be a list of texts, not a number"),
        ({"title": "A", "complexity": "huge"}, "complexity must be one of small, medium, large, not 'huge'"),
        ({"title": "A", "priority": "urgent"}, "priority must be one of critical, high, medium, low, not 'urgent'"),
        ({"title": "A", "dependencies": ["b"]}, "has no field 'dependencies': write 'depends_on'"),
        ({"title": "A", "acceptanceCriteria": []}, "has no field 'acceptanceCriteria': write 'acceptance_criteria'"),
        ({"title": "A\0"}, "title must not contain NUL characters"),
        ({"title": "A", "file_scope": ["a\0"]}, "file_scope must not contain NUL characters"),
        ("A", "tasks[1] must be an object, not a text"),
    ],
)
def test_a_plan_is_refused_with_the_place_when_a_task_is_malformed(task: Any, problem: str) -> None:
    with pytest.raises(PlanFormatError) as caught:
        parse_plan({"tasks": [task]})
    assert problem in str(caught.value)
    assert len(caught.value.problems) == 1


def test_all_problems_are_named_when_there_are_several() -> None:
    with pytest.raises(PlanFormatError) as caught:
        parse_plan({"tasks": [{"title": 1}, {"judge": 1}], "decisions": [{"chosen": 4}], "observations": [5]})
    assert len(caught.value.problems) == 4


def test_one_task_or_decision_is_read_by_the_same_rules() -> None:
    assert parse_task(FULL["tasks"][0]) == DRAFT.tasks[0]
    assert parse_decision(FULL["decisions"][0]) == DRAFT.decisions[0]
    with pytest.raises(PlanFormatError, match="the task: title must be a text"):
        parse_task({"title": []})
    with pytest.raises(PlanFormatError, match="the decision: rationale must be a text"):
        parse_decision({"rationale": {}})


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"red": 3}', '{"red": [["a"]]}', '{"red": [["a", 1]]}', '{"red": ["ab"]}']
)
def test_a_kept_draft_is_refused_when_it_is_corrupt(text: str) -> None:
    with pytest.raises(PlanFormatError):
        from_json(text)
