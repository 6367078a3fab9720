"""The published schemas: one for each verb, whole, and true of what the verbs print over a rich graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from ostinato.cli.documents import (
    APPROVAL_FIELDS,
    EDGE_FIELDS,
    EVENT_FIELDS,
    HIT_FIELDS,
    MOMENT_FIELDS,
    NODE_FIELDS,
    PROJECT_FIELDS,
    RECORD_FIELDS,
    SESSION_FIELDS,
)
from ostinato.cli.main import cli
from ostinato.cli.schemas.published import published
from ostinato.cli.schemas.things import THINGS
from ostinato.cli.schemas.verbs import VERBS
from ostinato.cli.schemas.verbs_beside import MOMENT, RECORD
from ostinato.cli.tasks_tree import TREE_FIELDS
from ostinato.store.store import Store
from tests.published import hold, validator, verb_of
from tests.unit.cli.conftest import Nights, Shell

HELD_BY_SCENARIOS = {"plan", "ralph", "run", "land", "discard", "init", "sandbox", "replay", "demo"}
"""What needs a model, git or a sandbox: each scenario test that asks for JSON holds it."""


def _verbs(command: click.Command, path: str) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield path.strip()
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from _verbs(found, f"{path} {name}")


def test_every_verb_has_a_schema_and_no_schema_is_left_over() -> None:
    assert {*_verbs(cli, ""), "error"} == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_a_schema_is_whole_and_valid(verb: str) -> None:
    validator(verb)
    schema = published(verb)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(_pointers(schema)) == set(schema["$defs"])


def _pointers(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"].removeprefix("#/$defs/")
        for inner in part.values():
            yield from _pointers(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _pointers(inner)


@pytest.mark.parametrize(
    ("thing", "fields"),
    [
        ("node", NODE_FIELDS),
        ("hit", HIT_FIELDS),
        ("tree", TREE_FIELDS),
        ("edge", EDGE_FIELDS),
        ("session", SESSION_FIELDS),
        ("project", PROJECT_FIELDS),
        ("approval", APPROVAL_FIELDS),
        ("event", EVENT_FIELDS),
    ],
)
def test_the_fields_of_a_list_are_the_keys_of_its_documents(thing: str, fields: tuple[str, ...]) -> None:
    assert tuple(THINGS[thing]["properties"]) == fields


def test_the_fields_of_decisions_are_the_keys_of_their_documents() -> None:
    assert set(RECORD) == set(RECORD_FIELDS)
    assert tuple(MOMENT) == MOMENT_FIELDS


def test_what_each_verb_prints_is_as_published(shell: Shell, nights: Nights, store: Store, tmp_path: Path) -> None:
    made = nights()
    (project,) = store.projects.list()
    store.approvals.ask(project.id, made.goal.id, "question", "which?")
    (review,) = [one for one in store.approvals.open(project_id=project.id) if one.node_id == made.review]
    outcome = shell.add("outcome", "It broke", "--parent", made.decision, "--no-success")
    revisit = shell.add("revisit", "Again", "--parent", made.decision, "--pivot-reason", "x", "--metadata", "a=b")
    seen = shell.add("observation", "Slow", "--parent", made.goal.id, "--about", made.done)
    session = shell.ok("sessions", "start", "--goal", made.goal.id).out.strip()
    asked = shell.ok(
        "decisions", "log", "What?", "--parent", made.goal.id, "--option", "A", "--option", "B"
    ).out.strip()
    edge = shell.json("node", "edges", seen, "--type", "informs")[0]["id"]
    other = tmp_path / "other"
    (other / ".git").mkdir(parents=True)
    (other / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / "list.md").write_text("# List\n\n- [ ] one\n- [x] two\n")
    lines = [
        ("node", "add", "task", "T", "--parent", made.goal.id),
        ("tasks", "list"),
        ("tasks", "ready"),
        ("tasks", "next"),
        ("tasks", "tree"),
        ("tasks", "why", made.failed),
        ("tasks", "why", f"{made.goal.id}.5"),
        *(("show", one) for one in (made.goal.id, made.done, made.decision, outcome, revisit, seen)),
        *(("show", one) for one in (made.first, made.last, made.session.id, review.id)),
        *(("node", "show", one, "--history") for one in (made.goal.id, made.failed, made.decision, revisit)),
        ("node", "list"),
        ("node", "edges", made.decision),
        ("node", "link", outcome, "leads_to", revisit),
        ("node", "unlink", edge),
        ("node", "set", made.done, "--priority", "low", "--label", "x"),
        ("tasks", "retry", made.failed, "--hint", "try"),
        ("tasks", "claim", "--agent", "me"),
        ("tasks", "release", made.failed),
        ("tasks", "reopen", made.done),
        ("notes",),
        ("approvals",),
        ("approve", made.goal.id, "--answer", "this one"),
        ("reject", made.review, "--reason", "no"),
        ("say", made.goal.id, "go on"),
        ("pause", made.goal.id),
        ("resume", made.goal.id),
        ("status",),
        ("status", "--all"),
        ("report",),
        ("report", made.session.id),
        ("events",),
        ("search", "sums"),
        ("search", "++"),
        ("sessions", "list"),
        ("sessions", "latest"),
        ("sessions", "show", made.session.id),
        ("sessions", "start", "--goal", made.goal.id),
        ("sessions", "end", session, "--summary", "over"),
        ("project", "add", str(other)),
        ("project", "list"),
        ("project", "show"),
        ("project", "remove", "other", "--yes"),
        ("config", "explain"),
        ("config", "explain", "limits.session_iterations"),
        ("budget", made.goal.id, "--cost", "5"),
        ("config", "path"),
        ("profiles", "list"),
        ("profiles", "show", "tester"),
        ("completion", "bash"),
        ("decisions", "log", "Which?", "--parent", made.goal.id, "--option", "A", "--option", "B"),
        ("decisions", "choose", asked, "A", "--because", "x"),
        ("decisions", "supersede", asked, made.decision),
        ("decisions", "revisit", outcome, "--reason", "it broke"),
        ("decisions", "now"),
        ("decisions", "history"),
        ("decisions", "show", made.decision),
        ("decisions", "export", "--output", str(tmp_path / "adr")),
        ("graph", "export", "--output", str(tmp_path / "graph")),
        ("graph", "import", str(tmp_path / "graph"), "--dry-run"),
        ("graph", "diff", str(tmp_path / "graph")),
        ("import", str(tmp_path / "list.md"), "--dry-run"),
        ("backup", str(tmp_path / "copy.db")),
        ("prune", "--dry-run"),
        ("schema",),
        ("schema", "tasks", "next"),
    ]
    held = set()
    for line in lines:
        ran = shell.run(*line, "--json")
        assert ran.code == 0, (line, ran.err)
        held.add(hold((*line, "--json"), ran.out))
    assert None not in held
    assert held == set(VERBS) - HELD_BY_SCENARIOS - {"error", "doctor"}


def test_null_streams_and_errors_are_as_published(shell: Shell) -> None:
    for line in (("tasks", "next"), ("tasks", "claim", "--agent", "a"), ("sessions", "latest")):
        assert (shell.run(*line, "--json").code, hold((*line, "--json"), "null")) == (3, " ".join(line[:2]))
    for line in (("status",), ("tasks", "list"), ("tasks", "tree"), ("search", "x"), ("node", "list")):
        shell.json(*line)
    assert shell.run("node", "show", "os-0", "--json").error["kind"] == "not_found"
    assert shell.run("tasks", "--json").error["kind"] == "usage"
    assert verb_of(["--db", "tasks", "--json", "tasks", "next"]) == "tasks next"


def test_schema_lists_prints_and_knows_what_is_near(shell: Shell) -> None:
    assert "tasks next" in shell.ok("schema").out
    assert shell.json("schema", "tasks next")["$id"] == "urn:ostinato:schema:tasks-next"
    assert shell.ok("schema", "error").out.startswith('{\n  "$schema"')
    assert "tasks list, tasks ready" in shell.run("schema", "tasks").err
    assert "near are tasks next" in shell.run("schema", "tasks", "nxt").err
