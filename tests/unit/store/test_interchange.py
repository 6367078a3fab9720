"""Files of the graph and a database: byte-identical round trips, who wins where they differ, ids that collide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from ostinato.base.errors import RuleError, UsageError
from ostinato.base.ids import NodeId, edge_id
from ostinato.base.process import ProcessIdentity
from ostinato.graph.comparing import Strategy
from ostinato.graph.edges import EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.joining import NamedFile
from ostinato.graph.projects import Project
from ostinato.graph.records import EdgeRecord, NodeRecord
from ostinato.graph.requests import NewNode, NodeChanges
from ostinato.graph.toml_format import GraphFile, to_toml
from ostinato.graph.toml_reader import from_toml
from ostinato.graph.types import Node, NodeType, Priority, Status, TaskDetails
from ostinato.store.interchange import BroughtIn
from ostinato.store.loading import load
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.prepared_database import open_memory
from tests.examples import examples
from tests.unit.graph.graph_files import GOAL, graphs

Graph = tuple[tuple[NodeRecord, ...], tuple[EdgeRecord, ...]]
PROCESS = ProcessIdentity("host", "boot", 1, "then")


@contextmanager
def empty(name: str = "elsewhere") -> Iterator[tuple[Store, Project]]:
    """Another person's database, with a project of another name."""
    store = open_memory(FakeClock())
    try:
        yield store, store.projects.add(f"/nowhere/{name}")
    finally:
        store.close()


def exported(store: Store, project: Project) -> dict[NodeId | None, str]:
    goals: list[NodeId | None] = [*store.interchange.goals(project.id), None]
    return {goal: to_toml(store.interchange.read(project.id, goal)) for goal in goals}


def as_files(texts: Sequence[str]) -> list[NamedFile]:
    return [
        NamedFile(f"{n}.toml", str(hash(text)), from_toml(text.encode(), f"{n}.toml")) for n, text in enumerate(texts)
    ]


def bring(
    store: Store, project: Project, texts: Sequence[str], strategy: Strategy = Strategy.MERGE, renumber: bool = False
) -> BroughtIn:
    return store.interchange.bring_in(project.id, as_files(texts), strategy, renumber=renumber)


@contextmanager
def emptied(store: Store, name: str) -> Iterator[tuple[Store, Project]]:
    """The same database again, without what the example before left in it."""
    project = store.projects.add(f"/nowhere/{name}")
    try:
        yield store, project
    finally:
        store.projects.remove(project.id)


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Store, Store]]:
    with empty() as (one, _), empty() as (other, _):
        yield one, other


@examples(20)
@given(graph=graphs())
def test_export_import_export_gives_the_same_bytes(pair: tuple[Store, Store], graph: Graph) -> None:
    with emptied(pair[0], "one") as (store, project), emptied(pair[1], "other") as (other, further):
        load(store.db, store.events, project.id, *graph)
        first = exported(store, project)
        texts = [text for text in first.values() if "[nodes" in text]
        done = bring(other, further, texts)
        second = exported(other, further)
        assert {goal: second[goal] for goal, text in first.items() if "[nodes" in text} == {
            goal: text for goal, text in first.items() if "[nodes" in text
        }
        assert len(done.added_nodes) == len(graph[0])
        met = store.interchange.meet(project.id, as_files(texts))
        assert met.comparison.same and not met.skipped
        again = bring(other, further, texts)
        assert not (again.added_nodes or again.added_edges or again.differences)
        assert other.db.one("SELECT count(*) AS n FROM events")["n"] == len(graph[0]) + len(done.added_edges)  # type: ignore[index]


def grown(store: Store, project: Project) -> Node:
    """A goal with everything that readers see otherwise than it is stored, a goal inside it, and a note outside."""
    graph = store.graph
    goal = graph.add_node(project.id, NewNode(NodeType.GOAL, "Goal"))
    first = graph.add_node(project.id, NewNode(NodeType.TASK, "First", parent_id=goal.id))
    second = graph.add_node(project.id, NewNode(NodeType.TASK, "Second", parent_id=goal.id, depends_on=(first.id,)))
    decision = graph.add_node(project.id, NewNode(NodeType.DECISION, "Which?", parent_id=goal.id))
    options = [graph.add_node(project.id, NewNode(NodeType.OPTION, name, parent_id=decision.id)) for name in "AB"]
    graph.link(decision.id, EdgeType.CHOSEN, options[0].id, "because")
    inner = graph.add_node(project.id, NewNode(NodeType.GOAL, "Inner", parent_id=goal.id))
    graph.add_node(project.id, NewNode(NodeType.TASK, "Inside", parent_id=inner.id, depends_on=(second.id,)))
    note = graph.add_node(project.id, NewNode(NodeType.OBSERVATION, "Loose note"))
    graph.link(note.id, EdgeType.INFORMS, second.id)
    return goal


