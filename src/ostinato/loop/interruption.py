"""Ctrl-C as a value: asked to stop once (after the step) or now. It installs no signal handler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Interruption:
    """Shared by the signal handler, which sets it, and the loop, which reads it between steps."""

    def __init__(self) -> None:
        self.asked = False
        self._instead: Callable[[], None] | None = None

    def ask(self) -> None:
        """Ask for a clean end after the present step."""
        self.asked = True

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
