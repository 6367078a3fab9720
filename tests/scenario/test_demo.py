"""`ostinato demo` as a person runs it: from nothing to a landed program, and what can be looked at afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.scenario.test_bad_input import refusal
from tests.scenario.world import Ran, World


def test_the_demo_ends_landed_and_shows_what_it_promises(tmp_path: Path) -> None:
    """One demo for all that can be looked at: it takes seconds, and each worker of pytest would play its own."""
    world = World(tmp_path, env={"OPENAI_API_KEY": "", "OPENAI_BASE_URL": "", "OSTINATO_MODEL": ""})
    ran = world.run("demo", "--directory", str(tmp_path / "almanac"), "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    played = (world, ran)
    assert_landed_with_green_tests(played)
    assert_an_option_was_rejected(played)
    assert_a_failed_attempt_was_retried(played)
    assert_the_persons_own_is_untouched(played)


def asked(played: tuple[World, Ran], *arguments: str) -> Any:
    """Return what a command says of the demo's database, asked from within its repository."""
    world, ran = played
    told = world.run("--db", ran.json["database"], "--json", *arguments, cwd=Path(ran.json["directory"]))
    assert told.code == 0, told.err
    return [json.loads(line) for line in told.out.splitlines()] if arguments[0] == "events" else told.json


def assert_landed_with_green_tests(played: tuple[World, Ran]) -> None:
    document = played[1].json
    run = document["run"]
    assert (run["stopped"], run["remaining"], run["failed"]) == ("goal_completed", 0, 0)
    assert run["completed"] == len(run["tasks"]) >= 6
    assert any(task["details"]["checks"] for task in run["tasks"])
    assert run["landed"]["commits"] == run["completed"]
    assert len(document["log"]) == run["completed"] + 1
    assert document["tests"]["exit_code"] == 0
    assert "OK" in document["tests"]["output"]
    assert document["page"]


def assert_an_option_was_rejected(played: tuple[World, Ran]) -> None:
    goal = played[1].json["run"]["goal_id"]
    notes = played[1].json["notes"]
    decisions = notes.partition("## Decisions Made\n")[2]
    assert "→" in decisions
    assert notes == asked(played, "notes", "--goal", goal)["notes"]
    edges = [e["payload"] for e in asked(played, "events", "--limit", "10000") if e["kind"] == "edge.added"]
    for kind in ("chosen", "rejected"):
        options = [edge["to"] for edge in edges if edge["type"] == kind]
        assert options
        assert {asked(played, "node", "show", option)["status"] for option in options} == {kind}


def assert_a_failed_attempt_was_retried(played: tuple[World, Ran]) -> None:
    events = asked(played, "events", "--limit", "10000")
    verdicts = [(event["node_id"], event["payload"]["verdict"]) for event in events if event["kind"] == "verdict"]
    failed = [node for node, verdict in verdicts if verdict == "failed"]
    assert failed
    assert all((node, "passed") in verdicts for node in failed)
    assert played[1].json["run"]["iterations"] > played[1].json["run"]["completed"]


def assert_the_persons_own_is_untouched(played: tuple[World, Ran]) -> None:
    world = played[0]
    assert sorted(path.name for path in world.root.iterdir()) == ["almanac", "almanac.ostinato"]
    # The checkouts are gone, the database stays.
    assert sorted(path.name for path in (world.root / "almanac.ostinato").iterdir()) == ["ostinato.db"]
    told = world.run("project", "list", "--json", cwd=world.root)
    assert (told.code, told.json) == (0, [])


def test_the_demo_refuses_a_directory_that_holds_something(tmp_path: Path) -> None:
    world = World(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years of work")
    refusal(world.run("demo", "--directory", "mine", cwd=tmp_path), 2, "not empty", "new or empty")
    refusal(world.run("demo", "--directory", "mine/thesis.txt", cwd=tmp_path), 2, "thesis.txt")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_demo_tells_its_story_to_a_person(tmp_path: Path) -> None:
    world = World(tmp_path)
    ran = world.run("demo", "--directory", "a place", cwd=tmp_path)
    assert ran.code == 0, ran.err
    for words in ("Handoff notes", "## Done", "## Decisions Made", "git log --oneline --graph", "To look around"):
        assert words in ran.out
    assert "\x1b" not in ran.out + ran.err
    # What it says to look at works as it is printed.
    database = f"--db '{tmp_path / 'a place.ostinato' / 'ostinato.db'}'"
    assert f"ostinato {database} notes" in ran.out
