"""Scenario tests run the real command line in real repositories, against a real server that plays the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ostinato.testing.chat_server import Answer, ChatServer
from ostinato.testing.credentials import credential_values
from tests.scenario.world import World


@pytest.fixture(autouse=True, scope="session")
def _sandbox(bubblewrap: None) -> None:
    """Every scenario runs commands in the sandbox, or is about what happens without it."""


Handle = Callable[[dict[str, Any]], Answer]
Modelled = Callable[[Handle], World]
Served = Callable[[Handle], tuple[World, ChatServer]]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Make a world whose model is the given handler, and its server; at the end it must have refused no request."""
    with ExitStack() as stack:

        def make(handler: Handle) -> tuple[World, ChatServer]:
            server = stack.enter_context(ChatServer(handler))
            world = World(tmp_path, server.url)
            server.secrets |= credential_values(world.environment())
            return world, server

        yield make


@pytest.fixture
def modelled(served: Served) -> Modelled:
    """Make a world as `served` does, for tests that need not ask the server."""
    return lambda handler: served(handler)[0]
