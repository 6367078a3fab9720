"""A plan as text to edit: what comes back is what was written, and every mistake is told in the person's terms."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.cli.plan_text import (
    TextError,
    is_empty,
    plan_text,
    read_plan,
    read_task,
    task_text,
    with_problems,
    without_problems,
)
from ostinato.graph.plan import DecisionDraft, ObservationDraft, OptionDraft, PlanDraft, TaskDraft
from ostinato.graph.types import Check, Complexity, Priority

_TRICKY = "ab\"'\\\n\t#[]=é漢\x1b\x7f\u202e\U0001f600 "
# What a draft may hold: NUL and halves of characters are refused before there is one.
_TEXT = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = st.text(alphabet=st.sampled_from(_TRICKY) | _TEXT, max_size=20).map(str.strip)
SAID = TEXTS.filter(bool)
LISTS = st.lists(SAID, max_size=3).map(tuple)
CHECKS = st.builds(
    Check,
    command=SAID,
    timeout=st.none() | st.floats(min_value=0.001, max_value=1e6) | st.integers(1, 10**7).map(float),
    working_dir=st.none() | SAID,
    guard=st.booleans(),
)
TASKS = st.builds(
    TaskDraft,
    key=SAID,
    title=TEXTS,
    description=TEXTS,
    acceptance_criteria=LISTS,
    checks=st.lists(CHECKS, max_size=3).map(tuple),
    depends_on=LISTS,
    file_scope=LISTS,
    complexity=st.none() | st.sampled_from(Complexity),
    priority=st.none() | st.sampled_from(Priority),
    profile=st.none() | SAID,
    judge=st.booleans(),
)
OPTIONS = st.builds(OptionDraft, title=TEXTS, description=TEXTS, pros=LISTS, cons=LISTS)
DECISIONS = st.builds(
    DecisionDraft,
    title=TEXTS,
    context=TEXTS,
    options=st.lists(OPTIONS, max_size=2).map(tuple),
    chosen=st.none() | SAID,
    rationale=TEXTS,
    forbids_paths=st.lists(SAID, max_size=2).map(tuple),
    forbids_dependencies=st.lists(SAID, max_size=2).map(tuple),
    supersedes=st.lists(SAID, max_size=2).map(tuple),
)
PLANS = st.builds(
    PlanDraft,
    summary=TEXTS,
    tasks=st.lists(TASKS, min_size=1, max_size=3).map(tuple),
    decisions=st.lists(DECISIONS, max_size=2).map(tuple),
    observations=st.lists(st.builds(ObservationDraft, title=TEXTS, description=TEXTS), max_size=2).map(tuple),
)
PLAN = PlanDraft(
    "Two steps",
    (
        TaskDraft("parse", "Add the parser", checks=(Check("make parse"),), complexity=Complexity.SMALL),
        TaskDraft("use", "Use it", depends_on=("parse",), checks=(Check("make use"),)),
    ),
)


@given(PLANS)
def test_a_plan_that_nobody_changed_comes_back_as_it_was(plan: PlanDraft) -> None:
    assert read_plan(plan_text(plan)) == plan


@given(PLANS.filter(lambda plan: len({task.key for task in plan.tasks}) == len(plan.tasks)))
def test_a_task_that_nobody_changed_comes_back_as_it_was(plan: PlanDraft) -> None:
    for place in range(len(plan.tasks)):
        assert read_task(task_text(plan, place), plan, place) == plan


@given(TEXTS)
def test_the_text_holds_nothing_that_plays_tricks_in_an_editor(text: str) -> None:
    said = plan_text(PlanDraft(text, (TaskDraft("a", text, checks=(Check(text),)),)))
    assert not set(said) & set("\x1b\x7f\u202e\u2066\x00\r")


def test_others_follow_a_task_that_gets_another_key() -> None:
    text = task_text(PLAN, 0).replace('key = "parse"', 'key = "read"')
    edited = read_task(text, PLAN, 0)
    assert [task.key for task in edited.tasks] == ["read", "use"]
    assert edited.tasks[1].depends_on == ("read",)


def test_a_task_without_a_key_keeps_its_old_one() -> None:
    edited = read_task('title = "Only this"\nchecks = ["make it"]', PLAN, 0)
    assert edited.tasks[0] == TaskDraft("parse", "Only this", checks=(Check("make it"),))


def test_what_was_red_is_asked_again_after_an_edit() -> None:
    assert read_task(task_text(PLAN, 0), replace(PLAN, red=(("parse", "make parse"),)), 0).red == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = ", ["not TOML", "Invalid value"]),
        ('title = "a"\ncomplexity = "tiny"', ["complexity", "small, medium, large", "'tiny'"]),
        ("title = 3", ["title must be a text"]),
        ('key = "a"\nchecks = [{command = "b", timeout = "c"}]', ["checks[1]: timeout must be a number"]),
        ('titel = "a"', ["no field 'titel'", "'title'"]),
        ('[[tasks]]\ntitle = "a"', ["one task", "[[tasks]]"]),
    ],
)
def test_a_mistake_is_named(text: str, words: list[str]) -> None:
    with pytest.raises(TextError) as caught:
        read_task(text, PLAN, 0)
    for word in words:
        assert word in str(caught.value)
    assert "tasks[1]" not in str(caught.value)


def test_problems_stand_at_the_top_once_and_leave_the_text_alone() -> None:
    script = replace(PLAN.tasks[1], checks=(Check("cat > x <<'E'\n#!/bin/sh\nE"),))
    plan = replace(PLAN, tasks=(PLAN.tasks[0], script))
    text = task_text(plan, 1)
    twice = with_problems(with_problems(text, ["first problem"]), ["two\nlines"])
    assert "first problem" not in twice
    assert "#! two lines\n" in twice
    assert without_problems(twice) == text
    assert read_task(twice, plan, 1) == plan


def test_a_file_of_comments_alone_is_empty() -> None:
    assert is_empty("\n# nothing\n   \n")
    assert not is_empty("# something\nkey = 1\n")
