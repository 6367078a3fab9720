"""Limits are checked before they are spent."""

from __future__ import annotations

import pytest

from ostinato.base.spending import Spending
from ostinato.loop.limits import SessionLimits, Used, iterations_reached, nearly, reached


def used(tokens: int = 0, cost: float | None = 0.0, seconds: float = 0.0, iterations: int = 0) -> Used:
    return Used(iterations, Spending(input=tokens, cost_usd=cost), seconds)


@pytest.mark.parametrize(
    ("limits", "now", "upcoming", "name"),
    [
        (SessionLimits(), used(10**9, 10**6, 10**9), 10**6, None),
        (SessionLimits(tokens=100), used(60), 40, None),
        (SessionLimits(tokens=100), used(60), 41, "tokens"),
        (SessionLimits(tokens=100), used(100), 0, "tokens"),
        (SessionLimits(cost=1.0), used(cost=0.99), 0, None),
        (SessionLimits(cost=1.0), used(cost=1.0), 0, "cost"),
        (SessionLimits(seconds=60), used(seconds=59.9), 0, None),
        (SessionLimits(seconds=60), used(seconds=60), 0, "time"),
    ],
)
def test_the_limit_is_named_when_the_next_call_does_not_fit(
    limits: SessionLimits, now: Used, upcoming: int, name: str | None
) -> None:
    said = reached(limits, now, upcoming)
    assert (said or "").partition(":")[0] == (name or "")


def test_iterations_end_when_the_last_one_was_used() -> None:
    assert iterations_reached(SessionLimits(iterations=2), used(iterations=1)) is None
    assert iterations_reached(SessionLimits(iterations=2), used(iterations=2)) == "iterations: 2 of 2"


def test_a_warning_comes_when_80_percent_are_used() -> None:
    limits = SessionLimits(iterations=10, tokens=100, cost=1.0, seconds=100)
    assert nearly(limits, used(79, 0.79, 79, 7)) == ()
    assert nearly(limits, used(80, 0.8, 80, 8)) == ("iterations", "tokens", "cost", "time")
    assert nearly(limits, used(100, 1.0, 100, 10)) == ()


def test_the_known_part_of_an_unknown_cost_counts_and_the_next_call_must_fit() -> None:
    partly = Spending(cost_usd=0.5) + Spending(cost_usd=None)
    assert (partly.cost_usd, partly.least_usd, (partly + partly).least_usd) == (None, 0.5, 1.0)
    limits = SessionLimits(cost=0.6)
    assert reached(limits, Used(0, partly, 0.0)) is None
    assert reached(limits, Used(0, partly, 0.0), 10, 0.11) == (
        "cost: $0.5000 used of $0.6000, the next call needs about $0.1100"
    )
    assert reached(limits, Used(0, partly + partly, 0.0)) == "cost: $1.0000 used of $0.6000"
