"""A clock that tests move by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class FakeClock:
    """Starts at a fixed moment; each `now` moves on by `tick` seconds, and `sleep` moves instead of waiting."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC), tick: float = 0.001) -> None:
        self._start = start
        self._passed = 0.0
        self._tick = tick
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Return the present fake moment, later than the one before by the tick."""
        self._passed += self._tick
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Return the fake seconds since the start."""
        return self._passed

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`."""
        self._passed += seconds

    async def sleep(self, seconds: float) -> None:
        """Record the wait and move on at once."""
        self.slept.append(seconds)
        self._passed += seconds
        await asyncio.sleep(0)
