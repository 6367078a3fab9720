"""Tokens and money: the value that is summed by step, iteration, session and goal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spending:
    """Tokens by kind as the provider reported them, and the cost in US dollars, None where a price is unknown.

    `input` counts all input tokens, `cached_input` and `cache_write` the parts of it that were read from or written
    to the provider's cache; `output` counts all output, `reasoning` the part of it spent on reasoning. `known_usd` is
    the known part of a cost that is None.
    """

    input: int = 0
    cached_input: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    calls: int = 0
    cost_usd: float | None = 0.0
    known_usd: float = 0.0

    @property
    def tokens(self) -> int:
        """Input and output together: what a token limit counts."""
        return self.input + self.output

    @property
    def least_usd(self) -> float:
        """The cost, or where a price is unknown the least that it can be."""
        return self.known_usd if self.cost_usd is None else self.cost_usd

    def __add__(self, other: Spending) -> Spending:
        """Sum two spendings; an unknown cost makes the sum unknown, and the known part is kept beside it."""
        least = self.least_usd + other.least_usd
        unknown = self.cost_usd is None or other.cost_usd is None
        return Spending(
            self.input + other.input,
            self.cached_input + other.cached_input,
            self.cache_write + other.cache_write,
            self.output + other.output,
            self.reasoning + other.reasoning,
            self.calls + other.calls,
            None if unknown else least,
            least if unknown else 0.0,
        )
