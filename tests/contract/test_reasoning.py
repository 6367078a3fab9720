"""Decisions, outcomes, pivots and observations: several nodes and edges, one transaction."""

from __future__ import annotations

import pytest

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.details import OutcomeDetails, RevisitDetails
from ostinato.graph.edges import EdgeType
from ostinato.graph.plan import DecisionDraft, OptionDraft
from ostinato.graph.types import Node, NodeType, Status
from tests.unit.store.garden import Garden

DRAFT = DecisionDraft("Which?", "context", (OptionDraft("A", "a", ("fast",)), OptionDraft("B")), "A", "it is fast")


def edges(garden: Garden, node: Node) -> set[tuple[str, str, str | None]]:
    """Return (type, other end, label) of the edges that leave a node, contains left out."""
    found = garden.store.graph.edges_of(node.id)
    return {(str(e.edge_type), e.to_id, e.label) for e in found if e.from_id == node.id and e.edge_type != "contains"}


def test_decision_is_logged_with_options_and_choice_when_all_is_given(garden: Garden) -> None:
    goal = garden.goal()
    decision = garden.store.reasoning.log_decision(goal.id, DRAFT)
    a, b = garden.store.graph.descendants(decision.id)
    assert (decision.status, decision.title, decision.description) == (Status.DECIDED, "Which?", "context")
    assert decision.completed_at is not None
    assert [a.status, b.status] == [Status.CHOSEN, Status.REJECTED]
    assert edges(garden, decision) == {
        ("leads_to", a.id, None),
        ("leads_to", b.id, None),
        ("chosen", a.id, "it is fast"),
        ("rejected", b.id, None),
    }


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (DecisionDraft("d", options=(OptionDraft("A"),), chosen="C"), "C is not an option of .*: .* A"),
        (DecisionDraft("d", chosen="C"), "it has none"),
        (DecisionDraft("d", options=(OptionDraft("A"), OptionDraft("A"))), "have the same title"),
        (DecisionDraft("d", options=(OptionDraft("A"), OptionDraft(" "))), "empty or blank"),
    ],
)
def test_nothing_is_left_when_a_decision_cannot_be_logged(garden: Garden, draft: DecisionDraft, words: str) -> None:
    goal = garden.goal()
    before = garden.seq()
    with pytest.raises(RuleError, match=words):
        garden.store.reasoning.log_decision(goal.id, draft)
    assert garden.store.graph.descendants(goal.id) == []
    assert garden.seq() == before


def test_linking_chosen_decides_when_it_is_done_by_hand(garden: Garden) -> None:
    decision = garden.add(NodeType.DECISION, "d")
    a, b, c = (garden.add(NodeType.OPTION, title, decision) for title in "abc")
    graph = garden.store.graph
    graph.link(decision.id, EdgeType.REJECTED, b.id, "too slow")
    assert garden.status(decision, a, b, c) == ["pending", "active", "rejected", "active"]
    edge = graph.link(decision.id, EdgeType.CHOSEN, a.id)
    assert garden.status(decision, a, b, c) == ["decided", "chosen", "rejected", "rejected"]
    rejected = {(to, label) for kind, to, label in edges(garden, decision) if kind == "rejected"}
    assert rejected == {(b.id, "too slow"), (c.id, None)}
    before = garden.seq()
    assert graph.link(decision.id, EdgeType.CHOSEN, a.id) == edge
    assert garden.seq() == before


def test_second_choice_is_refused_when_the_decision_is_decided(garden: Garden) -> None:
    decision = garden.store.reasoning.log_decision(garden.goal().id, DRAFT)
    a, b = garden.store.graph.descendants(decision.id)
    with pytest.raises(RuleError, match=f"{decision.id} has chosen {a.id} already: revisit it"):
        garden.store.reasoning.choose_option(decision.id, "B", "changed my mind")
    with pytest.raises(RuleError, match=f"{a.id} is what {decision.id} has chosen"):
        garden.store.graph.link(decision.id, EdgeType.REJECTED, a.id)
    assert garden.status(decision, a, b) == ["decided", "chosen", "rejected"]


