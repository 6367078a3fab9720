"""One suite for the database and its double: every test here runs on both, and whatever it asserts holds for both.

What a test begins with is that of `tests/unit/store`, but for the store itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.memory_store import MemoryStore
from ostinato.testing.prepared_database import open_memory
from tests.unit.store.conftest import clock, garden, goal, project

__all__ = ["clock", "garden", "goal", "project"]


@pytest.fixture(params=["double", "database"])
def store(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Store | MemoryStore]:
    opened = MemoryStore(clock) if request.param == "double" else open_memory(clock)
    yield opened
    opened.close()
