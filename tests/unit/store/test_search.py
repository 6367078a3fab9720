"""Full text search: any text is legal, all words are wanted, ranked, filtered, and the index never drifts."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ostinato.graph.requests import NewNode, NodeChanges
from ostinato.graph.search import END, MARK, Hit, SearchFilter, pieces
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import NodeType, Status
from ostinato.store.search import fts_query
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.prepared_database import open_memory
from tests.examples import examples
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


_STORE = open_memory(FakeClock())
_STORE.graph.add_node(_STORE.projects.add("/repository").id, NewNode(NodeType.TASK, "some title"))


@examples(200)
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


def hits(store: Store, text: str, limit: int = 20, **conditions: object) -> list[Hit]:
    return store.graph.find_hits(text, SearchFilter(**conditions), limit)


def test_a_hit_shows_where_its_words_stand(garden: Garden, store: Store) -> None:
    garden.task("Fix the user-auth login", description="nothing about it")
    garden.task("Clean up", description="a " * 100 + "the cache of logins " + "b " * 100)
    (found,) = hits(store, "user-auth")
    assert (found.matched, found.snippet) == (("title",), f"Fix the {MARK}user-auth{END} login")
    title, description = hits(store, "login")
    assert (title.matched, description.matched) == (("title",), ("description",))
    assert description.title == "Clean up"
    assert f"the cache of {MARK}logins{END} b" in description.snippet
    assert len(description.snippet) < 120
    assert title.rank < description.rank < 0


def test_marks_cannot_be_forged_when_a_text_holds_them(garden: Garden, store: Store) -> None:
    garden.task(f"a {MARK}forged{END} login", description=f"{END}x{MARK} login")
    (found,) = hits(store, "login")
    assert found.title == f"a \ufffdforged\ufffd {MARK}login{END}"
    assert found.snippet == f"\ufffdx\ufffd {MARK}login{END}"
    (literal,) = hits(store, MARK)
    assert literal.title.count(MARK) == literal.title.count(END) == 1


def test_a_goal_shows_the_notes_that_hold_the_words(garden: Garden, store: Store) -> None:
    goal = garden.goal("the goal")
    garden.task("polish the zeppelin", goal)
    store.sessions.end(store.sessions.start(garden.project.id, goal.id, SessionKind.PLAN).id)
    (found,) = hits(store, "zeppelin", node_type=NodeType.GOAL)
    assert found.matched == ("notes",)
    assert f"{MARK}zeppelin{END}" in found.snippet


def test_hits_lie_below_the_goal_and_have_the_label_when_that_is_asked(garden: Garden, store: Store) -> None:
    goal = garden.goal("thing goal")
    parent = garden.task("thing one", goal)
    below = store.graph.add_node(
        garden.project.id, NewNode(NodeType.TASK, "thing two", parent_id=parent.id, labels=("a b", "c"))
    )
    garden.task("thing three", garden.goal("thing other"))
    assert {hit.node.id for hit in hits(store, "thing", goal_id=goal.id)} == {parent.id, below.id}
    assert [hit.node.id for hit in hits(store, "thing", label="c")] == [below.id]
    assert hits(store, "thing", label="a") == []
    assert [hit.node.id for hit in hits(store, "+", label="c")] == []


def test_nothing_is_lost_when_more_nodes_match_than_are_ranked_at_first(
    garden: Garden, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ostinato.store.search._MOST", 4)
    monkeypatch.setattr("ostinato.store.search._PAGE", 3)
    goal = garden.goal("thing")
    first = garden.task("thing 0", goal)
    for number in range(1, 30):
        garden.task(f"thing {number}", goal, depends_on=(first.id,))
    assert [hit.node.id for hit in hits(store, "thing", node_type=NodeType.GOAL)] == [goal.id]
    assert [hit.node.id for hit in hits(store, "thing", status=Status.READY, limit=5)] == [first.id]
    assert len(hits(store, "thing", limit=40)) == 31
    assert len({hit.node.id for hit in hits(store, "thing", status=Status.PENDING, limit=40)}) == 29
    assert len({hit.node.id for hit in hits(store, "thing", status=Status.PENDING, limit=28)}) == 28


@examples(100)
@given(st.text(max_size=40), st.text(max_size=60), st.sampled_from(["some", "t", "\x02", ">", "a b"]))
def test_a_marked_title_is_the_title_when_its_marks_are_taken_away(title: str, description: str, query: str) -> None:
    text = f"some {title.replace(chr(0), '')}".encode("utf-8", "replace").decode()
    with contextlib.suppress(Undone), _STORE.db.transaction():
        _STORE.graph.add_node(_STORE.projects.list()[0].id, NewNode(NodeType.TASK, text))
        for hit in _STORE.graph.find_hits(query, SearchFilter()):
            plain = hit.node.title.replace(MARK, "\ufffd").replace(END, "\ufffd")
            assert "".join(piece for piece, _ in pieces(hit.title)) == plain
        raise Undone


class Undone(Exception):
    """Takes what a test made back."""