def test_each_node_and_edge_is_in_exactly_one_file(store: Store, project: Project) -> None:
    goal = grown(store, project)
    files = [store.interchange.read(project.id, one) for one in (*store.interchange.goals(project.id), None)]
    nodes = [node.id for file in files for node in file.nodes]
    edges = [edge.key for file in files for edge in file.edges]
    assert len(nodes) == len(set(nodes)) == store.db.one("SELECT count(*) AS n FROM nodes")["n"]  # type: ignore[index]
    assert len(edges) == len(set(edges)) == store.db.one("SELECT count(*) AS n FROM edges")["n"]  # type: ignore[index]
    whole = store.interchange.read(project.id, goal.id, whole=True)
    assert {node.id for node in whole.nodes} == {goal.id, *(node.id for node in store.graph.descendants(goal.id))}


def test_derived_statuses_are_never_written(store: Store, project: Project) -> None:
    goal = grown(store, project)
    store.graph.set_status(NodeId(f"{goal.id}.1"), Status.BLOCKED, reason="by hand")
    text = exported(store, project)[goal.id]
    assert '"ready"' not in text
    assert text.count('status = "blocked"') == 1
    assert store.graph.get(NodeId(f"{goal.id}.2")).status is Status.BLOCKED


def test_a_claim_of_the_loop_changes_no_file_and_a_claim_by_hand_does(store: Store, project: Project) -> None:
    goal = grown(store, project)
    before = exported(store, project)
    session = store.sessions.start(project.id, goal.id, "ralph")
    claimed = store.tasks.claim_next(goal.id, "coder", session_id=session.id, lease_seconds=60, process=PROCESS)
    assert claimed is not None
    assert exported(store, project) == before
    assert not bring(store, project, [before[goal.id]], Strategy.THEIRS).differences
    assert store.tasks.holds(claimed[0])
    store.tasks.release(claimed[0].task_id)
    store.tasks.claim("ada", task_id=claimed[0].task_id)
    after = exported(store, project)[goal.id]
    assert 'status = "claimed"\nassigned_to = "ada"\n' in after
    with empty() as (other, further):
        bring(other, further, [after])
        assert exported(other, further)[goal.id] == after


def test_a_file_that_completes_a_claimed_task_takes_it_from_the_loop(store: Store, project: Project) -> None:
    goal = grown(store, project)
    with empty() as (other, further):
        bring(other, further, list(exported(store, project).values()))
        other.graph.set_status(NodeId(f"{goal.id}.1"), Status.COMPLETED)
        theirs = exported(other, further)[goal.id]
    session = store.sessions.start(project.id, goal.id, "ralph")
    claimed = store.tasks.claim_next(goal.id, "coder", session_id=session.id, lease_seconds=60, process=PROCESS)
    assert claimed is not None and claimed[0].task_id == f"{goal.id}.1"
    bring(store, project, [theirs], Strategy.THEIRS)
    assert not store.tasks.holds(claimed[0])
    assert exported(store, project)[goal.id] == theirs
    assert store.graph.get(NodeId(f"{goal.id}.2")).status is Status.READY


@pytest.fixture
def two(store: Store, project: Project) -> Iterator[tuple[Node, Store, Project]]:
    """A goal that two people have, each in a database of their own."""
    goal = grown(store, project)
    with empty() as (other, further):
        bring(other, further, list(exported(store, project).values()))
        yield goal, other, further


def test_merge_adds_what_is_new_and_leaves_what_differs(
    store: Store, project: Project, two: tuple[Node, Store, Project]
) -> None:
    goal, other, further = two
    first = NodeId(f"{goal.id}.1")
    other.graph.update(first, NodeChanges(title="Renamed", priority=Priority.HIGH, metadata={"k": "v"}))
    other.graph.add_node(further.id, NewNode(NodeType.TASK, "New", parent_id=first))
    done = bring(store, project, [exported(other, further)[goal.id]])
    assert [node.title for node in done.added_nodes] == ["New"]
    assert {(one.what, one.field, one.database, one.file) for one in done.differences} == {
        (first, "title", "First", "Renamed"),
        (first, "priority", None, "high"),
        (first, "metadata.k", None, "v"),
    }
    assert not done.settled
    kept = store.graph.get(first)
    assert (kept.title, kept.priority, kept.metadata) == ("First", None, {})
    assert store.graph.get(NodeId(f"{first}.1")).title == "New"


