"""What an attempt tried: compared, and said in few words; and a plan that would do the same again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.plan import PlanDraft, TaskDraft
from ostinato.graph.replacing import Standing
from ostinato.graph.tried import CIRCLING, alike, change_of, evidence_of, tried_words
from ostinato.graph.tried_before import check_tried
from ostinato.graph.types import Check, Node, NodeType, Status, TaskDetails

DIFF = "diff --git a/a.py b/a.py\nindex 11..22 100644\n--- a/a.py\n+++ b/a.py\n@@ -1 +1,2 @@\n-x = 1\n+x = 2\n+y = 3\n"
MOVED = DIFF.replace("index 11..22", "index 33..44").replace("@@ -1 +1,2 @@", "@@ -9 +9,2 @@")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("`t` exit 1: boom in 0.1s",), ("`t` exit 1: boom in 2.5s",), True),
        (("a", "b"), ("b", "a"), True),
        (("a",), ("a", f"{CIRCLING}twice"), True),
        (("`t` exit 1: 3 failed in 0.1s",), ("`t` exit 1: 1 failed in 0.1s",), False),
        (("`t` exit 1: test_a",), ("`t` exit 1: test_b",), False),
        (("a",), (), False),
    ],
)
def test_the_same_failure_is_known_by_its_words(one: tuple[str, ...], other: tuple[str, ...], same: bool) -> None:
    assert (evidence_of(one) == evidence_of(other)) is same


def test_the_same_change_is_known_wherever_it_stands() -> None:
    assert change_of(DIFF) == change_of(MOVED) != ""
    assert change_of(DIFF) != change_of(DIFF.replace("x = 2", "x = 3"))
    assert change_of("") == ""
    assert alike(DIFF, MOVED)
    assert not alike(DIFF, DIFF.replace("a.py", "b.py"))
    assert not alike("", "")


def test_what_was_tried_is_one_line_of_change_and_reason() -> None:
    assert tried_words(DIFF, ("`t` exit 1:\nboom", "b", f"{CIRCLING}x")) == (
        "changed a.py (+2 -1: x = 2): `t` exit 1: boom (and 1 more reason)"
    )
    assert tried_words("", ()) == "changed nothing"


FAILED = Node(
    *(NodeId("os-1.1"), ProjectId("proj-1"), NodeType.TASK, "Parse it", Status.FAILED),
    datetime(2026, 5, 1, tzinfo=UTC),
    description="Read  the file.",
    details=TaskDetails(checks=(Check("pytest a"), Check("pytest b")), attempts=3),
)
AGAIN = TaskDraft("t", "Parse it", "read the file.", checks=(Check("pytest b"), Check("pytest a")))


@pytest.mark.parametrize(
    ("draft", "old", "found"),
    [
        (AGAIN, FAILED, True),
        (replace(AGAIN, title="Another name"), FAILED, True),
        (AGAIN, replace(FAILED, status=Status.CANCELLED), True),
        (AGAIN, replace(FAILED, status=Status.BLOCKED), True),
        (AGAIN, replace(FAILED, status=Status.COMPLETED), False),
        (AGAIN, replace(FAILED, details=replace(FAILED.task, attempts=0)), False),
        (replace(AGAIN, description="Read the file line by line."), FAILED, False),
        (replace(AGAIN, checks=(Check("pytest a"),)), FAILED, False),
    ],
)
def test_a_plan_may_not_do_again_what_failed_unchanged(draft: TaskDraft, old: Node, found: bool) -> None:
    findings = check_tried(PlanDraft("s", (draft,)), Standing((old,)))
    assert [finding.rule for finding in findings] == ["tried"] * found
