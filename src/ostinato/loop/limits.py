"""The limits of a session, checked before anything is spent. Pure: spending and time are arguments."""

from __future__ import annotations

from dataclasses import dataclass

from ostinato.base.spending import Spending

WARN_AT = 0.8


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """What one session may use; None means no limit. `cost` in US dollars, `seconds` of wall time without pauses."""

    iterations: int | None = None
    tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What the session has used up to now, the running iteration included."""

    iterations: int
    spending: Spending
    seconds: float


def reached(limits: SessionLimits, used: Used, next_tokens: int = 0, next_usd: float | None = 0.0) -> str | None:
    """Return which limit forbids going on, as `tokens: 900 used of 1000`, or None.

    `next_tokens` is the estimate of the call that is about to be made, and `next_usd` its cost: they must fit as well.
    Of a cost that is partly unknown the known part counts.
    """
    tokens = used.spending.tokens
    cost = used.spending.least_usd
    if limits.tokens is not None and tokens + max(next_tokens, 1) > limits.tokens:
        about = f", the next call needs about {next_tokens}" if tokens < limits.tokens else ""
        return f"tokens: {tokens} used of {limits.tokens}{about}"
    if limits.cost is not None and (cost >= limits.cost or cost + (next_usd or 0.0) > limits.cost):
        about = f", the next call needs about ${next_usd:.4f}" if cost < limits.cost else ""
        return f"cost: ${cost:.4f} used of ${limits.cost:.4f}{about}"
    if limits.seconds is not None and used.seconds >= limits.seconds:
        return f"time: {used.seconds:.0f} s used of {limits.seconds:.0f} s"
    return None


def iterations_reached(limits: SessionLimits, used: Used) -> str | None:
    """Return the limit of iterations as text when another one may not begin, or None."""
    if limits.iterations is not None and used.iterations >= limits.iterations:
        return f"iterations: {used.iterations} of {limits.iterations}"
    return None


def nearly(limits: SessionLimits, used: Used) -> tuple[str, ...]:
    """Return the names of the limits of which 80 % are used; one that is reached is told as such."""
    shares = {
        "iterations": (used.iterations, limits.iterations),
        "tokens": (used.spending.tokens, limits.tokens),
        "cost": (used.spending.least_usd, limits.cost),
        "time": (used.seconds, limits.seconds),
    }
    return tuple(name for name, (now, most) in shares.items() if most and WARN_AT * most <= now < most)
