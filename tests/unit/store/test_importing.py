"""Imports in a real database: ids, order, what is known already, and nothing by halves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.errors import OstinatoError, RuleError, UsageError
from ostinato.base.ids import NodeId
from ostinato.graph.importing.reading import read_import
from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode, NodeFilter
from ostinato.graph.types import Node, NodeType, Status
from ostinato.store.importing import Brought
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.prepared_database import open_memory
from tests.examples import examples
from tests.unit.graph.importing.reading import issues, needs, read_fixture
from tests.unit.graph.importing.test_fuzz import ISSUES


def bring(store: Store, project: Project, name: str, goal_id: NodeId | None = None) -> Brought:
    return store.importing.bring(project.id, read_fixture(name), goal_id)


def titles(nodes: list[Node]) -> list[str]:
    return [node.title for node in nodes]


def test_tasks_come_under_a_new_active_goal_and_are_ready_in_their_order(store: Store, project: Project) -> None:
    brought = bring(store, project, "prd.json")
    goal = store.graph.get(brought.goal_id)
    assert (goal.title, goal.description, goal.status) == ("Shop", "A cart", Status.ACTIVE)
    assert goal.metadata["source"] == "prd:ralph/cart/"
    assert brought.made["prd:ralph/cart#US-001"] == f"{goal.id}.1"
    assert titles(store.tasks.ready(goal_id=goal.id)) == ["Show it"]
    store.graph.set_status(NodeId(f"{goal.id}.2"), Status.COMPLETED)
    assert titles(store.tasks.ready(goal_id=goal.id)) == ["Drop it"]


def test_an_import_under_a_goal_goes_on_counting_and_keeps_what_the_file_says_of_itself(
    store: Store, project: Project, goal: Node
) -> None:
    store.graph.add_node(project.id, NewNode(NodeType.TASK, "Mine", parent_id=goal.id))
    brought = bring(store, project, "prd.json", goal.id)
    assert brought.goal_id == goal.id
    assert store.graph.get(NodeId(f"{goal.id}.3")).title == "Keep it"
    about = store.graph.get(NodeId(f"{goal.id}.2"))
    assert (about.node_type, about.title, about.description) == (NodeType.OBSERVATION, "Shop", "A cart")
    assert about.metadata["prd.branchName"] == "ralph/cart"
    assert store.graph.add_node(project.id, NewNode(NodeType.TASK, "Next", parent_id=goal.id)).id == f"{goal.id}.6"


@pytest.mark.parametrize(
    "name",
    ["bd_current.jsonl", "br_old.jsonl", "tables", "bd_show.json", "prd.json", "spec.json", "PRD.md", "goal.toml"],
)
def test_the_same_source_twice_changes_nothing(store: Store, project: Project, name: str) -> None:
    first = bring(store, project, name)
    before = store.graph.query(NodeFilter(project_id=project.id))
    seq = store.events.last_seq()
    again = bring(store, project, name)
    assert (again.goal_id, again.made, again.new_goal) == (first.goal_id, {}, False)
    assert set(again.existing) == set(first.made)
    assert store.graph.query(NodeFilter(project_id=project.id)) == before
    assert store.events.last_seq() == seq


def test_what_is_new_in_a_source_is_added_where_it_belongs(store: Store, project: Project) -> None:
    first = store.importing.bring(project.id, issues({"id": "a-1"}))
    second = store.importing.bring(
        project.id,
        issues(
            {"id": "a-1", "title": "Renamed", "comments": [{"id": 1, "text": "said since"}]},
            {"id": "a-2", "dependencies": [needs("a-1")]},
        ),
    )
    assert second.goal_id == first.goal_id
    assert store.graph.get(first.made["beads:a-1"]).title == "Title"
    assert store.graph.get(second.made["beads:a-1#comment-1"]).parent_id == first.made["beads:a-1"]
    assert store.graph.get(second.made["beads:a-2"]).status is Status.PENDING


def test_what_was_closed_in_the_source_since_is_told_and_left(store: Store, project: Project) -> None:
    first = store.importing.bring(project.id, issues({"id": "a-1"}))
    again = store.importing.bring(project.id, issues({"id": "a-1", "status": "closed", "close_reason": "It works"}))
    assert again.done_there == (first.made["beads:a-1"],)
    assert again.made == {}
    assert store.graph.get(first.made["beads:a-1"]).status is Status.READY


def test_what_lies_in_a_goal_that_was_given_up_may_be_imported_again(store: Store, project: Project) -> None:
    first = bring(store, project, "prd.json")
    store.graph.set_status(first.goal_id, Status.CANCELLED)
    again = bring(store, project, "prd.json")
    assert again.new_goal
    assert len(again.made) == len(first.made)


def test_two_documents_with_the_same_ids_are_told_apart(store: Store, project: Project) -> None:
    story = {"id": "US-001", "title": "One", "passes": False}
    for branch in ("a", "b"):
        text = json.dumps({"branchName": branch, "userStories": [story]})
        assert store.importing.bring(project.id, read_import({"prd.json": text})).new_goal


def test_a_goal_file_under_a_goal_is_a_goal_inside_it(store: Store, project: Project, goal: Node) -> None:
    brought = bring(store, project, "goal.toml", goal.id)
    inner = store.graph.get(brought.made["goal-file:ra-1a2b"])
    assert (inner.parent_id, inner.node_type) == (goal.id, NodeType.GOAL)


def test_a_wrong_goal_takes_nothing(store: Store, project: Project, goal: Node) -> None:
    task = store.graph.add_node(project.id, NewNode(NodeType.TASK, "Task", parent_id=goal.id))
    with pytest.raises(UsageError, match="is a task, not a goal"):
        bring(store, project, "prd.json", task.id)
    store.graph.set_status(goal.id, Status.CANCELLED)
    with pytest.raises(RuleError, match="is cancelled"):
        bring(store, project, "prd.json", goal.id)
    assert len(store.graph.query(NodeFilter(project_id=project.id))) == 2


def test_open_work_opens_the_goal_that_takes_it(store: Store, project: Project, goal: Node) -> None:
    store.graph.set_status(goal.id, Status.COMPLETED)
    bring(store, project, "prd.json", goal.id)
    assert store.graph.get(goal.id).status is Status.ACTIVE


@pytest.fixture(scope="module")
def kept() -> Iterator[Store]:
    opened = open_memory(FakeClock())
    yield opened
    opened.close()


@examples(30)
@given(rows=st.lists(ISSUES, min_size=1, max_size=6))
def test_whatever_could_be_read_can_be_kept_and_read_again(kept: Store, rows: list[dict[str, Any]]) -> None:
    try:
        imported = issues(*rows)
    except OstinatoError:
        return
    project = kept.projects.add("/nowhere/repository")
    with kept.db.transaction():
        brought = kept.importing.bring(project.id, imported)
        assert len(brought.made) == len(imported.nodes) + 1
        again = kept.importing.bring(project.id, imported)
        assert again.made == {}
    kept.projects.remove(project.id)
