"""A person is told by their own command, and nothing that goes wrong with it touches the run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ostinato.testing.chat_server import Answer
from tests.scenario.conftest import Modelled
from tests.scenario.test_main_job import FILES, file_task, planned, writer
from tests.scenario.world import Turn, World, brain, done, plan_of, task, write
from tests.unit.notify.test_ways import Hook


def configured(world: World, text: str) -> None:
    """Write the person's own configuration."""
    file = world.root / "config" / "ostinato" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def told(world: World) -> list[dict[str, Any]]:
    """Return what the person's command was given, in order."""
    seen = Path(world.root / "seen")
    return [json.loads(line) for line in seen.read_text().splitlines()] if seen.exists() else []


def test_a_person_is_told_of_a_question_and_of_the_end(modelled: Modelled) -> None:
    judged = task("prose", check="true", judge=True)
    judged["checks"] = []

    def coder(turn: Turn) -> Answer:
        if turn.title == "Make prose":
            return done() if turn.number else write("prose.md", "Well said.\n")
        return writer(turn)

    world = modelled(brain(plan_of(judged, file_task("a")), coder)).make_repository(FILES)
    configured(world, f'[notify]\ncommand = "cat >> {world.root}/seen"\n')
    world.env["DEPLOY_TOKEN"] = "tok-test-0000"
    goal = planned(world, "prose and \x1b[31ma file; the key is tok-test-0000 abcd")
    assert told(world) == []

    assert world.run("--json", "ralph", goal).code == 5
    question, end = told(world)
    assert (question["event"], question["title"], question["goal_id"]) == ("needed", "Ostinato needs you", goal)
    assert question["node_id"] == f"{goal}.1"
    assert (end["event"], end["stopped"], end["needs_person"]) == ("ended", "waiting_for_approval", True)
    # One line, no escape, and not the key that stands in the environment.
    assert "[secret] abcd" in end["message"]
    assert "tok-test-0000" not in json.dumps([question, end])
    assert "\\x1b" in end["message"]

    assert world.run("approve", f"{goal}.1").code == 0
    assert world.run("ralph", goal).code == 0
    assert told(world)[-1]["title"] == "Ostinato: goal completed"
    assert told(world)[-1]["needs_person"] is False


def test_only_what_was_asked_for_is_told(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(file_task("a"), file_task("b")), writer)).make_repository(FILES)
    configured(world, f'[notify]\ncommand = "cat >> {world.root}/seen"\non = ["needed"]\n')
    goal = planned(world)
    assert world.run("ralph", goal, "--max-iterations", "1").code == 4
    assert [one["stopped"] for one in told(world)] == ["limit_reached"]
    assert world.run("ralph", goal).code == 0
    assert len(told(world)) == 1


def test_a_webhook_is_told_of_the_end(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    goal = planned(world)
    with Hook(503, 200) as hook:
        configured(world, f'[notify]\nwebhook = "{hook.url}"\n')
        assert world.run("ralph", goal).code == 0
    assert [body["text"] for body in hook.bodies] == [hook.bodies[1]["text"]] * 2
    assert "Ostinato: goal completed: repo: some files" in str(hook.bodies[1]["text"])


def test_a_plan_that_waits_is_told_of(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    configured(world, f'[notify]\ncommand = ["sh", "-c", "cat >> {world.root}/seen"]\n')
    assert world.run("plan", "some files", "--no-input").code == 5
    assert [(one["event"], one["title"]) for one in told(world)] == [("needed", "Ostinato needs you")]
    assert "Accept the plan" in told(world)[0]["message"]


def test_a_failing_command_is_one_warning_and_the_run_is_as_it_was(modelled: Modelled) -> None:
    def coder(turn: Turn) -> Answer:
        return done() if turn.number else write("prose.md", "Well said.\n")

    judged = task("prose", check="true", judge=True)
    judged["checks"] = []
    world = modelled(brain(plan_of(judged), coder)).make_repository(FILES)
    configured(world, '[notify]\ncommand = "echo no speaker >&2; exit 1"\n')
    goal = planned(world)
    ran = world.run("ralph", goal)
    assert ran.code == 5
    # There were two messages to tell, and one complaint is enough.
    assert ran.err.count("nobody was told by notify.command: /bin/sh exited with 1: no speaker") == 1


def test_an_address_that_is_none_is_said_before_anything_runs(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    goal = planned(world)
    configured(world, '[notify]\nwebhook = "host/hook"\n')
    ran = world.run("ralph", goal)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "notify.webhook must be an address" in ran.err
    assert [s["kind"] for s in world.json("sessions", "list", "--goal", goal)] == ["plan"]
