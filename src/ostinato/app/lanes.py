"""Which readings of clocks and ids belong to the run itself: those of its own task, and of the store's work for it.

What goes on beside it (the lease that is renewed, waits that are told) comes at other moments each time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ostinato.loop.bridge import ThreadBridge

if TYPE_CHECKING:
    from ostinato.store.store import Store

T = TypeVar("T")


class Lane:
    """The task of one run, from `enter` to `leave`."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Any] | None = None
        self._work = threading.local()

    def enter(self) -> None:
        """Make the present task the run's."""
        self._task = asyncio.current_task()

    def leave(self) -> None:
        """Nothing belongs to the run any more."""
        self._task = None

    @property
    def entered(self) -> bool:
        """True while there is a run."""
        return self._task is not None

    def ours(self) -> bool:
        """Tell whether whoever asks is the run itself."""
        known: bool | None = getattr(self._work, "ours", None)
        if known is not None:
            return known
        try:
            return self._task is not None and asyncio.current_task() is self._task
        except RuntimeError:
            return False

    def during(self, work: Callable[[Store], T], *, ours: bool) -> Callable[[Store], T]:
        """Return `work`, for whom it is done being known while it runs."""

        def done(store: Store) -> T:
            self._work.ours = ours
            try:
                return work(store)
            finally:
                self._work.ours = None

        return done


class LaneBridge(ThreadBridge["Store"]):
    """The bridge to a store that knows for whom it works."""

    def __init__(self, store: Store, lane: Lane) -> None:
        super().__init__(store)
        self._lane = lane

    async def __call__(self, work: Callable[[Store], T]) -> T:
        """As the bridge does."""
        return await super().__call__(self._lane.during(work, ours=self._lane.ours()))
