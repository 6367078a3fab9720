from __future__ import annotations

import json

import pytest

from ostinato.base.ids import NodeId
from ostinato.cli.documents import APPROVAL_FIELDS
from ostinato.store.store import Store
from tests.unit.cli.conftest import Shell

EVERY_LIST = (
    ("tasks", "list"),
    ("tasks", "ready"),
    ("tasks", "tree"),
    ("sessions", "list"),
    ("project", "list"),
)


@pytest.fixture
def planted(shell: Shell) -> list[str]:
    """Return the ids of three ready tasks of one goal."""
    goal = shell.add("goal", "G")
    for _ in range(2):
        shell.ok("sessions", "start", "--goal", goal)
    return [shell.add("task", f"T{n}", "--parent", goal, "--label", "a", "--label", "b") for n in range(3)]


@pytest.mark.parametrize("verb", EVERY_LIST)
def test_fields_are_the_only_keys_in_the_order_asked(shell: Shell, planted: list[str], verb: tuple[str, ...]) -> None:
    fields = list(shell.json(*verb)[0])
    for asked in ([fields[2], fields[0]], fields):
        documents = shell.json(*verb, "--fields", ", ".join(asked))
        assert documents and all(list(document) == asked for document in documents)


@pytest.mark.parametrize("verb", EVERY_LIST)
def test_an_unknown_field_is_refused_and_the_fields_are_named(shell: Shell, verb: tuple[str, ...]) -> None:
    for wrong in ("id,colour", "", ","):
        error = shell.run(*verb, "--fields", wrong, "--json")
        assert error.code == 2
        assert "the fields are id, " in error.error["message"]


@pytest.mark.parametrize("verb", EVERY_LIST)
def test_a_limit_that_cuts_says_so_and_one_that_does_not_is_silent(
    shell: Shell, planted: list[str], verb: tuple[str, ...]
) -> None:
    count = len(shell.json(*verb, "--fields", "id"))
    whole = shell.ok(*verb, "--limit", str(count))
    assert whole.err == ""
    if count > 1:
        cut = shell.ok(*verb, "--limit", str(count - 1))
        assert cut.err.startswith("there are more: --limit ")
        assert len(shell.json(*verb, "--limit", str(count - 1), "--fields", "id")) == count - 1
        assert shell.ok(*verb, "--limit", str(count - 1), "--json").err == ""


def test_columns_of_chosen_fields_are_values_for_the_eye(shell: Shell, planted: list[str]) -> None:
    out = shell.ok("tasks", "list", "--fields", "id,labels,assigned_to,title").out
    assert out.splitlines()[0].split() == [planted[0], "a,", "b", "-", "T0"]


def test_a_tree_is_nested_with_its_children_and_one_flat_list_without(shell: Shell, planted: list[str]) -> None:
    goal, inner = planted[0].rpartition(".")[0], shell.add("task", "inner", "--parent", planted[0])
    flat = shell.json("tasks", "tree", "--fields", "id")
    assert [one["id"] for one in flat] == [goal, planted[0], inner, *planted[1:]]
    (top,) = shell.json("tasks", "tree", "--fields", "children,id", "--limit", "3")
    assert top == {"children": [{"children": [{"children": [], "id": inner}], "id": planted[0]}], "id": goal}
    assert shell.ok("tasks", "tree", "--fields", "id,children").out.splitlines()[1].split() == [
        planted[0],
        inner,
    ]


def test_events_are_chosen_line_by_line(shell: Shell, planted: list[str]) -> None:
    ran = shell.ok("events", "--fields", "kind,node_id", "--limit", "2", "--json")
    assert [json.loads(line) for line in ran.out.splitlines()] == [
        {"kind": "node.created", "node_id": planted[0].rpartition(".")[0]},
        {"kind": "session.started", "node_id": planted[0].rpartition(".")[0]},
    ]
    assert ran.err == ""
    plain = shell.ok("events", "--fields", "kind", "--limit", "1")
    assert (plain.out, plain.err) == ("node.created\n", "there are more: --limit 2 shows more of them\n")


def test_approvals_have_the_fields_of_their_documents(shell: Shell, planted: list[str], store: Store) -> None:
    project, goal = store.projects.list()[0].id, NodeId(planted[0].rpartition(".")[0])
    for n in range(2):
        store.approvals.ask(project, goal, "question", f"which {n}?")
    asked = shell.json("approvals")
    assert list(asked[0]) == list(APPROVAL_FIELDS)
    assert shell.ok("approvals", "--fields", "question", "--limit", "1").out == "which 0?\n"
    assert "there are more" in shell.ok("approvals", "--limit", "1").err
