from __future__ import annotations

from tests.unit.cli.conftest import Shell


def test_why_names_each_reason_and_the_way_to_the_obstacle(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    broken = shell.add("task", "broken", "--parent", goal)
    between = shell.add("task", "between", "--parent", goal, "--depends-on", broken)
    last = shell.add("task", "last", "--parent", goal, "--depends-on", between)
    shell.ok("node", "set", broken, "--status", "blocked", "--reason", "no\x1b[31m key")
    found = shell.json("tasks", "why", last)
    assert (found["ready"], found["status"], found["obstacle"]) == (False, "blocked", broken)
    assert found["waits_for"] == [
        {"by": last, "how": "depends_on", "id": between, "status": "blocked", "title": "between"}
    ]
    assert [(step["by"], step["id"]) for step in found["chain"]] == [(last, between), (between, broken)]
    said = shell.ok("tasks", "why", last).out
    assert f"what holds it up is {broken} (blocked), for this reason: no\\x1b[31m key" in said
    assert "the way to the nearest obstacle" in said


def test_why_of_a_task_that_waits_for_nothing_says_what_it_is(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    task = shell.add("task", "T", "--parent", goal)
    assert shell.json("tasks", "why", task)["ready"] is True
    for status, words in (
        ("claimed", "ada has claimed it"),
        ("in_progress", "ada works on it"),
        ("failed", "it failed"),
    ):
        shell.ok("node", "set", task, "--status", status, *(("--agent", "ada") if status == "claimed" else ()))
        found = shell.json("tasks", "why", task)
        assert (found["ready"], found["reason"], found["chain"]) == (False, words, [])


def test_why_is_asked_of_tasks_alone(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    assert shell.run("tasks", "why", goal, "--json").error["message"] == f"{goal} is a goal: only a task can be ready"
    assert shell.run("tasks", "why", "os-00000000", "--json").error["kind"] == "not_found"
