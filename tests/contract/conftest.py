"""One suite for the database and its double: every test here runs on both, and whatever it asserts holds for both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode
from ostinato.graph.types import Node, NodeType
from ostinato.store.database import MEMORY
from ostinato.store.store import Store, open_store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.memory_store import MemoryStore
from tests.unit.store.garden import Garden


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["double", "database"])
def store(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Store | MemoryStore]:
    opened = MemoryStore(clock) if request.param == "double" else open_store(MEMORY, clock)
    yield opened
    opened.close()


@pytest.fixture
def project(store: Store, tmp_path: Path) -> Project:
    return store.projects.add(str(tmp_path / "repository"))


@pytest.fixture
def goal(store: Store, project: Project) -> Node:
    return store.graph.add_node(project.id, NewNode(NodeType.GOAL, "Goal"))


@pytest.fixture
def garden(store: Store, project: Project) -> Garden:
    return Garden(store, project)
