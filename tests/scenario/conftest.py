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


Modelled = Callable[[Callable[[dict[str, Any]], Answer]], World]


@pytest.fixture
def modelled(tmp_path: Path) -> Iterator[Modelled]:
    """Make a world whose model is the given handler; it is an error at the end if its server refused a request."""
    with ExitStack() as stack:

        def make(handler: Callable[[dict[str, Any]], Answer]) -> World:
            server = stack.enter_context(ChatServer(handler))
            world = World(tmp_path, server.url)
            server.secrets |= credential_values(world.environment())
            return world

        yield make
