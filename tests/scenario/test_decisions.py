"""Decisions that hold, through the real command line: what goes against one is not done, until a person says so."""

from __future__ import annotations

import json
from typing import Any

from ostinato.testing.chat_server import Answer, Call
from tests.scenario.conftest import Modelled
from tests.scenario.world import Body, Turn, World, brain, done, plan_of, task, write

FILES = {"README.md": "# A project\n", "requirements.txt": "httpx\n"}
PLAN = plan_of(task("fetch", check="test -s fetch.py"))
REQUESTS = "import requests\n"


def planned(world: World) -> str:
    return str(world.json("plan", "fetch it", "--yes")["goal_id"])


def decided(world: World, title: str, *more: str) -> str:
    return str(world.json("decisions", "log", title, "--choose", "httpx", "--option", "requests", *more)["id"])


def reasons(world: World, goal: str) -> list[list[str]]:
    (found,) = world.json("tasks", "list", "--goal", goal)
    return [attempt["reasons"] for attempt in world.json("node", "show", found["id"])["iterations"]]


def log(**arguments: Any) -> Answer:
    return Answer(tool_calls=(Call("log_decision", arguments),))


def test_attempt_against_a_decision_fails_until_a_person_supersedes_it(modelled: Modelled) -> None:
    briefings: list[str] = []

    def coder(turn: Turn) -> Answer:
        if not turn.number:
            briefings.append(turn.briefing)
            return write("fetch.py", REQUESTS)
        return done()

    world = modelled(brain(PLAN, coder)).make_repository(FILES)
    goal = planned(world)
    decision = decided(world, "One HTTP client", "--forbid-dependency", "requests", "--parent", goal)

    ran = world.run("--json", "ralph", goal)

    assert (ran.code, ran.json["stopped"], ran.json["failed"]) == (3, "nothing_ready", 1)
    first, second = reasons(world, goal)
    assert first == [
        f"{decision} “One HTTP client” forbids the dependency requests, which fetch.py would add: do the work without "
        f"it; only a decision that supersedes {decision} and that a person accepts lifts this"
    ]
    assert second[:1] == first
    assert world.commits(f"ostinato/{goal}/main") == []
    assert f"{decision}: One HTTP client → httpx" in briefings[0]
    assert "Forbidden, and checked: dependencies requests" in briefings[0]
    assert first[0] in briefings[1]

    newer = decided(world, "Two HTTP clients", "--supersedes", decision, "--parent", goal)
    assert [(d["id"], d["standing"]) for d in world.json("decisions", "now")] == [(newer, "holds")]
    (failed,) = world.json("tasks", "list", "--goal", goal)
    world.json("tasks", "retry", failed["id"])
    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["stopped"]) == (0, "goal_completed")
    assert world.commits(f"ostinato/{goal}/main") == ["Make fetch"]


def test_agent_cannot_free_itself_and_works_without_it_then(modelled: Modelled) -> None:
    decision = ""

    def coder(turn: Turn) -> Answer:
        options = [{"title": "requests"}, {"title": "httpx"}]
        if turn.attempt == 1:
            return {
                0: log(title="Mine", context="c", options=options, chosen="requests", supersedes=decision),
                1: write("fetch.py", REQUESTS),
            }.get(turn.number, done())
        return done() if turn.number else write("fetch.py", "import httpx\n")

    world = modelled(brain(PLAN, coder)).make_repository(FILES)
    goal = planned(world)
    # No goal of its own: it holds for the whole project.
    decision = decided(world, "One HTTP client", "--forbid-dependency", "requests")

    ran = world.run("--json", "ralph", goal)

    assert (ran.code, ran.json["stopped"], ran.json["iterations"]) == (0, "goal_completed", 2)
    failed, passed = reasons(world, goal)
    assert [decision in reason for reason in failed] == [True]
    assert passed == ["all checks passed"]
    mine, ours = sorted(world.json("decisions", "now"), key=lambda d: str(d["created_by"]))
    assert (mine["title"], mine["accepted"]) == ("Mine", False)
    assert (ours["id"], ours["standing"], ours["in_force"]) == (decision, "superseded_unaccepted", True)


def test_forbidden_path_of_an_accepted_plan_holds(modelled: Modelled) -> None:
    choice = {
        "title": "No vendored code",
        "options": [{"title": "packages"}, {"title": "vendoring"}],
        "chosen": "packages",
        "forbids_paths": ["vendor/**"],
    }

    def coder(turn: Turn) -> Answer:
        path = "vendor/fetch.py" if turn.attempt == 1 else "fetch.py"
        return done() if turn.number else write(path, "x = 1\n")

    plan = plan_of(task("fetch", check="test -s fetch.py -o -s vendor/fetch.py"), decisions=[choice])
    world = modelled(brain(plan, coder)).make_repository(FILES)
    goal = planned(world)

    ran = world.run("--json", "ralph", goal)

    assert (ran.code, ran.json["iterations"]) == (0, 2)
    (held,) = world.json("decisions", "now")
    assert held["details"] == {"forbids_paths": ["vendor/**"], "forbids_dependencies": [], "number": 1}
    assert [held["id"] in reason and "changing vendor/fetch.py" in reason for reason in reasons(world, goal)[0]] == [
        True
    ]


def test_accepted_plan_supersedes_what_it_names_and_nothing_else(modelled: Modelled) -> None:
    decision = ""
    asked: list[Body] = []

    def planner(body: Body) -> Answer:
        asked.append(body)
        if len(asked) > 2:
            return done("planned")
        choice = {"title": "Two clients", "options": [{"title": "both"}, {"title": "one"}], "chosen": "both"}
        named = "os-ffffffff" if len(asked) == 1 else decision
        plan = plan_of(task("fetch", check="test -s fetch.py"), decisions=[{**choice, "supersedes": [named]}])
        return Answer(tool_calls=(Call("propose_plan", plan),))

    world = modelled(planner).make_repository(FILES)
    decision = decided(world, "One HTTP client", "--forbid-dependency", "requests")

    world.json("plan", "fetch it", "--yes")

    briefing, answer = (json.dumps(body["messages"], ensure_ascii=False) for body in asked[:2])
    assert f"{decision}: One HTTP client → httpx. Forbidden, and checked: dependencies requests" in briefing
    assert "os-ffffffff', which is no decision of this project: correct or remove it [supersedes]" in answer
    assert [(d["title"], d["standing"]) for d in world.json("decisions", "now")] == [("Two clients", "holds")]
    assert world.json("decisions", "show", decision)["in_force"] is False
