"""What the main job came to, as values for the faces. Nothing is done here."""

from __future__ import annotations

from dataclasses import dataclass

from ostinato.base.ids import SessionId
from ostinato.base.spending import Spending
from ostinato.graph.sessions import EXIT_CODES, StopReason
from ostinato.graph.types import Node
from ostinato.loop.landing import How


@dataclass(frozen=True, slots=True)
class RalphResult:
    """What a ralph session came to; counts are of the goal's tasks, `iterations` and `spending` of the session."""

    goal: Node
    session_id: SessionId | None
    stopped: StopReason
    detail: str
    iterations: int
    completed: int
    remaining: int
    failed: int
    branch: str | None
    spending: Spending

    @property
    def exit_code(self) -> int:
        """The exit code of DESIGN §6."""
        return EXIT_CODES[self.stopped]


@dataclass(frozen=True, slots=True)
class LandResult:
    """What was landed where, or with `dry_run` would be; `checks` is the number of runs that proved it.

    `commits` is how many the person's branch gained: none when it had all of it already.
    """

    goal: Node
    branch: str
    before: str
    after: str
    commits: int
    checks: int
    how: How
    dry_run: bool = False
    kept: str | None = None
    """The goal's branch where it was kept."""
