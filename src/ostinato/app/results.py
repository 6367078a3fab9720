"""What the main job came to, as values for the faces. Nothing is done here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostinato.base.ids import SessionId
from ostinato.base.spending import Spending
from ostinato.graph.sessions import EXIT_CODES, Session, StopReason
from ostinato.graph.types import Node, Status
from ostinato.loop.landing import How

if TYPE_CHECKING:
    from ostinato.store.store import Store


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


def ralph_result(
    store: Store,
    goal: Node,
    session: Session | None,
    stopped: StopReason,
    detail: str,
    iterations: int,
    branch: str | None,
) -> RalphResult:
    """Return the result of a session (None: there was nothing to do), with the goal's counts as they are now."""
    counts = store.graph.counts(goal.id)
    done = counts.get(Status.COMPLETED, 0)
    failed = counts.get(Status.FAILED, 0)
    left = sum(counts.values()) - done - failed - counts.get(Status.CANCELLED, 0)
    spent = session.spending if session else Spending()
    made_by = session.id if session else None
    return RalphResult(goal, made_by, stopped, detail, iterations, done, left, failed, branch, spent)


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
