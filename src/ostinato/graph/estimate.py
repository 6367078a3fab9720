"""What a plan is likely to use, from what earlier tasks of the project used. Pure; an estimate, never a limit."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from ostinato.graph.plan import PlanDraft
from ostinato.graph.types import Complexity

LEAST_TASKS = 3
"""Completed tasks from which on experience counts; below, the range is a guess."""

_GUESS: dict[Complexity | None, tuple[int, int]] = {
    Complexity.SMALL: (20_000, 120_000),
    Complexity.MEDIUM: (50_000, 300_000),
    Complexity.LARGE: (100_000, 800_000),
    None: (30_000, 300_000),
}
"""Tokens of one task by complexity, attempts that failed included: wide, since it depends on model and repository."""


@dataclass(frozen=True, slots=True)
class PastTask:
    """What one completed task has used in all its iterations; `cost` in US dollars, None where it is unknown."""

    complexity: Complexity | None
    tokens: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A range for the whole plan; costs are None where prices are unknown. `basis` says in words what it rests on."""

    tasks: int
    tokens_low: int
    tokens_high: int
    cost_low: float | None
    cost_high: float | None
    basis: str


def estimate(draft: PlanDraft, past: Sequence[PastTask]) -> Estimate:
    """Return what the draft's tasks are likely to use together: the middle half of what similar tasks have used.

    A task is similar to those of its complexity where there are enough of them, else to all.
    """
    if len(past) < LEAST_TASKS:
        return _guess(draft, len(past))
    low_tokens = high_tokens = 0.0
    low_cost: float | None = 0.0
    high_cost: float | None = 0.0
    for task in draft.tasks:
        alike = [one for one in past if one.complexity is task.complexity]
        group = alike if len(alike) >= LEAST_TASKS else past
        low, high = _middle([one.tokens for one in group])
        low_tokens, high_tokens = low_tokens + low, high_tokens + high
        costs = [one.cost for one in group if one.cost is not None]
        if len(costs) < len(group) or low_cost is None or high_cost is None:
            low_cost = high_cost = None
            continue
        low, high = _middle(costs)
        low_cost, high_cost = low_cost + low, high_cost + high
    basis = f"from {len(past)} completed tasks of this project"
    return Estimate(len(draft.tasks), round(low_tokens), round(high_tokens), low_cost, high_cost, basis)


def _guess(draft: PlanDraft, known: int) -> Estimate:
    ranges = [_GUESS[task.complexity] for task in draft.tasks]
    seen = "no task of this project is" if known == 0 else f"only {known} of this project's tasks are"
    basis = f"a guess, since {seen} completed yet"
    return Estimate(len(ranges), sum(low for low, _ in ranges), sum(high for _, high in ranges), None, None, basis)


def _middle(values: Sequence[float]) -> tuple[float, float]:
    """Return the lower and the upper quartile of two values or more."""
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high
