"""Ctrl-C as a value: asked to stop once (after the step) or now. It installs no signal handler."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from ostinato.base.clock import Clock


class Interruption:
    """Shared by the signal handler, which sets it, and the loop, which reads it between steps."""

    def __init__(self) -> None:
        self.asked = False
        self._heard = asyncio.Event()
        self._instead: Callable[[], None] | None = None

    def ask(self) -> None:
        """Ask for a clean end after the present step. Call it in the event loop of whoever waits in `within`."""
        self.asked = True
        self._heard.set()

    async def within(self, seconds: float) -> None:
        """Return when a stop is asked for, and after so many seconds at the latest."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), seconds)

    def diverted(self) -> bool:
        """Do what a signal does just now instead of asking, and tell whether there was such a thing."""
        if self._instead is None:
            return False
        self._instead()
        return True

    @contextmanager
    def instead(self, act: Callable[[], None]) -> Iterator[None]:
        """Let signals call `act` while the block runs: a person is asked something, and no step is under way."""
        before, self._instead = self._instead, act
        try:
            yield
        finally:
            self._instead = before


class WakingClock:
    """A clock whose sleep ends early when a stop is asked for: what waits for a provider then looks up."""

    def __init__(self, clock: Clock, interruption: Interruption) -> None:
        self._clock = clock
        self._interruption = interruption

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait, at most until a stop is asked for."""
        await self._interruption.within(seconds)


if TYPE_CHECKING:

    def _fits(clock: WakingClock) -> Clock:
        return clock
