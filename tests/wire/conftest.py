"""Models that talk to a real server on the loopback, with a clock that passes an hour at once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import pytest

from ostinato.agent.ports import Model
from ostinato.models import factory
from ostinato.models.anthropic import anthropic_model
from ostinato.models.limits import TransportLimits
from ostinato.models.ollama import OllamaModel
from ostinato.models.openai_chat import openai_chat_model
from ostinato.models.openai_responses import openai_model
from ostinato.testing.fake_clock import FakeClock

OpenModel = Callable[..., Model]
KEY = "sk-test-0123456789"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(tick=0.0)


def _any(vendor: str, prefix: str) -> Callable[..., Model]:
    """Return what makes a model of pydantic-ai; `prefix` is what the server knows the vendor's dialect by."""

    def make(name: str, url: str, key: str | None, *, limits: TransportLimits, clock: FakeClock, **_: Any) -> Model:
        variable = vendor.upper()
        address = url.removesuffix("/v1") + prefix
        env = {f"{variable}_API_KEY": key or "", f"{variable}_BASE_URL": address}
        return factory.open_model(f"any:{vendor}:{name}", env=env, limits=limits, clock=clock)

    return make


def _ollama(name: str, url: str, _: str | None, *, limits: TransportLimits, clock: FakeClock, random: Any) -> Model:
    return OllamaModel(name, url, limits=limits, clock=clock)


@dataclass(frozen=True, slots=True)
class Vendor:
    """A protocol as the tests of all protocols see it."""

    provider: str
    make: Callable[..., Model]
    key_variable: str = "OPENAI_API_KEY"
    address_variable: str = "OPENAI_BASE_URL"


VENDORS = {
    "openai-chat": Vendor("openai-chat", openai_chat_model),
    "anthropic": Vendor("anthropic", anthropic_model, "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    "openai": Vendor("openai", openai_model),
}
# The protocol is that of `openai-chat`; what else differs is tested in `test_ollama`.
OLLAMA = {"ollama": Vendor("ollama", _ollama, "", "OLLAMA_HOST")}


# In CI the extra must be there: without it these tests fail instead of being skipped.
needs_any = pytest.mark.skipif(
    find_spec("pydantic_ai") is None and not os.environ.get("CI"), reason="the extra `any` is missing: see `make test`"
)
ANY_VENDORS = {
    "any-groq": Vendor("any:groq", _any("groq", ""), "GROQ_API_KEY", "GROQ_BASE_URL"),
    "any-mistral": Vendor("any:mistral", _any("mistral", "/mistral"), "MISTRAL_API_KEY", "MISTRAL_BASE_URL"),
}
EVERY_VENDOR = [*VENDORS, *OLLAMA, *(pytest.param(name, marks=needs_any) for name in ANY_VENDORS)]


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    """Run the test once for each protocol."""
    return VENDORS[request.param]


@asynccontextmanager
async def _models(clock: FakeClock, vendor: Vendor) -> AsyncIterator[OpenModel]:
    opened: list[Model] = []

    def open_one(url: str, *, key: str | None = KEY, name: str = "test-model", **limits: Any) -> Model:
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


@pytest.fixture(params=EVERY_VENDOR)
async def open_every(clock: FakeClock, request: pytest.FixtureRequest) -> AsyncIterator[OpenModel]:
    """Return the same for every protocol, and for vendors that are reached through pydantic-ai."""
    async with _models(clock, (VENDORS | OLLAMA | ANY_VENDORS)[request.param]) as open_one:
        yield open_one


@pytest.fixture
async def open_chat(clock: FakeClock) -> AsyncIterator[OpenModel]:
    """Return the same for Chat Completions alone."""
    async with _models(clock, VENDORS["openai-chat"]) as open_one:
        yield open_one


@pytest.fixture
async def open_messages(clock: FakeClock) -> AsyncIterator[OpenModel]:
    """Return the same for Messages alone."""
    async with _models(clock, VENDORS["anthropic"]) as open_one:
        yield open_one


@pytest.fixture
async def open_responses(clock: FakeClock) -> AsyncIterator[OpenModel]:
    """Return the same for Responses alone."""
    async with _models(clock, VENDORS["openai"]) as open_one:
        yield open_one
