"""Full text search: any text is legal, all words are wanted, ranked, filtered, and the index never drifts."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ostinato.graph.requests import NewNode, NodeChanges
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import NodeType, Status
from ostinato.store.database import MEMORY
from ostinato.store.search import fts_query
from ostinato.store.store import Store, open_store
from ostinato.testing.fake_clock import FakeClock
from tests.unit.store.garden import Garden


def titles(store: Store, text: str, **filters: object) -> list[str]:
    return [node.title for node in store.graph.search(text, **filters)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("login", ["Fix user-auth login"]),
        ("LOGIN user", ["Fix user-auth login"]),
        ("user-auth", ["Fix user-auth login"]),
        ("auth-user", []),
        ("user log", ["Fix user-auth login"]),
        ("log user", []),
        ("us login", []),
        ("user absent", []),
        ("café", ["Le café"]),
        ("cafe", ["Le café"]),
        ("C++", ["C++ bindings", "Le café", "Read a.b.c"]),
        ("a.b", ["Read a.b.c"]),
        ("AND", ["this AND that"]),
        ("NOT that", []),
        ("that AND", ["this AND that"]),
        ('"', ["say \" it's"]),
        ("++", ["C++ bindings"]),
        ("title:login", []),
        ("^login", ["Fix user-auth login"]),
        ("login*", ["Fix user-auth login"]),
        ("NEAR(user login)", []),
        ("fix it?", []),
        ("", []),
        ("  \n", []),
        ("\0", []),
        ("日本", ["日本語"]),
    ],
)
def test_search_finds_what_is_meant_when_the_query_is_any_text(garden: Garden, query: str, found: list[str]) -> None:
    for title in (
        "Fix user-auth login",
        "C++ bindings",
        "Read a.b.c",
        "this AND that",
        "say \" it's",
        "Le café",
        "日本語",
    ):
        garden.task(title)
    assert sorted(titles(garden.store, query)) == found


_STORE = open_store(MEMORY, FakeClock())
_STORE.graph.add_node(_STORE.projects.add("/repository").id, NewNode(NodeType.TASK, "some title"))


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=30))
@example("\ud800")
@example('a" OR "b')
@example("{}:-*^()")
@example("\u0301")
@example("𐐀 ꟸ 🙂")
def test_search_never_fails_when_the_query_is_arbitrary(text: str) -> None:
    for status in (None, Status.READY):
        assert isinstance(_STORE.graph.search(text, status=status), list)


def test_words_are_quoted_when_a_query_is_made() -> None:
    assert fts_query('a "b" c++') == '"a" AND """b""" AND "c++"*'
    assert fts_query("+ - *") is None


def test_titles_come_first_when_results_are_ranked(garden: Garden) -> None:
    garden.task("other", description="rocket " + "filler " * 50)
    garden.task("rocket")
    garden.task("more", description="rocket science")
    assert titles(garden.store, "rocket") == ["rocket", "more", "other"]
    assert titles(garden.store, "rocket", limit=1) == ["rocket"]
    assert titles(garden.store, "rocket", limit=0) == []


def test_only_matching_nodes_are_found_when_filters_are_given(garden: Garden, store: Store) -> None:
    goal = garden.goal("thing goal")
    first = garden.task("thing one", goal)
    garden.task("thing two", goal, depends_on=(first.id,))
    elsewhere = store.projects.add("/elsewhere")
    store.graph.add_node(elsewhere.id, NewNode(NodeType.TASK, "thing three"))
    assert set(titles(store, "thing")) == {"thing goal", "thing one", "thing two", "thing three"}
    assert titles(store, "thing", project_id=elsewhere.id) == ["thing three"]
    assert titles(store, "thing", node_type=NodeType.GOAL) == ["thing goal"]
    assert titles(store, "thing", status=Status.PENDING) == ["thing two"]
    assert set(titles(store, "thing", status=Status.READY)) == {"thing one", "thing three"}
    store.graph.set_status(first.id, Status.BLOCKED)
    assert set(titles(store, "thing", status=Status.BLOCKED)) == {"thing one", "thing two"}
    assert titles(store, "thing", status=Status.BLOCKED, limit=1, project_id=garden.project.id)


def test_goal_is_found_when_the_words_stand_in_its_handoff_notes(garden: Garden, store: Store) -> None:
    goal = garden.goal("the goal")
    task = garden.task("polish the zeppelin", goal)
    session = store.sessions.start(garden.project.id, goal.id, SessionKind.PLAN)
    assert titles(store, "zeppelin", node_type=NodeType.GOAL) == []
    store.sessions.end(session.id)
    assert titles(store, "zeppelin", node_type=NodeType.GOAL) == ["the goal"]
    assert set(titles(store, "zeppelin")) == {"the goal", task.title}


def test_index_follows_when_texts_change(garden: Garden, store: Store) -> None:
    task = garden.task("before", description="old")
    store.graph.update(task.id, NodeChanges(title="after"))
    assert (titles(store, "before"), titles(store, "after old")) == ([], ["after"])
    store.graph.update(task.id, NodeChanges(description="new"))
    assert (titles(store, "old"), titles(store, "after new")) == ([], ["after"])
    store.projects.remove(garden.project.id)
    assert titles(store, "after") == []
    check_index(store)


def test_index_is_not_touched_when_only_a_status_changes(garden: Garden, store: Store) -> None:
    task = garden.task("words")
    before = store.db.execute("SELECT * FROM node_search_data")
    store.graph.set_status(task.id, Status.BLOCKED)
    store.graph.update(task.id, NodeChanges(title="words", metadata={"a": "b"}))
    assert store.db.execute("SELECT * FROM node_search_data") == before


def test_index_still_fits_when_the_database_was_vacuumed(garden: Garden, store: Store) -> None:
    made = [garden.task(f"word{number}") for number in range(20)]
    # Gaps in the row numbers are what VACUUM would close if they were not declared.
    store.db.execute("DELETE FROM events")
    for node in made[:10]:
        store.db.execute("DELETE FROM nodes WHERE id = :id", {"id": node.id})
    store.db.execute("VACUUM")
    for node in made[10:]:
        assert titles(store, node.title) == [node.title]
    check_index(store)


def check_index(store: Store) -> None:
    """Raises when an index and its table differ."""
    store.db.execute("INSERT INTO node_search (node_search, rank) VALUES ('integrity-check', 1)")
    store.db.execute("INSERT INTO notes_search (notes_search, rank) VALUES ('integrity-check', 1)")
