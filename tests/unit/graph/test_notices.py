"""Which events a person is told of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ostinato.graph.events import Event, EventKind
from ostinato.graph.notices import occasions


def event(what: EventKind, **payload: Any) -> Event:
    return Event(1, datetime(2026, 1, 1, tzinfo=UTC), what, None, None, None, None, payload)


def test_a_question_needs_somebody() -> None:
    assert occasions(event(EventKind.APPROVAL_ASKED, question="?")) == {"needed"}
    assert occasions(event(EventKind.APPROVAL_ANSWERED)) == set()


@pytest.mark.parametrize(
    ("kind", "reason", "told"),
    [
        ("ralph", "goal_completed", {"ended"}),
        ("ralph", "interrupted", {"ended"}),
        ("ralph", "stuck", {"ended", "needed"}),
        ("ralph", "limit_reached", {"ended", "needed"}),
        ("ralph", "provider_failed", {"ended", "needed"}),
        ("ralph", "waiting_for_approval", {"ended", "needed"}),
        ("ralph", "crashed", set()),
        ("ralph", None, set()),
        ("plan", "accepted", set()),
        ("plan", "waiting_for_approval", set()),
        ("plan", "provider_failed", {"needed"}),
        ("plan", "no_plan", {"needed"}),
    ],
)
def test_an_ended_session_is_told_of(kind: str, reason: str | None, told: set[str]) -> None:
    assert occasions(event(EventKind.SESSION_ENDED, kind=kind, stop_reason=reason)) == told
