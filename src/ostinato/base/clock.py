"""Time: the one port through which it is read, and its text form. Nothing else in production reads a clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the rooms know of time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean something."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; a fake clock moves itself instead."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return `time.monotonic()`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep in the event loop."""
        # Late: short commands read the time and run no event loop.
        import asyncio

        await asyncio.sleep(seconds)


def format_time(moment: datetime) -> str:
    """Return RFC 3339 in UTC with six digits of microseconds and `Z`; such texts sort as the moments do."""
    # Nearly always UTC already, and this is done with every row.
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{utc.isoformat(timespec='microseconds')[:-6]}Z"


def parse_time(text: str) -> datetime:
    """Return the moment of an RFC 3339 text, in UTC. Raises ValueError: never guess a time."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time without an offset: {text!r}")
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