def test_option_is_refused_when_it_is_another_decisions(garden: Garden) -> None:
    mine, other = garden.add(NodeType.DECISION, "mine"), garden.add(NodeType.DECISION, "other")
    option = garden.add(NodeType.OPTION, "o", other)
    for edge_type in (EdgeType.CHOSEN, EdgeType.REJECTED):
        with pytest.raises(RuleError, match=f"{option.id} is not an option of {mine.id}"):
            garden.store.graph.link(mine.id, edge_type, option.id)
    with pytest.raises(RuleError, match="is not an option of"):
        garden.store.reasoning.choose_option(mine.id, option.id, None)
    with pytest.raises(RuleError, match="not a decision"):
        garden.store.reasoning.choose_option(garden.goal().id, option.id, None)


def test_decision_is_open_again_when_its_chosen_edge_is_unlinked(garden: Garden) -> None:
    decision = garden.store.reasoning.log_decision(garden.goal().id, DRAFT)
    a, b = garden.store.graph.descendants(decision.id)
    (edge,) = [e for e in garden.store.graph.edges_of(decision.id) if e.edge_type is EdgeType.CHOSEN]
    assert garden.store.graph.unlink(edge.id) == edge
    assert garden.status(decision, a, b) == ["active", "active", "rejected"]
    assert garden.now(decision).completed_at is None


def test_task_is_led_to_its_outcome_when_one_is_recorded(garden: Garden) -> None:
    task = garden.task()
    outcome = garden.store.reasoning.record_outcome(task.id, "it works", "really", True, commit="c0ffee")
    assert (outcome.status, outcome.parent_id) == (Status.ACTIVE, task.id)
    assert outcome.details == OutcomeDetails(True, None, "c0ffee")
    assert edges(garden, task) == {("leads_to", outcome.id, None)}


def test_another_option_can_be_chosen_when_a_decision_was_revisited(garden: Garden) -> None:
    reasoning = garden.store.reasoning
    decision = reasoning.log_decision(garden.goal().id, DRAFT)
    a, b = garden.store.graph.descendants(decision.id)
    outcome = reasoning.record_outcome(a.id, "it was slow", "", False)
    revisit = reasoning.revisit(outcome.id, "too slow")
    assert revisit.details == RevisitDetails("too slow")
    assert edges(garden, outcome) == {("leads_to", revisit.id, None)}
    assert edges(garden, revisit) == {("leads_to", decision.id, None)}
    assert garden.status(decision) == ["active"]
    reasoning.choose_option(decision.id, b.id, "then this")
    assert garden.status(decision, a, b) == ["decided", "rejected", "chosen"]
    ends = {(kind, to) for kind, to, _ in edges(garden, decision) if kind in {"chosen", "rejected"}}
    assert ends == {("chosen", b.id), ("rejected", a.id)}


def test_old_decision_is_superseded_when_a_revisit_leads_to_a_new_one(garden: Garden) -> None:
    reasoning = garden.store.reasoning
    goal = garden.goal()
    old = reasoning.log_decision(goal.id, DRAFT)
    outcome = reasoning.record_outcome(old.id, "it was slow", "", False)
    revisit = reasoning.revisit(outcome.id, "too slow", "Which now?")
    ((_, new_id, _),) = edges(garden, revisit)
    new = garden.store.graph.get(NodeId(new_id))
    assert (new.title, new.node_type, new.parent_id) == ("Which now?", NodeType.DECISION, goal.id)
    assert edges(garden, new) == {("supersedes", old.id, None)}
    assert garden.now(old).status is Status.SUPERSEDED
    assert garden.now(old).completed_at is not None
    with pytest.raises(RuleError, match="is superseded"):
        reasoning.choose_option(old.id, "B", None)


def test_revisit_is_refused_when_the_node_is_no_outcome(garden: Garden) -> None:
    with pytest.raises(RuleError, match="not an outcome"):
        garden.store.reasoning.revisit(garden.task().id, "why")


def test_observation_informs_what_it_is_about_when_that_is_named(garden: Garden) -> None:
    goal, task = garden.goal(), garden.task()
    seen = garden.store.reasoning.record_observation(goal.id, "seen", "it", task.id)
    assert (seen.parent_id, edges(garden, seen)) == (goal.id, {("informs", task.id, None)})
    with pytest.raises(NotFoundError):
        garden.store.reasoning.record_observation(goal.id, "lost", "", NodeId("os-none"))
    assert [node.title for node in garden.store.graph.descendants(goal.id)] == ["seen"]
