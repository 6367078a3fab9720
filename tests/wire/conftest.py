"""Models that talk to a real server on the loopback, with a clock that passes an hour at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from ostinato.models.anthropic import anthropic_model
from ostinato.models.limits import TransportLimits
from ostinato.models.openai_chat import openai_chat_model
from ostinato.models.openai_responses import openai_model
from ostinato.models.wire_model import WireModel
from ostinato.testing.fake_clock import FakeClock

OpenModel = Callable[..., WireModel]
KEY = "sk-test-0123456789"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(tick=0.0)


@dataclass(frozen=True, slots=True)
class Vendor:
    """A protocol as the tests of all protocols see it."""

    provider: str
    make: Callable[..., WireModel]
    key_variable: str = "OPENAI_API_KEY"
    address_variable: str = "OPENAI_BASE_URL"


VENDORS = {
    "chat": Vendor("openai-chat", openai_chat_model),
    "messages": Vendor("anthropic", anthropic_model, "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    "responses": Vendor("openai", openai_model),
}


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    """Run the test once for each protocol."""
    return VENDORS[request.param]


@asynccontextmanager
async def _models(clock: FakeClock, vendor: Vendor) -> AsyncIterator[OpenModel]:
    opened: list[WireModel] = []

    def open_one(url: str, *, key: str | None = KEY, name: str = "test-model", **limits: Any) -> WireModel:
        chosen = {"connect": 5.0, "first_byte": 5.0, "silence": 5.0, "retries": 6, "patience": 600.0} | limits
        bounds = TransportLimits(**chosen)
        opened.append(vendor.make(name, url, key, limits=bounds, clock=clock, random=lambda: 0.5))
        return opened[-1]

    yield open_one
    for model in opened:
        await model.close()


@pytest.fixture
async def open_model(clock: FakeClock, vendor: Vendor) -> AsyncIterator[OpenModel]:
    """Return a function from an address and limits to a model of each protocol; all are closed at the end."""
    async with _models(clock, vendor) as open_one:
        yield open_one


@pytest.fixture
async def open_chat(clock: FakeClock) -> AsyncIterator[OpenModel]:
    """Return the same for Chat Completions alone."""
    async with _models(clock, VENDORS["chat"]) as open_one:
        yield open_one


@pytest.fixture
async def open_messages(clock: FakeClock) -> AsyncIterator[OpenModel]:
    """Return the same for Messages alone."""
    async with _models(clock, VENDORS["messages"]) as open_one:
        yield open_one


@pytest.fixture
async def open_responses(clock: FakeClock) -> AsyncIterator[OpenModel]:
    """Return the same for Responses alone."""
    async with _models(clock, VENDORS["responses"]) as open_one:
        yield open_one
