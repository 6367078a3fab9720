"""Two people change different nodes of one goal at random: git merges their files without a word, and both databases
come to say the same."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.ids import NodeId
from ostinato.graph.comparing import Strategy
from ostinato.graph.edges import EdgeType
from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode, NodeChanges
from ostinato.graph.types import NodeType, Priority, Status
from ostinato.store.store import Store
from tests.examples import examples
from tests.unit.graph.graph_files import texts, titles
from tests.unit.store.test_interchange import bring, emptied, exported, pair

__all__ = ["pair"]

_TASKS = 7
Change = Callable[[Store, Project, NodeId, str], None]


def _rename(store: Store, project: Project, task: NodeId, text: str) -> None:
    store.graph.update(task, NodeChanges(title=f"t {text}"))


def _describe(store: Store, project: Project, task: NodeId, text: str) -> None:
    store.graph.update(task, NodeChanges(description=text, priority=Priority.LOW, metadata={text or "k": text}))


def _complete(store: Store, project: Project, task: NodeId, text: str) -> None:
    store.graph.set_status(task, Status.COMPLETED)


def _add_child(store: Store, project: Project, task: NodeId, text: str) -> None:
    store.graph.add_node(project.id, NewNode(NodeType.OBSERVATION, f"o {text}", text, parent_id=task))


def _depend(store: Store, project: Project, task: NodeId, text: str) -> None:
    goal, _, number = task.rpartition(".")
    if int(number) > 1:
        store.graph.link(task, EdgeType.DEPENDS_ON, NodeId(f"{goal}.{1 + len(text) % (int(number) - 1)}"), text)


_CHANGES: tuple[Change, ...] = (_rename, _describe, _complete, _add_child, _depend)
changes = st.lists(st.tuples(st.sampled_from(_CHANGES), st.integers(0, _TASKS // 2 - 1), texts), min_size=1, max_size=5)


def merged(folder: Path, base: str, one: str, other: str, *options: str) -> str:
    """Return what git makes of two texts with a common origin; it must see no conflict that is not decided."""
    names = []
    for name, text in (("one", one), ("base", base), ("other", other)):
        (folder / name).write_bytes(text.encode())
        names.append(str(folder / name))
    done = subprocess.run(["git", "merge-file", "-p", *options, *names], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()
    return done.stdout.decode()


@examples(10, shared=True)
@given(title=titles, ours=changes, theirs=changes)
def test_changes_of_different_nodes_merge_and_both_sides_say_the_same(
    pair: tuple[Store, Store],
    tmp_path_factory: pytest.TempPathFactory,
    title: str,
    ours: list[tuple[Change, int, str]],
    theirs: list[tuple[Change, int, str]],
) -> None:
    with emptied(pair[0], "one") as (store, project), emptied(pair[1], "other") as (other, further):
        goal = store.graph.add_node(project.id, NewNode(NodeType.GOAL, title)).id
        for number in range(1, _TASKS + 1):
            store.graph.add_node(project.id, NewNode(NodeType.TASK, f"Task {number}", parent_id=goal))
        base = exported(store, project)[goal]
        bring(other, further, [base])
        # One has the tasks with even numbers, the other those with odd ones; the last is nobody's.
        for side, place, first, some in ((store, project, 2, ours), (other, further, 1, theirs)):
            for change, which, text in some:
                change(side, place, NodeId(f"{goal}.{first + 2 * which}"), text)
        together = merged(
            tmp_path_factory.mktemp("merge"), base, exported(store, project)[goal], exported(other, further)[goal]
        )
        for side, place in ((store, project), (other, further)):
            bring(side, place, [together], Strategy.THEIRS)
            assert exported(side, place)[goal] == together


additions = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from((NodeType.TASK, NodeType.OBSERVATION, NodeType.DECISION)), texts),
    min_size=1,
    max_size=4,
)


def _grow(store: Store, project: Project, goal: NodeId, who: str, some: list[tuple[int, NodeType, str]]) -> set[str]:
    """Add nodes anywhere below the goal; return their titles."""
    titles = set()
    for number, (place, node_type, text) in enumerate(some):
        parents = [goal, *(node.id for node in store.graph.descendants(goal))]
        title = f"{who} {number}"
        new = NewNode(node_type, title, text, parent_id=parents[place % len(parents)])
        store.graph.add_node(project.id, new)
        titles.add(title)
    return titles


@examples(10, shared=True)
@given(ours=additions, theirs=additions, later=additions)
def test_nodes_of_one_id_are_told_apart_and_both_come_to_write_the_same(
    pair: tuple[Store, Store],
    tmp_path_factory: pytest.TempPathFactory,
    ours: list[tuple[int, NodeType, str]],
    theirs: list[tuple[int, NodeType, str]],
    later: list[tuple[int, NodeType, str]],
) -> None:
    with emptied(pair[0], "one") as (store, project), emptied(pair[1], "other") as (other, further):
        goal = store.graph.add_node(project.id, NewNode(NodeType.GOAL, "Goal")).id
        store.graph.add_node(project.id, NewNode(NodeType.TASK, "Task", parent_id=goal))
        base = exported(store, project)[goal]
        bring(other, further, [base])
        made = _grow(store, project, goal, "ours", ours) | _grow(other, further, goal, "theirs", theirs)
        # What `git pull -X theirs` makes of it goes in under new numbers, and what is written then goes the other way.
        folder = tmp_path_factory.mktemp("merge")
        both = merged(folder, base, exported(store, project)[goal], exported(other, further)[goal], "--theirs")
        bring(store, project, [both], Strategy.THEIRS, renumber=True)
        for source, target in (((store, project), (other, further)), ((other, further), (store, project))):
            text = exported(*source)[goal]
            bring(*target, [text], Strategy.THEIRS, renumber=True)
            assert exported(*target)[goal] == text
            assert made <= {node.title for node in target[0].graph.descendants(goal)}
            made |= _grow(*target, goal, f"later {target[1].name}", later)