def test_theirs_makes_the_database_say_what_the_file_says(
    store: Store, project: Project, two: tuple[Node, Store, Project]
) -> None:
    goal, other, further = two
    first, second = NodeId(f"{goal.id}.1"), NodeId(f"{goal.id}.2")
    details = TaskDetails(("new",), complexity=None, attempts=0)
    other.graph.update(first, NodeChanges(title="Renamed", labels=("x",), details=details, metadata={"k": "v"}))
    other.graph.set_status(first, Status.COMPLETED)
    other.graph.link(NodeId(f"{goal.id}.3"), EdgeType.CHOSEN, NodeId(f"{goal.id}.3.1"), "another reason")
    theirs = exported(other, further)[goal.id]
    before = store.events.last_seq()
    done = bring(store, project, [theirs], Strategy.THEIRS)
    assert exported(store, project)[goal.id] == theirs
    assert done.settled and {one.field for one in done.differences} >= {"title", "status", "completed_at", "label"}
    assert store.graph.get(second).status is Status.READY
    told = [(event.kind, event.node_id) for event in store.events.after(before)]
    assert told == [
        (EventKind.NODE_UPDATED, first),
        (EventKind.NODE_STATUS, first),
        (EventKind.EDGE_ADDED, f"{goal.id}.3"),
    ]


def test_ours_keeps_the_database_and_settles_for_it(
    store: Store, project: Project, two: tuple[Node, Store, Project]
) -> None:
    goal, other, further = two
    other.graph.update(goal.id, NodeChanges(title="Theirs"))
    text = exported(other, further)[goal.id]
    digest = str(hash(text))
    assert not bring(store, project, [text]).settled and not store.file_marks.seen(project.id, goal.id, digest)
    assert bring(store, project, [text], Strategy.OURS).settled
    assert store.graph.get(goal.id).title == "Goal"
    assert store.file_marks.seen(project.id, goal.id, digest)


def test_a_choice_that_differs_waits_for_theirs(
    store: Store, project: Project, two: tuple[Node, Store, Project]
) -> None:
    goal, other, further = two
    decision, other_option = NodeId(f"{goal.id}.3"), NodeId(f"{goal.id}.3.2")
    other.graph.unlink(edge_id(EdgeType.CHOSEN, decision, f"{decision}.1"))
    other.graph.link(decision, EdgeType.CHOSEN, other_option, "better")
    theirs = exported(other, further)[goal.id]
    done = bring(store, project, [theirs])
    held = {one.what for one in done.differences if one.field == "edge"}
    assert held == {f"chosen {decision} → {other_option}", f"rejected {decision} → {decision}.1"}
    assert store.graph.get(other_option).status is Status.REJECTED
    bring(store, project, [theirs], Strategy.THEIRS)
    assert store.graph.get(other_option).status is Status.CHOSEN
    assert exported(store, project)[goal.id] == theirs


def test_theirs_removes_an_edge_that_others_removed_and_keeps_one_that_is_new_here(
    store: Store, project: Project, two: tuple[Node, Store, Project]
) -> None:
    goal, other, further = two
    first, second, decision = (NodeId(f"{goal.id}.{n}") for n in (1, 2, 3))
    store.file_marks.remember(project.id, goal.id, "what was exported before")
    other.graph.unlink(edge_id(EdgeType.DEPENDS_ON, second, first))
    theirs = exported(other, further)[goal.id]
    store.graph.link(second, EdgeType.DEPENDS_ON, decision)
    done = bring(store, project, [theirs], Strategy.THEIRS)
    assert [edge.key for edge in done.removed_edges] == [(EdgeType.DEPENDS_ON, second, first)]
    assert [node.id for node in store.graph.prerequisites(second)] == [decision]


