from __future__ import annotations

import pytest

from tests.unit.cli.conftest import Shell

EVERY_LIST = (
    ("tasks", "list"),
    ("tasks", "ready"),
)


@pytest.fixture
def planted(shell: Shell) -> list[str]:
    """Return the ids of three ready tasks of one goal."""
    goal = shell.add("goal", "G")
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
    count = len(shell.json(*verb))
    whole = shell.ok(*verb, "--limit", str(count))
    assert whole.err == ""
    if count > 1:
        cut = shell.ok(*verb, "--limit", str(count - 1))
        assert cut.err.startswith("there are more: --limit ")
        assert len(shell.json(*verb, "--limit", str(count - 1))) == count - 1
        assert shell.ok(*verb, "--limit", str(count - 1), "--json").err == ""


def test_columns_of_chosen_fields_are_values_for_the_eye(shell: Shell, planted: list[str]) -> None:
    out = shell.ok("tasks", "list", "--fields", "id,labels,assigned_to,title").out
    assert out.splitlines()[0].split() == [planted[0], "a,", "b", "T0"]
