"""What the loop hands to the store when an iteration ends. A value."""

from __future__ import annotations

from dataclasses import dataclass, field

from ostinato.base.spending import Spending
from ostinato.graph.iterations import Ending
from ostinato.loop.decide import Decision
from ostinato.verify.types import Verdict


@dataclass(frozen=True, slots=True)
class FinishedIteration:
    """The record of an ended iteration; the store turns `decision` into the task's status in the same transaction."""

    ending: Ending
    message: str
    decision: Decision
    verdict: Verdict | None = None
    commit: str | None = None
    diff: str = ""
    steps: int = 0
    spending: Spending = field(default_factory=Spending)
    outcome_title: str | None = None