def test_an_id_of_two_nodes_is_refused_or_renumbered_with_all_that_names_it(
    store: Store, project: Project, two: tuple[Node, Store, Project]
) -> None:
    goal, other, further = two
    mine = store.graph.add_node(project.id, NewNode(NodeType.TASK, "Mine", parent_id=goal.id))
    theirs = other.graph.add_node(further.id, NewNode(NodeType.TASK, "Theirs", parent_id=goal.id))
    child = other.graph.add_node(further.id, NewNode(NodeType.TASK, "Child", parent_id=theirs.id))
    other.graph.link(NodeId(f"{goal.id}.2"), EdgeType.DEPENDS_ON, child.id)
    assert mine.id == theirs.id == f"{goal.id}.5"
    text = exported(other, further)[goal.id]
    with pytest.raises(RuleError) as refused:
        bring(store, project, [text])
    assert refused.value.message == (
        f"{mine.id} is two nodes: “Mine” in the database and “Theirs” in the file: "
        "--renumber gives the file's node the next free id"
    )
    done = bring(store, project, [text], renumber=True)
    assert done.renumbered == {theirs.id: f"{goal.id}.6", child.id: f"{goal.id}.6.1"}
    assert [store.graph.get(NodeId(f"{goal.id}.{n}")).title for n in ("5", "6", "6.1")] == ["Mine", "Theirs", "Child"]
    assert f"{goal.id}.6.1" in {node.id for node in store.graph.prerequisites(NodeId(f"{goal.id}.2"))}
    # The uid says that it is there already: nothing is added, or given another number, a second time.
    again = bring(store, project, [text], renumber=True)
    assert not again.added_nodes and not again.added_edges and again.renumbered == done.renumbered
    new = store.graph.add_node(project.id, NewNode(NodeType.TASK, "Next", parent_id=goal.id))
    assert new.id == f"{goal.id}.7"


def test_files_keep_the_id_that_a_renumbered_node_came_with_so_that_all_clones_agree(
    store: Store, project: Project, two: tuple[Node, Store, Project]
) -> None:
    goal, other, further = two
    store.graph.add_node(project.id, NewNode(NodeType.TASK, "Mine", parent_id=goal.id))
    theirs = other.graph.add_node(further.id, NewNode(NodeType.TASK, "Theirs", parent_id=goal.id))
    other.graph.add_node(further.id, NewNode(NodeType.TASK, "Child", parent_id=theirs.id))
    bring(store, project, [exported(other, further)[goal.id]], renumber=True)
    mine = exported(store, project)
    called = {node.title: node.id for node in from_toml(mine[goal.id].encode(), "f").nodes}
    assert (called["Theirs"], called["Child"], called["Mine"]) == tuple(f"{goal.id}.{n}" for n in ("5", "5.1", "6"))
    assert store.graph.get(NodeId(f"{goal.id}.5")).title == "Mine"
    done = bring(other, further, list(mine.values()))
    assert [node.title for node in done.added_nodes] == ["Mine"] and not done.renumbered and not done.differences
    assert exported(other, further) == mine
    # Each goes on from there, and a change of one is the same change for the other.
    store.graph.update(NodeId(f"{goal.id}.5"), NodeChanges(title="Mine, renamed"))
    store.graph.add_node(project.id, NewNode(NodeType.TASK, "Below", parent_id=NodeId(f"{goal.id}.6.1")))
    mine = exported(store, project)
    bring(other, further, list(mine.values()), Strategy.THEIRS)
    assert exported(other, further) == mine
    assert other.graph.get(NodeId(f"{goal.id}.6")).title == "Mine, renamed"
    assert other.graph.get(NodeId(f"{goal.id}.5.1.1")).title == "Below"
    assert store.interchange.meet(project.id, as_files(list(mine.values()))).same


def test_a_root_with_a_taken_id_gets_another_and_its_children_follow(store: Store, project: Project) -> None:
    with empty() as (other, further):
        for where, project_id, title in ((store, project.id, "Mine"), (other, further.id, "Theirs")):
            goal = NodeRecord(GOAL, NodeType.GOAL, title, Status.ACTIVE, "2026-01-01T00:00:00.000000Z")
            task = replace(goal, id=NodeId(f"{GOAL}.1"), node_type=NodeType.TASK, status=Status.PENDING, parent_id=GOAL)
            load(where.db, where.events, project_id, [goal, task], [])
        done = bring(store, project, [exported(other, further)[GOAL]], renumber=True)
    new = done.renumbered[GOAL]
    assert done.renumbered == {GOAL: new, f"{GOAL}.1": f"{new}.1"}
    assert [node.id for node in store.graph.descendants(new)] == [f"{new}.1"]


