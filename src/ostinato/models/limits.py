"""How long a provider may take, how often it is asked again, how much it may say. The composition root fills it in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TransportLimits:
    """Times in seconds, sizes in tokens.

    `first_byte` runs from sending the request to the first byte of the answer's body, `silence` between two bytes.
    `retries` is how often a call is tried again after its first failure; an outage is waited out for at least
    `patience`. `max_output_tokens` holds where a request names none. `reasoning_effort` (low, medium, high) is sent
    where it is set, in the vendor's own way.
    """

    connect: float = 15.0
    first_byte: float = 300.0
    silence: float = 120.0
    retries: int = 6
    patience: float = 600.0
    context_window: int = 128_000
    max_output_tokens: int | None = None
    reasoning_effort: str | None = None
