"""The plan as a person sees it: by dependency, whole at any width, harmless whatever the model wrote."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.text import display_width
from ostinato.cli.layout import Look, wrapped
from ostinato.cli.plan_view import Beside, estimate_text, plan_lines, task_lines, task_tree
from ostinato.graph.estimate import Estimate
from ostinato.graph.plan import Criticism, Critique, DecisionDraft, ObservationDraft, OptionDraft, PlanDraft, TaskDraft
from ostinato.graph.types import Check, Complexity, Priority

PLAN = PlanDraft(
    "A reader of tide tables, in two careful steps that can be proven one by one.",
    (
        TaskDraft(
            "parse",
            "Read a table of tides with all of its columns",
            "Long words about it.",
            ("every column has a name", "a broken line is named with its number"),
            (
                Check("python3 -m unittest tests.test_parse_the_whole_table", timeout=30, working_dir="reader"),
                Check("make lint", guard=True),
            ),
            file_scope=("reader/**", "tests/test_parse_the_whole_table.py"),
            complexity=Complexity.SMALL,
            priority=Priority.HIGH,
        ),
        TaskDraft("print", "Print it", depends_on=("parse",), judge=True),
    ),
    (DecisionDraft("Which form", "", (OptionDraft("CSV"), OptionDraft("XML", cons=("heavy",))), "CSV", "it is there"),),
    (ObservationDraft("Times are in UTC", "nobody said so"),),
)
CRITIQUE = Critique((Criticism("nothing checks an empty table", "add a check", "parse"),), note="asked twice")
BESIDE = Beside(CRITIQUE, (("os-1.2", "Old"),), "2 tasks, a lot")


def lines_of(plan: PlanDraft, width: int | None, beside: Beside = BESIDE) -> list[str]:
    return list(plan_lines("Read the tides", plan, Look(width), beside))


def words_of(lines: list[str]) -> str:
    return re.sub(r"\s+", "", "".join(lines))


def test_everything_that_was_proposed_is_shown() -> None:
    said = "\n".join(lines_of(PLAN, None))
    for words in (
        "1. parse: Read a table",
        "high priority, small",
        "- every column has a name",
        "$ python3 -m unittest",
        "in reader, at most 30 s",
        "guard: green now",
        "in reader/**, tests/test_parse",
        "2. print: Print it",
        "after parse",
        "a person must judge it",
        "Which form: CSV",
        "because it is there",
        "not XML (heavy)",
        "Times are in UTC",
        "parse: nothing checks an empty table",
        "add a check",
        "(asked twice)",
        "os-1.2 Old",
        "Estimate: 2 tasks, a lot",
    ):
        assert words in said


@pytest.mark.parametrize("width", [20, 40, 80, 140])
def test_lines_fit_and_nothing_is_cut(width: int) -> None:
    lines = lines_of(PLAN, width)
    assert max(map(display_width, lines)) <= width
    assert words_of(lines) == words_of(lines_of(PLAN, None))


def test_a_deep_chain_leaves_room_for_words() -> None:
    chain = tuple(TaskDraft(f"t{n}", f"Step {n}", depends_on=(f"t{n - 1}",) if n else ()) for n in range(30))
    lines = lines_of(PlanDraft("", chain), 40, Beside())
    assert max(len(line) - len(line.lstrip()) for line in lines) <= 16
    assert [line.strip() for line in lines if "Step" in line] == [f"{n + 1}. t{n}: Step {n}" for n in range(30)]


def tree_of(**needs: str) -> list[tuple[str, int]]:
    keys = list(needs)
    tasks = [TaskDraft(key, key, depends_on=tuple(needs[key].split())) for key in keys]
    return [(keys[place], depth) for place, depth in task_tree(tasks)]


def test_a_task_stands_below_what_it_needs() -> None:
    assert tree_of(a="", b="a", c="", d="b c") == [("a", 0), ("b", 1), ("c", 0), ("d", 1)]
    # The order of the plan does not matter for that, and ids outside the plan are no tasks of it.
    assert tree_of(late="early", early="os-1.1") == [("early", 0), ("late", 1)]
    assert tree_of(x="y", y="x", z="") == [("z", 0), ("x", 0), ("y", 0)]


@given(st.lists(st.lists(st.integers(0, 11), max_size=4), max_size=12), st.randoms(use_true_random=False))
def test_everything_that_a_task_needs_is_read_before_it(needs: list[list[int]], random: Random) -> None:
    tasks = [TaskDraft(f"t{n}", "T", depends_on=tuple(f"t{m}" for m in set(ms) if m < n)) for n, ms in enumerate(needs)]
    random.shuffle(tasks)
    order = [tasks[place].key for place, _ in task_tree(tasks)]
    assert sorted(order) == sorted(task.key for task in tasks)
    for task in tasks:
        assert all(order.index(key) < order.index(task.key) for key in task.depends_on)


def test_what_is_different_since_the_plan_was_seen_is_marked() -> None:
    kept, gone = TaskDraft("kept", "Kept"), TaskDraft("gone", "Gone for good")
    before = PlanDraft("", (kept, TaskDraft("other", "Other"), gone))
    now = PlanDraft("", (kept, TaskDraft("other", "Another"), TaskDraft("more", "More")))
    lines = [line.strip() for line in lines_of(now, None, Beside(before=before))]
    assert [
        lines[lines.index(f"{n}. {said}") + 1]
        for n, said in enumerate(("kept: Kept", "other: Another", "more: More"), 1)
    ] == ["? no check", "changed", "new"]
    assert lines[lines.index("No longer in the plan") + 1] == "- gone: Gone for good"
    assert not {"changed", "new"} & {line.strip() for line in lines_of(now, None, Beside())}


def test_hostile_text_cannot_play_with_the_terminal() -> None:
    bad = "\x1b[2J\rAccepted\u202e\x9b1m\nx"
    task = TaskDraft(bad, bad, bad, (bad,), (Check(bad, working_dir=bad),), (bad,), (bad,), profile=bad)
    plan = PlanDraft(
        bad, (task,), (DecisionDraft(bad, bad, (OptionDraft(bad, cons=(bad,)),), bad, bad, *[(bad,)] * 3),), ()
    )
    beside = Beside(Critique((Criticism(bad, bad, bad),), note=bad), ((bad, bad),), bad)
    for line in (*plan_lines(bad, plan, Look(60), beside), *task_lines(0, task, Look(60))):
        assert not set(line) & set("\x1b\r\n\u202e\x9b")


def test_person_sees_what_a_decision_forbids_and_what_it_lifts() -> None:
    decision = DecisionDraft("Two clients", chosen=None, forbids_paths=("old/**",), forbids_dependencies=("requests",))
    replacing = DecisionDraft("One client", supersedes=("os-1.3",))
    text = "\n".join(lines_of(replace(PLAN, decisions=(decision, replacing)), 120))
    assert "forbids paths old/**; dependencies requests" in text
    assert "supersedes os-1.3: what that forbids is allowed again once you accept" in text


def test_colours_only_where_they_are_wanted() -> None:
    assert "\x1b" not in "".join(lines_of(PLAN, 80))
    painted = "\n".join(plan_lines("t", PLAN, Look(80, colour=True), BESIDE))
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == "\n".join(plan_lines("t", PLAN, Look(80), BESIDE))


def test_an_estimate_is_rounded_and_says_what_it_rests_on() -> None:
    said = estimate_text(Estimate(3, 91_234, 240_987, 0.3, 1.25, "from 9 completed tasks of this project"))
    assert said == "3 tasks, 91,000 to 240,000 tokens, $0.30 to $1.25 (from 9 completed tasks of this project)"
    assert estimate_text(Estimate(1, 7, 20, None, None, "a guess")) == "1 task, 7 to 20 tokens (a guess)"


def test_a_word_of_any_length_is_wrapped_at_once() -> None:
    begun = time.monotonic()
    assert len(list(wrapped("漢" * 200_000, 80, 80))) == 5_000
    assert time.monotonic() - begun < 5


def test_wrapping_counts_columns_and_breaks_long_words() -> None:
    assert list(wrapped("漢字漢字 ab", 4, 4)) == ["漢字", "漢字", "ab"]
    assert list(wrapped("abcdefghij", 4, 3)) == ["abcd", "efg", "hij"]
    assert list(wrapped("", 4, 4)) == [""]
