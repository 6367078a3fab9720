"""What one conversation may use, and the question that is asked before each model call. Values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ostinato.agent.circles import CircleLimits
from ostinato.base.spending import Spending
from ostinato.graph.iterations import Ending

WARN_AT = 0.8
"""The share of a limit at which the agent is told once."""

CLEAR_AT = 0.8
"""The share of the context window at which old tool results are cleared."""

CLEAR_TO = 0.5
"""The share to which they are cleared then, so that the next steps need not clear again."""

Gate = Callable[[Spending, int], Ending | None]
"""Asked before each model call with what the conversation has spent and the estimated tokens of the call, and before
each wait for another try of it (0 tokens).

An answer ends the conversation before that: SESSION_LIMIT, INTERRUPTED or CLAIM_LOST.
"""


@dataclass(frozen=True, slots=True)
class ConversationLimits:
    """`steps` model calls, `tokens` of input and output together, `seconds` of wall time, `cost` in US dollars.

    Waits for the provider and for the person are not the agent's time. `circles` says when going in circles ends it.
    """

    steps: int = 200
    tokens: int = 500_000
    seconds: float = 1800.0
    circles: CircleLimits = field(default_factory=CircleLimits)
    cost: float | None = None
