"""Statuses by type, legal transitions, and what becomes true with a change."""

from __future__ import annotations

import pytest

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph import status as rules
from ostinato.graph.types import NodeType, Status

S = Status
A = NodeId("os-a")

TASK_TABLE = {
    (S.PENDING, S.READY),
    (S.PENDING, S.BLOCKED),
    (S.PENDING, S.COMPLETED),
    (S.READY, S.PENDING),
    (S.READY, S.CLAIMED),
    (S.READY, S.BLOCKED),
    (S.READY, S.COMPLETED),
    (S.CLAIMED, S.IN_PROGRESS),
    (S.IN_PROGRESS, S.REVIEW),
    *((before, after) for before in (S.CLAIMED, S.IN_PROGRESS) for after in (S.READY, S.PENDING, S.COMPLETED)),
    *((before, after) for before in (S.CLAIMED, S.IN_PROGRESS) for after in (S.BLOCKED, S.FAILED)),
    (S.REVIEW, S.COMPLETED),
    (S.REVIEW, S.READY),
    (S.REVIEW, S.FAILED),
    (S.BLOCKED, S.READY),
    (S.BLOCKED, S.PENDING),
    (S.BLOCKED, S.COMPLETED),
    (S.FAILED, S.READY),
    (S.FAILED, S.COMPLETED),
    (S.COMPLETED, S.READY),
    *((before, S.CANCELLED) for before in rules.STATUSES[NodeType.TASK] if before not in {S.COMPLETED, S.CANCELLED}),
}
GOAL_TABLE = {
    (S.PENDING, S.ACTIVE),
    (S.PENDING, S.COMPLETED),
    (S.PENDING, S.CANCELLED),
    (S.ACTIVE, S.COMPLETED),
    (S.ACTIVE, S.CANCELLED),
    (S.COMPLETED, S.ACTIVE),
    (S.CANCELLED, S.ACTIVE),
}


@pytest.mark.parametrize(("kind", "table"), [(NodeType.TASK, TASK_TABLE), (NodeType.GOAL, GOAL_TABLE)])
def test_transition_is_allowed_only_when_the_table_holds_it(kind: NodeType, table: set[tuple[Status, Status]]) -> None:
    for before in rules.STATUSES[kind]:
        for after in rules.STATUSES[kind]:
            if before is after or (before, after) in table:
                rules.require_transition(A, kind, before, after)
            else:
                with pytest.raises(RuleError, match=f"os-a is {before} and cannot become {after}: allowed are "):
                    rules.require_transition(A, kind, before, after)


def test_allowed_statuses_are_named_when_a_transition_is_refused() -> None:
    with pytest.raises(RuleError) as refused:
        rules.require_transition(A, NodeType.DECISION, S.SUPERSEDED, S.ACTIVE)
    assert refused.value.message == "os-a is superseded and cannot become active: allowed are none"
    with pytest.raises(RuleError) as refused:
        rules.require_transition(A, NodeType.OUTCOME, S.ACTIVE, S.PENDING)
    assert refused.value.message == "os-a is a outcome, which is never pending: allowed are active, completed"


@pytest.mark.parametrize("kind", [NodeType.OPTION, NodeType.OUTCOME, NodeType.REVISIT, NodeType.OBSERVATION])
def test_any_status_of_the_type_is_allowed_when_the_type_has_no_table(kind: NodeType) -> None:
    for before in rules.STATUSES[kind]:
        for after in Status:
            if after in rules.STATUSES[kind]:
                rules.require_transition(A, kind, before, after)
            else:
                with pytest.raises(RuleError):
                    rules.require_transition(A, kind, before, after)


@pytest.mark.parametrize(
    ("before", "after", "legal"),
    [
        (S.PENDING, S.CLAIMED, True),
        (S.FAILED, S.PENDING, True),
        (S.REVIEW, S.PENDING, True),
        (S.COMPLETED, S.PENDING, True),
        (S.IN_PROGRESS, S.PENDING, True),
        (S.CANCELLED, S.PENDING, False),
        (S.PENDING, S.IN_PROGRESS, False),
        (S.COMPLETED, S.CANCELLED, False),
    ],
)
def test_stored_pending_stands_for_ready_when_a_task_changes(before: Status, after: Status, legal: bool) -> None:
    if legal:
        rules.require_stored_transition(A, NodeType.TASK, before, after)
    else:
        with pytest.raises(RuleError):
            rules.require_stored_transition(A, NodeType.TASK, before, after)


def test_new_nodes_get_their_default_when_no_status_is_asked_for() -> None:
    pending = {kind for kind in NodeType if rules.initial_status(kind, None) is S.PENDING}
    assert pending == {NodeType.GOAL, NodeType.TASK, NodeType.DECISION}
    assert {rules.initial_status(kind, None) for kind in set(NodeType) - pending} == {S.ACTIVE}


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (NodeType.TASK, S.CLAIMED),
        (NodeType.TASK, S.IN_PROGRESS),
        (NodeType.TASK, S.REVIEW),
        (NodeType.TASK, S.ACTIVE),
        (NodeType.GOAL, S.READY),
        (NodeType.OBSERVATION, S.PENDING),
        (NodeType.OUTCOME, S.PENDING),
        (NodeType.REVISIT, S.PENDING),
    ],
)
def test_new_node_is_refused_when_its_type_cannot_start_like_that(kind: NodeType, asked: Status) -> None:
    with pytest.raises(RuleError, match=f"a new {kind} cannot be {asked}"):
        rules.initial_status(kind, asked)


def test_ready_is_kept_as_pending_when_a_new_task_asks_for_it() -> None:
    assert rules.initial_status(NodeType.TASK, S.READY) is S.PENDING


@pytest.mark.parametrize(
    ("new", "columns", "drops_claim"),
    [
        (S.PENDING, {"assigned_to": None, "started_at": None, "completed_at": None, "blocked_reason": None}, True),
        (S.CLAIMED, {"assigned_to": "me", "completed_at": None, "blocked_reason": None}, False),
        (S.IN_PROGRESS, {"started_at": "before", "completed_at": None, "blocked_reason": None}, False),
        (S.REVIEW, {"completed_at": None, "blocked_reason": None}, True),
        (S.COMPLETED, {"completed_at": "now", "blocked_reason": None}, True),
        (S.DECIDED, {"completed_at": "now", "blocked_reason": None}, True),
        (S.SUPERSEDED, {"blocked_reason": None}, True),
        (S.BLOCKED, {"assigned_to": None, "completed_at": None, "blocked_reason": "why"}, True),
        (S.FAILED, {"completed_at": None, "blocked_reason": "why"}, True),
        (S.CANCELLED, {"completed_at": None, "blocked_reason": None}, True),
        (S.ACTIVE, {"started_at": "before", "completed_at": None, "blocked_reason": None}, True),
    ],
)
def test_facts_are_true_when_a_node_gets_a_status(
    new: Status, columns: dict[str, str | None], drops_claim: bool
) -> None:
    became = rules.facts(new, now="now", started_at="before", reason="why", agent="me")
    assert (dict(became.columns), became.drops_claim) == (columns, drops_claim)


def test_work_starts_now_when_it_had_not_started() -> None:
    became = rules.facts(S.IN_PROGRESS, now="now", started_at=None, reason=None, agent=None)
    assert became.columns["started_at"] == "now"
