from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Shell, make_repository


def _ids(nodes: list[dict[str, str]]) -> list[str]:
    return [node["id"] for node in nodes]


def test_next_and_claim_answer_null_and_3_when_nothing_is_ready(shell: Shell) -> None:
    for arguments in (("tasks", "next"), ("tasks", "claim", "--agent", "me")):
        ran = shell.run(*arguments, "--json")
        assert (ran.code, ran.out, ran.err) == (3, "null\n", "")
        plain = shell.run(*arguments)
        assert (plain.code, plain.out) == (3, "")
        assert plain.err == "no task is ready\n"


def test_next_is_the_first_of_ready_and_ready_takes_a_limit(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    first = shell.add("task", "low", "--parent", goal, "--priority", "low")
    second = shell.add("task", "critical", "--parent", goal, "--priority", "critical")
    shell.add("task", "waits", "--parent", goal, "--depends-on", first)
    assert _ids(shell.json("tasks", "ready")) == [second, first]
    assert _ids(shell.json("tasks", "ready", "--limit", "1")) == [second]
    assert shell.json("tasks", "next")["id"] == second
    assert second in shell.ok("tasks", "next").out


def test_list_filters_by_status_and_goal(shell: Shell) -> None:
    one, other = shell.add("goal", "One"), shell.add("goal", "Other")
    task = shell.add("task", "T", "--parent", one)
    waits = shell.add("task", "W", "--parent", one, "--depends-on", task)
    elsewhere = shell.add("task", "E", "--parent", other)
    assert _ids(shell.json("tasks", "list")) == [task, waits, elsewhere]
    assert _ids(shell.json("tasks", "list", "--goal", one)) == [task, waits]
    assert _ids(shell.json("tasks", "list", "--status", "pending")) == [waits]
    assert _ids(shell.json("tasks", "list", "--status", "ready", "--goal", other)) == [elsewhere]
    assert shell.json("tasks", "list", "--status", "failed") == []


def test_reading_registers_and_creates_nothing(shell: Shell) -> None:
    for arguments in (("tasks", "list"), ("tasks", "ready"), ("tasks", "tree"), ("sessions", "list"), ("status",)):
        shell.ok(*arguments)
    assert not shell.database.parent.exists()


def test_lists_outside_of_a_repository_say_where_to_go(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goal = shell.add("goal", "G")
    task = shell.add("task", "T", "--parent", goal)
    monkeypatch.chdir(tmp_path)
    for arguments in (("tasks", "list"), ("tasks", "next"), ("events",), ("notes",)):
        ran = shell.run(*arguments)
        assert ran.code == 2
        assert ran.err == "ostinato: not in a git repository: go into one or name a project with --project\n"
    # From home in the morning: every project's state, since none was meant.
    assert goal in shell.run("status").out
    # An id or a name tells the project.
    assert _ids(shell.json("tasks", "list", "--goal", goal)) == [task]
    assert _ids(shell.json("tasks", "list", "--project", "shop")) == [task]
    assert shell.json("node", "show", task)["id"] == task
    assert shell.run("tasks", "list", "--project", "unknown").code == 2


def test_each_repository_sees_its_own_tasks(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goal = shell.add("goal", "G")
    shell.add("task", "T", "--parent", goal)
    other = make_repository(tmp_path / "other")
    # A worktree has a file where a clone has a directory.
    worktree = tmp_path / "worktree"
    worktree.mkdir()
    (worktree / ".git").write_text("gitdir: /somewhere/.git/worktrees/worktree\n")
    for place in (other, worktree):
        monkeypatch.chdir(place)
        assert shell.json("tasks", "list") == []
        assert shell.run("tasks", "next").code == 3


def test_claim_takes_the_next_or_the_named_task_once(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    first, second = (shell.add("task", title, "--parent", goal) for title in "ab")
    claimed = shell.json("tasks", "claim", "--agent", "ada", "--goal", goal)
    assert (claimed["id"], claimed["status"], claimed["assigned_to"]) == (first, "claimed", "ada")
    assert shell.json("tasks", "claim", second, "--agent", "ada")["id"] == second
    again = shell.run("tasks", "claim", second, "--agent", "bob")
    assert again.code == 2
    assert second in again.err
    assert shell.run("tasks", "claim", "--agent", "bob").code == 3
    assert shell.run("tasks", "claim", second).code == 2


def test_release_gives_a_claim_back(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    task = shell.add("task", "T", "--parent", goal)
    shell.ok("tasks", "claim", task, "--agent", "ada")
    released = shell.json("tasks", "release", task)
    assert (released["status"], released["assigned_to"]) == ("ready", None)
    assert shell.run("tasks", "release", "os-00000000").code == 2


def test_retry_and_reopen_bring_a_task_back(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    task = shell.add("task", "T", "--parent", goal)
    shell.ok("node", "set", task, "--status", "blocked", "--reason", "key")
    assert shell.json("tasks", "retry", task, "--hint", "the key is in the vault")["status"] == "ready"
    assert "the key is in the vault" in str(shell.json("search", "vault"))
    shell.ok("node", "set", task, "--status", "completed")
    assert shell.json("tasks", "reopen", task)["status"] == "ready"
    assert shell.run("tasks", "reopen", task).code == 2


def test_tree_nests_tasks_under_their_goal(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    task = shell.add("task", "T", "--parent", goal)
    child = shell.add("task", "C", "--parent", task)
    shell.add("observation", "not a task", "--parent", goal)
    decision = shell.add("decision", "D", "--parent", goal)
    under = shell.add("task", "U", "--parent", decision)
    (tree,) = shell.json("tasks", "tree")
    assert tree["id"] == goal
    assert _ids(tree["children"]) == [task, under]
    assert _ids(tree["children"][0]["children"]) == [child]
    assert shell.json("tasks", "tree", "--goal", goal) == [tree]
    lines = shell.ok("tasks", "tree").out.splitlines()
    assert [line.split()[0] for line in lines] == [goal, task, child, under]
    assert lines[2].startswith(f"    {child}")


def test_a_goal_in_a_goal_stands_in_the_tree_of_that_alone(shell: Shell) -> None:
    outer = shell.add("goal", "G")
    inner = shell.add("goal", "I", "--parent", outer)
    task = shell.add("task", "T", "--parent", inner)
    assert [line.split()[0] for line in shell.ok("tasks", "tree").out.splitlines()] == [outer, inner, task]
    assert _ids(shell.json("tasks", "tree", "--goal", inner)) == [inner]


def test_goal_must_be_a_goal(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    task = shell.add("task", "T", "--parent", goal)
    ran = shell.run("tasks", "list", "--goal", task)
    assert ran.code == 2
    assert "not a goal" in ran.err
    assert shell.run("tasks", "list", "--goal", "os-00000000").code == 2
