"""Sessions, events, projects, status and search through the command line."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Shell, make_repository

OSTINATO = Path(sys.executable).parent / "ostinato"


def test_a_session_starts_ends_once_and_is_listed_newest_first(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    first = shell.ok("sessions", "start", "--goal", goal, "--agent", "ada").out.strip()
    assert first.startswith("sess-")
    ended = shell.json("sessions", "end", first, "--summary", "half of it")
    assert (ended["summary"], ended["agent_ids"], ended["kind"]) == ("half of it", ["ada"], "ralph")
    assert ended["ended_at"]
    assert set(ended["usage"]) == {"input", "cached_input", "cache_write", "output", "reasoning", "calls"}
    again = shell.run("sessions", "end", first, "--summary", "other")
    assert again.code == 2
    shown = shell.json("sessions", "show", first)
    assert shown | ended == shown
    assert shown["iterations"] == []

    second = shell.ok("sessions", "start", "--goal", goal, "--kind", "plan").out.strip()
    assert [one["id"] for one in shell.json("sessions", "list")] == [second, first]
    assert [one["id"] for one in shell.json("sessions", "list", "--goal", goal)] == [second, first]
    assert shell.json("sessions", "latest")["id"] == second
    assert shell.json("sessions", "latest", "--goal", goal)["id"] == second
    assert shell.ok("sessions", "latest").out == shell.ok("sessions", "show", second).out
    assert "half of it" in shell.ok("sessions", "show", first).out


def test_latest_answers_null_and_3_when_there_is_no_session(shell: Shell) -> None:
    ran = shell.run("sessions", "latest", "--json")
    assert (ran.code, ran.out) == (3, "null\n")
    assert shell.run("sessions", "show", "sess-00000000").code == 2
    assert shell.run("sessions", "start").code == 2
    assert shell.run("sessions", "start", "--goal", "os-00000000").code == 2


def _events(shell: Shell, *arguments: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in shell.ok("events", "--json", *arguments).out.splitlines()]


def test_events_are_one_object_per_line_oldest_first(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    task = shell.add("task", "T", "--parent", goal)
    other = shell.add("goal", "Other")
    found = _events(shell)
    assert [event["seq"] for event in found] == sorted(event["seq"] for event in found)  # type: ignore[type-var]
    created = [event["node_id"] for event in found if event["kind"] == "node.created"]
    assert created == [goal, task, other]
    assert {"seq", "at", "kind", "project_id", "session_id", "iteration_id", "node_id", "payload"} == set(found[0])
    assert found[0]["payload"]["by"] == "person"  # type: ignore[index]

    assert _events(shell, "--limit", "2") == found[:2]
    assert _events(shell, "--after", str(found[1]["seq"])) == found[2:]
    of_goal = _events(shell, "--goal", goal)
    assert other not in {event["node_id"] for event in of_goal}
    assert task in {event["node_id"] for event in of_goal}
    assert shell.ok("events").out.count("\n") == len(found)


def test_follow_prints_what_another_process_writes(shell: Shell) -> None:
    shell.add("goal", "Before")
    environ = {**os.environ, "OSTINATO_DB": str(shell.database)}
    command = [OSTINATO, "events", "--follow", "--json", "--after", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as running:
        assert running.stdout is not None
        try:
            assert json.loads(running.stdout.readline())["kind"] == "node.created"
            goal = shell.add("goal", "After")
            assert json.loads(running.stdout.readline())["node_id"] == goal
        finally:
            running.terminate()


def test_follow_without_after_starts_with_what_comes(shell: Shell) -> None:
    shell.add("goal", "Before")
    environ = {**os.environ, "OSTINATO_DB": str(shell.database)}
    command = [OSTINATO, "events", "--follow", "--json", "--limit", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as running:
        assert running.stdout is not None
        try:
            made = []
            # The follower says nothing until something comes: goals are added until it has seen one.
            while not select.select([running.stdout], [], [], 0.05)[0]:
                made.append(shell.add("goal", "After"))
            assert json.loads(running.stdout.readline())["node_id"] in made
        finally:
            running.kill()


def _following(shell: Shell, *options: str) -> subprocess.Popen[str]:
    environ = {**os.environ, "OSTINATO_DB": str(shell.database)}
    command = [OSTINATO, "events", "--follow", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)


def test_follow_waits_for_a_database_that_is_made_later(shell: Shell) -> None:
    assert shell.ok("events", "--json").out == ""
    with _following(shell, "--limit", "1") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        try:
            assert "waiting" in running.stderr.readline()
            goal = shell.add("goal", "Made later")
            assert f"+ goal {goal} Made later" in running.stdout.readline()
            assert running.wait(timeout=30) == 0
        finally:
            running.kill()


def test_follow_ends_quietly_when_it_is_interrupted(shell: Shell) -> None:
    shell.add("goal", "Before")
    with _following(shell, "--after", "0") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline()
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=30) == 130
        assert running.stderr.read().strip() == ""


def test_events_of_some_kinds_and_as_readable_lines(shell: Shell) -> None:
    goal = shell.add("goal", "G\x1b[31m")
    task = shell.add("task", "T", "--parent", goal)
    shell.ok("node", "set", task, "--status", "blocked", "--reason", "no key")
    kinds = {event["kind"] for event in _events(shell, "--kind", "node.status")}
    assert kinds == {"node.status"}
    assert {event["kind"] for event in _events(shell, "--kind", "node")} > kinds
    assert [event["node_id"] for event in _events(shell, "--kind", "node.created", "--limit", "2")] == [goal, task]
    refused = shell.run("events", "--kind", "nodes")
    assert (refused.code, "node.created" in refused.err) == (2, True)
    readable = shell.ok("events", "--readable").out
    assert f"+ task {task} T" in readable
    assert f"{task} set to blocked: no key" in readable
    assert "\x1b" not in readable


def test_projects_are_added_listed_shown_and_removed(shell: Shell, tmp_path: Path, repository: Path) -> None:
    other = make_repository(tmp_path / "other")
    (other / "src").mkdir()
    added = shell.json("project", "add", str(other / "src"), "--name", "second")
    assert (added["name"], added["path"]) == ("second", str(other))
    assert shell.json("project", "add", str(other))["id"] == added["id"]
    # Adding another one did not register the present one.
    assert [one["name"] for one in shell.json("project", "list")] == ["second"]
    assert shell.run("project", "show").code == 2
    shell.ok("project", "add")
    assert shell.json("project", "show")["path"] == str(repository)
    goal = shell.ok("node", "add", "goal", "G", "--project", "second").out.strip()
    assert shell.json("project", "show", "second")["goals"] == [goal]

    assert shell.run("project", "remove", "sec", "--yes").code == 2
    asked = shell.run("project", "remove", "second", stdin="n\n")
    assert asked.code == 2
    unanswered = shell.run("project", "remove", "second")
    assert unanswered.code == 2
    assert "--yes" in unanswered.err
    assert shell.json("project", "show", "second")["goals"] == [goal]
    assert shell.run("project", "remove", "second", stdin="y\n").code == 0
    assert [one["name"] for one in shell.json("project", "list")] == ["shop"]
    assert shell.run("node", "show", goal).code == 2
    assert other.exists()


def test_project_add_refuses_a_place_that_is_no_repository(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "plain" / ".git").mkdir(parents=True)
    for place in (tmp_path / "plain", tmp_path / "absent"):
        assert shell.run("project", "add", str(place)).code == 2


def test_status_counts_tasks_and_names_what_runs(shell: Shell) -> None:
    assert shell.json("status") == {
        "project": None,
        "goals": [],
        "sessions": [],
        "waiting": [],
        "usage": {"input": 0, "cached_input": 0, "cache_write": 0, "output": 0, "reasoning": 0, "calls": 0},
        "cost_usd": 0,
    }
    goal = shell.add("goal", "Faster start")
    first = shell.add("task", "A", "--parent", goal)
    shell.add("task", "B", "--parent", goal, "--depends-on", first)
    shell.ok("node", "set", first, "--status", "completed")
    session = shell.ok("sessions", "start", "--goal", goal).out.strip()
    state = shell.json("status")
    assert state["project"]["name"] == "shop"
    (found,) = state["goals"]
    assert found["title"] == "Faster start"
    assert {status: count for status, count in found["counts"].items() if count} == {"completed": 1, "ready": 1}
    assert [one["id"] for one in state["sessions"]] == [session]
    text = shell.ok("status").out
    for word in ("Faster start", "1 of 2 done", "1 ready", session, "spent"):
        assert word in text


@pytest.mark.parametrize("query", ["user-auth", "C++", "a.b", '"', "AND", "NOT (", "*", "'", "title:x", "-x"])
def test_any_text_is_a_legal_query(shell: Shell, query: str) -> None:
    shell.add("goal", f"about {query}")
    assert shell.run("search", "--json", "--", query).code == 0


def test_search_wants_all_words_and_filters(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goal = shell.add("goal", "Parser for the query language")
    task = shell.add("task", "Write the parser", "--parent", goal)
    assert {one["id"] for one in shell.json("search", "pars")} == {goal, task}
    assert [one["id"] for one in shell.json("search", "parser", "query")] == [goal]
    assert [one["id"] for one in shell.json("search", "parser", "--type", "task")] == [task]
    assert [one["id"] for one in shell.json("search", "parser", "--status", "ready")] == [task]
    assert len(shell.json("search", "parser", "--limit", "1")) == 1
    assert shell.json("search", "absent") == []
    monkeypatch.chdir(make_repository(tmp_path / "other"))
    assert shell.json("search", "parser") == []
    assert {one["id"] for one in shell.json("search", "parser", "--all-projects")} == {goal, task}
