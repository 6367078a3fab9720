from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Shell

NODE_KEYS = {
    "id",
    "project_id",
    "node_type",
    "title",
    "description",
    "status",
    "priority",
    "assigned_to",
    "created_by",
    "labels",
    "created_at",
    "started_at",
    "completed_at",
    "blocked_reason",
    "details",
    "metadata",
    "parent_id",
}


def test_add_prints_the_id_alone_and_with_json_the_node(shell: Shell) -> None:
    plain = shell.ok("node", "add", "goal", "Faster start")
    assert plain.out.startswith("os-")
    assert plain.out.count("\n") == 1

    node = shell.json("node", "add", "goal", "Another")
    assert set(node) == NODE_KEYS
    assert (node["node_type"], node["title"], node["status"]) == ("goal", "Another", "pending")
    assert node["details"] == {}
    assert node["created_at"].endswith("Z")


def test_add_keeps_every_field_of_a_task(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    first = shell.add("task", "First", "--parent", goal)
    node = shell.json(
        *("node", "add", "task", "Second", "--parent", goal, "--description", "two\nlines", "--priority", "high"),
        *("--label", "a", "--label", "b", "--criterion", "it starts", "--criterion", "it ends"),
        *("--check", "pytest -q", "--guard", "ruff check", "--scope", "src/**", "--complexity", "small"),
        *("--profile", "coder", "--max-attempts", "5", "--metadata", "ticket=1=2", "--depends-on", first),
    )
    assert node["id"] == f"{goal}.2"
    assert node["parent_id"] == goal
    assert node["description"] == "two\nlines"
    assert node["priority"] == "high"
    assert node["labels"] == ["a", "b"]
    assert node["metadata"] == {"ticket": "1=2"}
    assert node["details"] == {
        "acceptance_criteria": ["it starts", "it ends"],
        "checks": [
            {"command": "pytest -q", "timeout": None, "working_dir": None, "guard": False},
            {"command": "ruff check", "timeout": None, "working_dir": None, "guard": True},
        ],
        "file_scope": ["src/**"],
        "complexity": "small",
        "profile": "coder",
        "attempts": 0,
        "max_attempts": 5,
        "judge": False,
    }
    edges = shell.json("node", "show", node["id"])["edges"]
    assert {(edge["edge_type"], edge["from_id"], edge["to_id"]) for edge in edges} == {
        ("contains", goal, node["id"]),
        ("depends_on", node["id"], first),
    }


def test_add_keeps_the_details_of_the_other_types(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    decision = shell.add("decision", "Which parser?", "--parent", goal)
    option = shell.json("node", "add", "option", "click", "--parent", decision, "--pro", "known", "--con", "slow")
    assert option["details"] == {"pros": ["known"], "cons": ["slow"]}
    outcome = shell.json("node", "add", "outcome", "It worked", "--parent", goal, "--success", "--commit", "abc")
    assert outcome["details"] == {"success": True, "iteration_id": None, "commit": "abc"}
    revisit = shell.json("node", "add", "revisit", "Again", "--parent", goal, "--pivot-reason", "too slow")
    assert revisit["details"] == {"pivot_reason": "too slow"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("goal", "G", "--check", "true"), "--check belongs to task"),
        (("goal", "G", "--max-attempts", "3"), "--max-attempts belongs to task"),
        (("task", "T", "--pro", "x"), "--pro belongs to option"),
        (("goal", " \n"), "title"),
        (("goal", "G", "--metadata", "novalue"), "KEY=VALUE"),
        (("goal", "G", "--metadata", "=v"), "KEY=VALUE"),
        (("goal", "G", "--status", "failed"), "failed"),
        (("task", "T", "--parent", "os-00000000"), "os-00000000"),
        (("task", "T", "--depends-on", "os-00000000"), "os-00000000"),
        (("epic", "E"), "epic"),
        (("task", "T", "--check", "true", "--timeout", "1e308"), "at most 1,000,000,000"),
        (("task", "T", "--check", "true", "--timeout", "nan"), "more than 0 seconds"),
        (("task", "T", "--max-attempts", "9" * 12), "at most 1,000,000,000"),
    ],
)
def test_add_refuses_what_is_wrong_and_leaves_nothing(shell: Shell, arguments: tuple[str, ...], words: str) -> None:
    ran = shell.run("node", "add", *arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert words in ran.err
    assert shell.json("project", "list") == []


def test_add_registers_the_repository_and_writes_nothing_into_it(shell: Shell, repository: Path) -> None:
    inside = repository / "src" / "deep"
    inside.mkdir(parents=True)
    before = sorted(repository.rglob("*"))
    shell.add("goal", "G")
    (project,) = shell.json("project", "list")
    assert project["path"] == str(repository)
    assert sorted(repository.rglob("*")) == before


def test_add_without_a_parent_outside_of_a_repository_says_where_to_go(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goal = shell.add("goal", "G")
    monkeypatch.chdir(tmp_path)
    ran = shell.run("node", "add", "goal", "Other")
    assert ran.code == 2
    assert "--project" in ran.err
    # With a parent, or the project's name, any place will do.
    assert shell.add("task", "T", "--parent", goal) == f"{goal}.1"
    assert shell.ok("node", "add", "goal", "Other", "--project", "shop").out.startswith("os-")


def test_set_changes_fields_and_status_together(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    task = shell.add("task", "T", "--parent", goal, "--check", "old", "--metadata", "a=1", "--metadata", "b=2")
    node = shell.json(
        *("node", "set", task, "--status", "blocked", "--reason", "needs a key", "--title", "New"),
        *("--description", "D", "--priority", "low", "--label", "x", "--metadata", "a=3", "--remove-metadata", "b"),
        *("--check", "one", "--check", "two", "--complexity", "large"),
    )
    assert (node["title"], node["description"], node["priority"], node["labels"]) == ("New", "D", "low", ["x"])
    assert (node["status"], node["blocked_reason"]) == ("blocked", "needs a key")
    assert node["metadata"] == {"a": "3"}
    assert [check["command"] for check in node["details"]["checks"]] == ["one", "two"]
    assert node["details"]["complexity"] == "large"


def test_set_clears_what_is_named_and_keeps_the_rest(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    task = shell.add(
        *("task", "T", "--parent", goal, "--check", "c", "--criterion", "x", "--label", "l"),
        *("--priority", "high", "--complexity", "small", "--description", "D"),
    )
    node = shell.json(
        *("node", "set", task, "--check", "", "--label", "", "--priority", "none", "--complexity", "none"),
        *("--description", ""),
    )
    assert node["details"]["checks"] == []
    assert (node["labels"], node["priority"], node["details"]["complexity"]) == ([], None, None)
    assert node["description"] == ""
    assert node["details"]["acceptance_criteria"] == ["x"]


def test_set_refuses_a_status_that_the_type_does_not_have(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    assert shell.run("node", "set", goal, "--status", "failed").code == 2
    assert shell.run("node", "set", goal, "--status", "nonsense").code == 2
    assert shell.json("node", "show", goal)["status"] == "pending"


def test_set_leaves_nothing_behind_when_half_of_it_is_refused(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    assert shell.run("node", "set", goal, "--title", "New", "--status", "failed").code == 2
    assert shell.json("node", "show", goal)["title"] == "G"


def test_set_without_a_change_is_refused(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    assert shell.run("node", "set", goal).code == 2
    assert shell.run("node", "set", goal, "--reason", "why").code == 2


def test_set_to_the_status_that_it_has_succeeds(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    assert shell.json("node", "set", goal, "--status", "pending")["status"] == "pending"


def test_link_and_unlink_print_the_edge(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    decision = shell.add("decision", "D", "--parent", goal)
    one = shell.add("option", "one", "--parent", decision)
    two = shell.add("option", "two", "--parent", decision)
    edge = shell.json("node", "link", decision, "chosen", one, "--label", "simpler")
    assert edge["id"].startswith("e-")
    assert (edge["edge_type"], edge["from_id"], edge["to_id"], edge["label"]) == ("chosen", decision, one, "simpler")
    assert shell.json("node", "show", decision)["status"] == "decided"
    assert shell.json("node", "show", two)["status"] == "rejected"

    first, second = (shell.add("task", title, "--parent", goal) for title in "ab")
    made = shell.json("node", "link", second, "depends_on", first)
    assert shell.json("node", "link", second, "depends_on", first)["id"] == made["id"]
    gone = shell.ok("node", "unlink", made["id"])
    assert gone.out == f"{made['id']}: {second} depends_on {first}\n"
    assert shell.run("node", "unlink", made["id"]).code == 2


def test_link_refuses_a_cycle_and_names_the_path(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    first, second = (shell.add("task", title, "--parent", goal) for title in "ab")
    shell.ok("node", "link", second, "depends_on", first)
    ran = shell.run("node", "link", first, "depends_on", second)
    assert ran.code == 2
    assert first in ran.err
    assert second in ran.err


def test_show_has_edges_children_and_attempts(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    task = shell.add("task", "T", "--parent", goal, "--check", "pytest -q", "--criterion", "it works")
    shown = shell.json("node", "show", goal)
    assert set(shown) == NODE_KEYS | {"edges", "children"}
    assert shown["children"] == [task]
    assert shell.json("node", "show", task)["iterations"] == []
    text = shell.ok("node", "show", task).out
    for word in (task, "T", "ready", "pytest -q", "it works", "contains"):
        assert word in text


def test_show_neutralises_terminal_escapes_but_json_is_exact(shell: Shell) -> None:
    evil = "a\x1b]0;owned\x07b\u202ec"
    goal = shell.add("goal", evil, "--description", f"first\n{evil}", "--label", evil)
    shell.add("task", f"one\r\n{evil}", "--parent", goal, "--check", f"echo {evil}")
    for arguments in (("node", "show", goal), ("node", "show", f"{goal}.1"), ("tasks", "list"), ("tasks", "tree")):
        text = shell.ok(*arguments).out
        assert not any(ch in text for ch in "\x1b\x07\r\u202e"), arguments
        assert "\\x1b" in text
    assert shell.json("node", "show", goal)["title"] == evil


def test_text_that_looks_like_markup_is_printed_as_it_is(shell: Shell) -> None:
    goal = shell.add("goal", "[bold red]x[/] <b> {y} %s")
    assert "[bold red]x[/] <b> {y} %s" in shell.ok("node", "show", goal).out


def test_nodes_are_listed_by_each_condition(shell: Shell) -> None:
    goal, other = shell.add("goal", "G"), shell.add("goal", "Other")
    one = shell.add("task", "One Cache", "--parent", goal, "--label", "a b", "--priority", "high")
    inner = shell.add("task", "Inner", "--parent", one, "--description", "the CACHE", "--label", "a")
    decision = shell.add("decision", "Which?", "--parent", goal)

    def listed(*options: str) -> list[str]:
        return [node["id"] for node in shell.json("node", "list", *options)]

    assert listed() == [goal, other, one, inner, decision]
    assert listed("--type", "decision") == [decision]
    assert listed("--goal", goal) == [one, inner, decision]
    assert listed("--parent", goal) == [one, decision]
    assert listed("--text", "cache") == [one, inner]
    assert listed("--label", "a") == [inner]
    assert listed("--priority", "high") == [one]
    assert listed("--status", "ready", "--goal", goal) == [inner]
    assert listed("--goal", goal, "--label", "c") == []
    assert shell.ok("node", "list", "--limit", "1").out.split() == [goal, "goal", "active", "G"]
    assert [node["id"] for node in shell.json("tasks", "list", "--label", "a b", "--priority", "high")] == [one]
    assert shell.run("node", "list", "--parent", "os-0", "--json").error["kind"] == "not_found"


def test_edges_are_listed_from_both_ends_and_by_type(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    first = shell.add("task", "First", "--parent", goal)
    second = shell.add("task", "Second", "--parent", goal, "--depends-on", first)
    edges = shell.json("node", "edges", first, "--fields", "edge_type,from_id,to_id")
    assert [tuple(edge.values()) for edge in edges] == [("contains", goal, first), ("depends_on", second, first)]
    (edge,) = shell.json("node", "edges", first, "--type", "depends_on")
    shell.ok("node", "unlink", edge["id"])
    assert shell.json("node", "edges", first, "--type", "depends_on") == []


def test_show_tells_what_happened_when_the_history_is_asked_for(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    task = shell.add("task", "T", "--parent", goal)
    shell.ok("node", "set", task, "--title", "U")
    assert "history" not in shell.json("node", "show", task)
    kinds = [event["kind"] for event in shell.json("node", "show", task, "--history")["history"]]
    assert kinds == ["node.created", "node.updated"]
    assert "node.updated" in shell.ok("node", "show", task, "--history").out


def test_how_checks_run_is_said_with_them(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    how = ("--timeout", "90", "--working-dir", "src")
    task = shell.json("node", "add", "task", "T", "--parent", goal, "--check", "make", "--guard", "lint", *how)
    assert [(check["timeout"], check["working_dir"], check["guard"]) for check in task["details"]["checks"]] == [
        (90.0, "src", False),
        (90.0, "src", True),
    ]
    for wrong in (how, ("--check", "make", "--timeout", "inf"), ("--check", "make", "--timeout", "0")):
        assert shell.run("node", "set", task["id"], *wrong).code == 2
    assert shell.json("node", "show", task["id"])["details"] == task["details"]


def test_an_outcome_and_an_observation_are_joined_to_what_they_are_about(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    task = shell.add("task", "T", "--parent", goal)
    outcome = shell.add("outcome", "It broke", "--parent", task, "--no-success", "--iteration", "iter-1a2b3c4d")
    seen = shell.add("observation", "Slow", "--parent", goal, "--about", task, "--about", outcome)
    edges = {(edge["from_id"], edge["edge_type"], edge["to_id"]) for edge in shell.json("node", "edges", task)}
    assert (task, "leads_to", outcome) in edges
    assert (seen, "informs", task) in edges
    assert [edge["to_id"] for edge in shell.json("node", "edges", seen, "--type", "informs")] == [task, outcome]
    assert shell.run("node", "add", "task", "T", "--parent", goal, "--about", task).code == 2
    before = len(shell.json("node", "list"))
    assert shell.run("node", "add", "observation", "x", "--parent", goal, "--about", "os-0").code == 2
    assert len(shell.json("node", "list")) == before


def test_only_an_exact_id_names_what_is_written(shell: Shell) -> None:
    goal = shell.add("goal", "Unique goal")
    task = shell.add("task", "Unique task", "--parent", goal)
    session = shell.ok("sessions", "start", "--goal", goal).out.strip()
    edge = shell.json("node", "edges", task)[0]["id"]
    before = shell.ok("events", "--json").out
    for word in (task[:-1], task.upper(), "Unique task", "%", ""):
        for line in (
            ("node", "set", word, "--title", "x"),
            ("node", "link", word, "informs", goal),
            ("tasks", "claim", word, "--agent", "a"),
            ("tasks", "release", word),
            ("tasks", "retry", word),
            ("tasks", "reopen", word),
            ("say", word, "x"),
            ("pause", word),
            ("node", "unlink", edge[:-1]),
            ("sessions", "end", session[:-1]),
            ("project", "remove", "sho", "--yes"),
            ("approve", word),
        ):
            ran = shell.run(*line, "--json")
            assert ran.code == 2, line
            assert ran.error["kind"] in {"not_found", "rule", "usage"}, line
    assert shell.ok("events", "--json").out == before


def test_profile_that_nobody_has_is_said_at_once(shell: Shell) -> None:
    """The night would find it out; the task is made all the same, since the file may be written later."""
    goal = shell.add("goal", "Goal")
    ran = shell.ok("node", "add", "task", "T", "--parent", goal, "--profile", "testr")
    assert "no profile testr for tasks is here: did you mean tester?" in ran.err
    task = ran.out.strip()
    assert "planner" in shell.ok("node", "set", task, "--profile", "planner").err
    assert shell.ok("node", "set", task, "--profile", "tester").err == ""
