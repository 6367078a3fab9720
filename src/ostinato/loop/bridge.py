"""The one bridge from asyncio to the synchronous store: one thread that owns the connection, calls in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

S = TypeVar("S")
T = TypeVar("T")


class ThreadBridge(Generic[S]):
    """Runs `work(store)` on one thread of its own. Close it before the store."""

    def __init__(self, store: S) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def __call__(self, work: Callable[[S], T]) -> T:
        """Return what `work(store)` returns. A cancelled caller waits until the work has ended: never half a write."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, work, self._store)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            # Nobody else looks at its failure: asyncio would print it as one that was forgotten.
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
            await asyncio.wait([future])
            raise

    def close(self) -> None:
        """Wait for the last call and end the thread."""
        self._thread.shutdown(wait=True)
