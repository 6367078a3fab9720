"""Estimates rest on what similar tasks used, and say when they are guesses."""

from __future__ import annotations

import pytest

from ostinato.graph.estimate import PastTask, estimate
from ostinato.graph.plan import PlanDraft, TaskDraft
from ostinato.graph.types import Complexity

SMALL, LARGE = Complexity.SMALL, Complexity.LARGE


def draft(*kinds: Complexity | None) -> PlanDraft:
    return PlanDraft("p", tuple(TaskDraft(f"t{place}", "T", complexity=kind) for place, kind in enumerate(kinds)))


def past(kind: Complexity | None, *tokens: int, price: float | None = 0.001) -> list[PastTask]:
    return [PastTask(kind, one, None if price is None else one * price) for one in tokens]


def test_without_experience_it_is_a_guess_that_says_so() -> None:
    found = estimate(draft(SMALL, LARGE), past(SMALL, 10, 20))
    assert (found.tasks, found.tokens_low, found.tokens_high) == (2, 120_000, 920_000)
    assert (found.cost_low, found.cost_high) == (None, None)
    assert "guess" in found.basis
    assert "only 2" in found.basis


def test_tasks_of_the_same_complexity_count_where_there_are_enough() -> None:
    history = past(SMALL, 100, 200, 300) + past(LARGE, 9000, 9000)
    found = estimate(draft(SMALL), history)
    assert (found.tokens_low, found.tokens_high) == (150, 250)
    assert (found.cost_low, found.cost_high) == (pytest.approx(0.15), pytest.approx(0.25))
    assert found.basis == "from 5 completed tasks of this project"
    # Two large ones are too few: all five are asked.
    assert estimate(draft(LARGE), history).tokens_low == 200


def test_one_unknown_price_makes_the_cost_unknown() -> None:
    found = estimate(draft(SMALL, SMALL), past(SMALL, 1, 2) + past(SMALL, 3, price=None))
    assert (found.cost_low, found.cost_high) == (None, None)
    assert found.tokens_high == 5


def test_a_plan_without_tasks_costs_nothing() -> None:
    found = estimate(PlanDraft("p"), past(SMALL, 1, 2, 3))
    assert (found.tokens_low, found.tokens_high, found.cost_high) == (0, 0, 0.0)
