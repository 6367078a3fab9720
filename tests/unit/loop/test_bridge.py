"""The bridge to the store: what becomes of a call whose caller is cancelled."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any

from ostinato.base.errors import DatabaseError
from ostinato.loop.bridge import ThreadBridge


async def test_a_call_that_fails_after_its_caller_is_gone_prints_nothing() -> None:
    forgotten: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: forgotten.append(context))
    begun, go_on = threading.Event(), threading.Event()

    def work(store: str) -> None:
        begun.set()
        assert go_on.wait(30)
        raise DatabaseError("locked")

    bridge = ThreadBridge("store")
    caller = asyncio.create_task(bridge(work))
    assert await asyncio.to_thread(begun.wait, 30)
    caller.cancel()
    await asyncio.sleep(0)
    assert not caller.done()
    go_on.set()
    await asyncio.wait([caller])
    assert caller.cancelled()
    del caller
    bridge.close()
    gc.collect()
    assert forgotten == []
