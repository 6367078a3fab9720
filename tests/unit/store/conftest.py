"""A real database in memory with a project and a goal in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode
from ostinato.graph.types import Node, NodeType
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.prepared_database import open_memory
from tests.unit.store.garden import Garden


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> Iterator[Store]:
    opened = open_memory(clock)
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
