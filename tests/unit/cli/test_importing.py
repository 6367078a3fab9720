"""`ostinato import` as a person and a program meet it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Shell
from tests.unit.graph.importing.reading import FIXTURES

BAD = '{"id":"a-1","title":"One"}\n{"id":"a-2","title":"' + "\\u0000" + '"}\n'


def test_a_person_sees_what_was_made_and_what_to_do_next(shell: Shell) -> None:
    said = shell.ok("import", str(FIXTURES / "prd.json")).out
    goal = shell.json("tasks", "next")["id"].rpartition(".")[0]
    assert "format: prd (detected; --format names another)" in said
    assert "made: 1 goal, 3 tasks" in said
    assert "tasks: 1 completed, 1 pending, 1 ready" in said
    assert "warning: US-003 depends_on US-999 is left out" in said
    assert "2 tasks without a check: what is done on such a task waits for your review" in said
    assert f"next: `ostinato tasks tree --goal {goal}` shows it, `ostinato ralph {goal}` works on it" in said


def test_a_program_gets_one_document(shell: Shell) -> None:
    found = shell.json("import", str(FIXTURES / "bd_current.jsonl"))
    assert found["format"] == "beads"
    assert found["detected"] is True
    assert found["made"] == {"decision": 1, "goal": 2, "observation": 2, "option": 3, "outcome": 1, "task": 2}
    assert found["skipped"] == {"header": 1}
    assert found["without_checks"] == 1
    cart = shell.json("node", "show", found["ids"]["beads:my-app_x-a3f.1"])
    assert cart["status"] == "ready"
    assert cart["metadata"]["beads.design"] == "One table"
    again = shell.json("import", str(FIXTURES / "bd_current.jsonl"))
    assert (again["goal_id"], again["made"], again["ids"]) == (found["goal_id"], {}, {})
    assert again["existing"] == found["ids"]


def test_a_rehearsal_makes_nothing_not_even_the_database(shell: Shell) -> None:
    found = shell.json("import", str(FIXTURES / "spec.json"), "--dry-run")
    assert (found["goal_id"], found["dry_run"]) == (None, True)
    assert found["made"] == {"goal": 1, "observation": 1, "task": 4}
    assert not shell.database.exists()
    goal = shell.add("goal", "Mine")
    before = shell.json("events")
    assert (
        "would make: 1 goal, 1 observation, 4 tasks" in shell.ok("import", str(FIXTURES / "spec.json"), "--dry-run").out
    )
    assert shell.json("import", str(FIXTURES / "spec.json"), "--dry-run", "--goal", goal)["goal_id"] == goal
    assert shell.json("events") == before


@pytest.mark.parametrize("inside", [".", ".beads", ".beads/backup"])
def test_a_directory_of_beads_is_enough(shell: Shell, repository: Path, inside: str) -> None:
    shutil.copytree(FIXTURES / "tables" / ".beads", repository / ".beads")
    found = shell.json("import", inside)
    assert found["made"]["task"] == 2
    assert found["skipped"] == {"config": 1, "events": 1}


def test_the_exported_issues_come_before_the_backup(shell: Shell, repository: Path) -> None:
    shutil.copytree(FIXTURES / "tables" / ".beads", repository / ".beads")
    (repository / ".beads" / "issues.jsonl").write_text('{"id":"a-1","title":"One","priority":1}\n')
    assert shell.json("import", ".")["made"] == {"goal": 1, "task": 1}


def test_what_another_program_prints_is_read_from_stdin(shell: Shell) -> None:
    ran = shell.run("import", "-", "--json", stdin=(FIXTURES / "bd_list.json").read_text())
    assert ran.document["made"] == {"goal": 1, "task": 2}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_of_other_editors_and_shells_are_read(shell: Shell, repository: Path, encoding: str) -> None:
    (repository / "list.md").write_bytes("- [ ] café\r\n".encode(encoding))
    shell.ok("import", "list.md")
    assert shell.json("tasks", "next")["title"] == "café"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("issues.jsonl", BAD.encode(), "issues.jsonl: line 2: title has NUL characters"),
        ("issues.jsonl", b'{"id":"a-1","title":"One"}\n\xff\n', "issues.jsonl: line 2: it is not UTF-8 text"),
        ("issues.jsonl", b"<<<<<<< HEAD\n", "issues.jsonl: line 1: git left a conflict there"),
        ("prd.json", b"{", "prd.json: it begins like JSON and is none"),
        ("notes.txt", b"words", "cannot tell the format of 'notes.txt': name it with --format"),
        ("x.toml", b"[meta\n", "x.toml: no TOML"),
    ],
)
def test_a_bad_file_is_refused_in_one_line_and_nothing_is_left(
    shell: Shell, repository: Path, name: str, content: bytes, said: str
) -> None:
    (repository / name).write_bytes(content)
    ran = shell.run("import", name)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert shell.json("node", "list") == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere.json", "cannot read nowhere.json: No such file or directory"),
        (".", "nothing to import in ."),
        ("/dev/null", "/dev/null is no file"),
    ],
)
def test_a_path_without_tasks_says_what_is_wanted(shell: Shell, path: str, said: str) -> None:
    ran = shell.run("import", path)
    assert ran.code == 2
    assert said in ran.err


def test_a_directory_with_beads_but_no_export_says_how_to_get_one(shell: Shell, repository: Path) -> None:
    (repository / ".beads").mkdir()
    assert "`bd export -o issues.jsonl` writes one" in shell.run("import", ".").err


def test_a_directory_with_several_sources_asks_for_one(shell: Shell, repository: Path) -> None:
    for name in ("prd.json", "spec.json"):
        shutil.copy(FIXTURES / name, repository / name)
    assert "holds several, name one: prd.json, spec.json" in shell.run("import", ".").err


def test_titles_that_would_act_on_a_terminal_are_shown_harmless(shell: Shell, repository: Path) -> None:
    title = "\x1b[31mred\nbreak `rm` <b>"
    line = {
        "id": "a-1",
        "title": title,
        "priority": 1,
        "dependencies": [{"depends_on_id": "a-\x1b[2J", "type": "blocks"}],
    }
    (repository / "issues.jsonl").write_text(json.dumps(line))
    assert "\x1b" not in shell.ok("import", "issues.jsonl").out
    assert shell.json("tasks", "next")["title"] == title


def test_ralph_needs_no_name_for_a_goal_with_goals_inside(shell: Shell, repository: Path) -> None:
    from ostinato.app.goals import chosen_goal
    from ostinato.base.clock import SystemClock
    from ostinato.store.store import open_store

    goal = shell.json("import", str(FIXTURES / "bd_current.jsonl"))["goal_id"]
    store = open_store(shell.database, SystemClock())
    try:
        project = store.projects.list()[0]
        assert chosen_goal(store, project.id, None).goal.id == goal
    finally:
        store.close()
