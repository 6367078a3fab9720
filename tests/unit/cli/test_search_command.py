from __future__ import annotations

from pathlib import Path

from tests.unit.cli.conftest import Shell
from tests.unit.cli.test_main import OSTINATO, on_terminal


def test_a_hit_has_its_snippet_below_when_not_only_the_title_matched(shell: Shell) -> None:
    goal = shell.add("goal", "The cache")
    task = shell.add(
        "task", "Other", "--parent", goal, "--description", "it fills the cache\x1b[31m\nfast", "--label", "x"
    )
    assert shell.ok("search", "cache").out.splitlines() == [
        f"{goal}    goal  active  The cache",
        f"{task}  task  ready   Other",
        "    description: it fills the [cache]\\x1b[31m fast",
    ]
    first, second = shell.json("search", "cache")
    assert (first["matched"], first["snippet"]) == (["title"], "The \x02cache\x03")
    assert second["snippet"] == "it fills the \x02cache\x03\x1b[31m\nfast"
    assert first["rank"] < second["rank"]
    assert [one["id"] for one in shell.json("search", "cache", "--label", "x")] == [task]
    assert [one["id"] for one in shell.json("search", "cache", "--goal", goal)] == [task]
    assert [one["id"] for one in shell.json("search", "cache", "--limit", "1", "--fields", "id")] == [goal]
    assert "there are more" in shell.ok("search", "cache", "--limit", "1").err


def test_words_are_bold_on_a_terminal(shell: Shell) -> None:
    goal = shell.add("goal", "The cache of a shop that is full of caches and other things")
    out = on_terminal([OSTINATO, "--db", shell.database, "search", "cache"], Path.cwd(), "stdout", 50)
    assert "The \x1b[1mcache\x1b[0m of" in out
    assert "\x1b[1mcaches\x1b[0m" in out
    assert goal in out
    assert "\x02" not in out


def test_a_goal_lies_in_one_project(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    error = shell.run("search", "x", "--goal", goal, "--all-projects", "--json").error
    assert error["message"].startswith("--goal and --all-projects exclude each other")