def test_edges_to_nodes_that_are_nowhere_are_skipped_and_named(store: Store, project: Project) -> None:
    goal = grown(store, project)
    files = exported(store, project)
    inner = next(one for one in files if one not in {goal.id, None})
    assert inner is not None
    with empty() as (other, further):
        done = bring(other, further, [files[goal.id]])
        assert not done.skipped
        done = bring(other, further, [files[None]])
        assert not done.skipped and done.settled
    with empty() as (other, further):
        done = bring(other, further, [files[None]])
        assert [str(edge) for edge in done.skipped] == [f"informs {done.added_nodes[0].id} → {goal.id}.2"]
        assert not done.settled
        assert not bring(other, further, list(files.values())).skipped
        assert exported(other, further) == files


def test_nothing_is_left_when_an_import_is_refused(
    store: Store, project: Project, two: tuple[Node, Store, Project]
) -> None:
    goal, other, further = two
    other.graph.update(NodeId(f"{goal.id}.2"), NodeChanges(title="Renamed"))
    store.graph.unlink(edge_id(EdgeType.DEPENDS_ON, f"{goal.id}.2", f"{goal.id}.1"))
    store.graph.link(NodeId(f"{goal.id}.1"), EdgeType.DEPENDS_ON, NodeId(f"{goal.id}.2"))
    before, events = exported(store, project), store.events.last_seq()
    with pytest.raises(RuleError, match="would wait for itself"):
        bring(store, project, [exported(other, further)[goal.id]], Strategy.THEIRS)
    assert exported(store, project) == before and store.events.last_seq() == events


def test_a_node_of_another_project_of_the_database_is_refused(store: Store, project: Project, tmp_path: Path) -> None:
    grown(store, project)
    clone = store.projects.add(str(tmp_path / "clone"))
    with pytest.raises(UsageError, match=f"is kept in the project {project.name} of this database"):
        bring(store, clone, list(exported(store, project).values()))


def test_files_that_contradict_each_other_are_refused(store: Store, project: Project) -> None:
    goal = grown(store, project)
    text = exported(store, project)[goal.id]
    assert bring(store, project, [text, text]).unchanged
    with pytest.raises(UsageError, match=r"is in 0.toml and in 1.toml, and they differ"):
        bring(store, project, [text, text.replace("First", "Other")])
    copied = from_toml(text.encode(), "f")
    twice = replace(copied.nodes[1], id=NodeId(f"{goal.id}.99"))
    file = GraphFile(goal.id, "p", (*copied.nodes, twice), copied.edges)
    with pytest.raises(UsageError, match="have the same uid: one of them is a copy"):
        store.interchange.bring_in(project.id, [NamedFile("f", "d", file)], Strategy.MERGE)


def test_an_id_that_is_a_path_is_refused_even_for_a_node_that_is_known(store: Store, project: Project) -> None:
    goal = grown(store, project)
    text = exported(store, project)[goal.id]
    hostile = text.replace(f'[nodes."{goal.id}"]', '[nodes."os-../../evil"]')
    with pytest.raises(RuleError, match="is no id of a node"):
        bring(store, project, [hostile])


def test_decisions_keep_who_stands_behind_them_and_their_number_in_files(store: Store, project: Project) -> None:
    with empty() as (other, further):
        for where, place in ((store, project), (other, further)):
            goal = where.graph.add_node(place.id, NewNode(NodeType.GOAL, "Goal"))
            decision = where.graph.add_node(place.id, NewNode(NodeType.DECISION, "Which?", parent_id=goal.id))
            option = where.graph.add_node(place.id, NewNode(NodeType.OPTION, "This", parent_id=decision.id))
            where.graph.link(decision.id, EdgeType.CHOSEN, option.id)
        bring(store, project, list(exported(other, further).values())[:1])
        mine = exported(store, project)
        assert [text.count("details.number = 1\n") for text in mine.values()] == [1, 1, 0]
        assert sum(text.count('decided_by = "person"\n') for text in mine.values()) == 2
        done = bring(other, further, [text for text in mine.values() if "[nodes" in text])
        theirs = exported(other, further)
        assert not done.differences and all(theirs[goal] == text for goal, text in mine.items() if goal)
    rows = store.db.execute("SELECT number FROM nodes WHERE node_type = 'decision' ORDER BY number")
    assert [row["number"] for row in rows] == [1, 2]
