"""Models that talk to a real server on the loopback, with a clock that passes an hour at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from ostinato.models.limits import TransportLimits
from ostinato.models.openai_chat import openai_chat_model
from ostinato.models.wire_model import WireModel
from ostinato.testing.fake_clock import FakeClock

OpenModel = Callable[..., WireModel]
KEY = "sk-test-0123456789"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(tick=0.0)


@pytest.fixture
async def open_chat(clock: FakeClock) -> AsyncIterator[OpenModel]:
    """Return a function from an address and limits to a model; all of them are closed at the end."""
    opened: list[WireModel] = []

    def open_one(url: str, *, key: str | None = KEY, name: str = "test-model", **limits: Any) -> WireModel:
        chosen = {"connect": 5.0, "first_byte": 5.0, "silence": 5.0, "retries": 6, "patience": 600.0} | limits
        bounds = TransportLimits(**chosen)
        opened.append(openai_chat_model(name, url, key, limits=bounds, clock=clock, random=lambda: 0.5))
        return opened[-1]

    yield open_one
    for model in opened:
        await model.close()
