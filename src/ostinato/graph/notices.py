"""When a person is told: a run needs somebody, or has ended. Pure rules over events; nothing is sent here."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from ostinato.graph.events import Event, EventKind
from ostinato.graph.sessions import SessionKind, StopReason


class Occasion(StrEnum):
    """What `[notify] on` names."""

    NEEDED = "needed"  # a person must do something: answer, mend, decide
    ENDED = "ended"  # a ralph session is over, however it went


NEEDS_A_PERSON = frozenset(
    {
        StopReason.NOTHING_READY,
        StopReason.LIMIT_REACHED,
        StopReason.WAITING_FOR_APPROVAL,
        StopReason.STUCK,
        StopReason.PROVIDER_FAILED,
        StopReason.ENVIRONMENT,
    }
)
"""Stop reasons after which nothing goes on without a person."""

_FAILED_PLANS = frozenset({"provider_failed", "environment", "database", "git", "no_plan"})
_NOTHING: frozenset[Occasion] = frozenset()


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person is told. `event` is an Occasion or `test`; `stopped` the stop reason of what ended."""

    event: str
    title: str
    message: str
    at: str
    project: str = ""
    goal_id: str | None = None
    session_id: str | None = None
    node_id: str | None = None
    stopped: str | None = None
    needs_person: bool = False

    def document(self) -> dict[str, Any]:
        """Return it as other programs read it; `text` is what chat services show of a webhook."""
        return {"v": 1, **asdict(self), "text": f"{self.title}: {self.message}"}


def occasions(event: Event) -> frozenset[Occasion]:
    """Return what an event is an occasion for; empty for most."""
    if event.kind is EventKind.APPROVAL_ASKED:
        return frozenset({Occasion.NEEDED})
    if event.kind is not EventKind.SESSION_ENDED:
        return _NOTHING
    reason = str(event.payload.get("stop_reason"))
    if event.payload.get("kind") == SessionKind.PLAN:
        return frozenset({Occasion.NEEDED}) if reason in _FAILED_PLANS else _NOTHING
    if reason not in set(StopReason):
        # Ended by hand, or by the recovery of a later run, which has its own end.
        return _NOTHING
    return frozenset({Occasion.ENDED, *((Occasion.NEEDED,) if reason in NEEDS_A_PERSON else ())})
