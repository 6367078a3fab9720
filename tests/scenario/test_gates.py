"""The gates through the real command line: a placeholder is refused whatever the checks say, and why is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ostinato.testing.chat_server import Answer
from tests.scenario.conftest import Modelled
from tests.scenario.world import Turn, World, brain, done, plan_of, task, write

FILES = {"README.md": "# A shop\n"}
PLAN = plan_of(task("price.py", check="test -s price.py"))
STUB = "def net(gross, rate):\n    raise NotImplementedError\n"
WORK = "def net(gross, rate):\n    return gross / (1 + rate)\n"
WHY = "price.py:1 net() is a placeholder: its body only raises NotImplementedError"


def attempts(world: World, goal: str) -> list[dict[str, Any]]:
    (found,) = world.json("tasks", "list", "--goal", goal)
    return [dict(one) for one in world.json("node", "show", found["id"])["iterations"]]


def test_agent_that_stubs_is_refused_with_the_reason_and_completes_with_real_work(modelled: Modelled) -> None:
    briefings: list[str] = []

    def coder(turn: Turn) -> Answer:
        if turn.number:
            return done()
        briefings.append(turn.briefing)
        return write("price.py", STUB if turn.attempt == 1 else WORK)

    world = modelled(brain(PLAN, coder)).make_repository(FILES)
    goal = str(world.json("plan", "prices", "--yes")["goal_id"])

    ran = world.run("--json", "ralph", goal)

    assert (ran.code, ran.json["completed"]) == (0, 1)
    first, second = attempts(world, goal)
    assert first["reasons"] == [WHY]
    assert WHY in briefings[1]
    assert (first["commit"], bool(second["commit"])) == (None, True)


ALLOWED = task("price.py", check="test -s price.py", acceptance_criteria=["it is there", "gate stubs allows price.py"])


@pytest.mark.parametrize(
    ("plan", "variables", "completed"),
    [
        (plan_of(ALLOWED), {}, 1),
        (PLAN, {"OSTINATO_GATES": "errors,tests"}, 1),
        (PLAN, {"OSTINATO_GATES": "stubs"}, 0),
    ],
    ids=["the plan allows it here", "the person opens it", "it stands"],
)
def test_gate_is_opened_by_an_accepted_plan_or_by_the_person(
    modelled: Modelled, plan: dict[str, Any], variables: dict[str, str], completed: int
) -> None:
    def coder(turn: Turn) -> Answer:
        return done() if turn.number else write("price.py", STUB)

    world = modelled(brain(plan, coder)).make_repository(FILES)
    goal = str(world.json("plan", "prices", "--yes")["goal_id"])
    world.env.update(variables)
    assert json.loads(world.run("--json", "ralph", goal).out)["completed"] == completed


def test_repository_cannot_open_its_own_gates(modelled: Modelled) -> None:
    world = modelled(brain(PLAN, lambda turn: done())).make_repository(
        {**FILES, ".ostinato/config.toml": "[verify]\ngates = []\n"}
    )
    ran = world.run("plan", "prices", "--yes")
    assert ran.code == 2
    assert "verify.gates cannot be set by a project" in ran.err and "OSTINATO_GATES" in ran.err


def test_what_was_not_read_is_said_with_the_attempt_that_passed(modelled: Modelled) -> None:
    def coder(turn: Turn) -> Answer:
        return done() if turn.number else write("price.py", WORK + "x = = 1\n")

    world = modelled(brain(PLAN, coder)).make_repository(FILES)
    goal = str(world.json("plan", "prices", "--yes")["goal_id"])
    assert json.loads(world.run("--json", "ralph", goal).out)["completed"] == 1
    (only,) = attempts(world, goal)
    note = "price.py:3 could not be read as code: the gates did not look at that part"
    assert only["reasons"][-1] == note
    assert note in " ".join(world.run("show", only["id"]).out.replace("·", "").split())
