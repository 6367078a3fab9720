"""What grew old is taken: a little when a run ends, all of it when a person asks. The settings say what is old."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ostinato.base.errors import DatabaseError
from ostinato.graph.retention import Keep, Policy

if TYPE_CHECKING:
    from ostinato.app.opening import Opened
    from ostinato.config.settings import RetentionSettings

_AT_THE_END = 40
"""Conversations and attempts that the end of a run takes at most: some 0.1 s."""
_MB = 1_000_000


def policy_of(settings: RetentionSettings, now: datetime, *, older_than: timedelta | None = None) -> Policy:
    """Return what is kept as things stand `now`. `older_than` is one age for everything, in place of the settings."""

    def keep(days: float, megabytes: float) -> Keep:
        if older_than is not None:
            return Keep(_before(now, older_than), None)
        since = _before(now, timedelta(days=min(days, 1e6))) if days else None
        return Keep(since, int(megabytes * _MB) if megabytes else None)

    return Policy(
        transcripts=keep(settings.transcripts_days, settings.transcripts_mb),
        evidence=keep(settings.evidence_days, settings.evidence_mb),
        events=keep(settings.events_days, settings.events_mb),
    )


async def tidy(opened: Opened) -> None:
    """Take a little of what grew old. A run that did its work has not failed because this could not be done."""
    clock = opened.store.db.clock
    policy = policy_of(opened.settings.retention, clock.now())
    try:
        await opened.bridge(lambda s: s.retention.prune(policy, most=_AT_THE_END))
    except DatabaseError:
        return  # locked or full: the next run takes it


def _before(now: datetime, age: timedelta) -> datetime | None:
    """Return the moment so long before `now`, None where there were no years yet."""
    try:
        return now - age
    except OverflowError:
        return None
