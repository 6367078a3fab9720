"""Agents that go in circles, through the real command line: told, ended, tried otherwise, and at last a question."""

from __future__ import annotations

import json

from ostinato.testing.chat_server import Answer, Call
from tests.scenario.conftest import Modelled
from tests.scenario.world import Body, Turn, World, brain, done, plan_of, shell, task, tools_of, write

ODD = "impossible"


def check_of(name: str) -> str:
    return f'test "$(cat {name}.txt 2>/dev/null)" = right || {{ echo "{name} is not right"; exit 1; }}'


def configured(world: World, text: str) -> World:
    (world.repo / ".ostinato").mkdir()
    (world.repo / ".ostinato/config.toml").write_text(text)
    return world


def test_an_impossible_task_among_ten_ends_as_one_question_and_its_answer_frees_it(modelled: Modelled) -> None:
    briefings: list[str] = []

    def coder(turn: Turn) -> Answer:
        name = turn.title.removeprefix("Make ")
        if turn.number:
            return done()
        if name != ODD:
            return write(f"{name}.txt", "right")
        briefings.append(turn.briefing)
        known = "the word is right" in turn.briefing
        return write(f"{name}.txt", "right" if known else f"guess {len(briefings)}")

    names = [f"file{n}" for n in range(9)]
    plan = plan_of(task(ODD, check=check_of(ODD)), *(task(name, check=check_of(name)) for name in names))
    world = modelled(brain(plan, coder)).make_repository({"README": "x"})

    # What was tried outlives the process: the first makes two attempts, the second the third.
    first = world.run("--json", "run", "ten files", "--yes", "--max-iterations", "2")
    assert (first.json["stopped"], len(briefings)) == ("limit_reached", 2), first.out + first.err
    ran = world.run("--json", "ralph")

    assert (ran.code, ran.json["stopped"]) == (5, "waiting_for_approval"), ran.out + ran.err
    assert (ran.json["completed"], len(briefings)) == (9, 3)
    odd = next(one for one in world.json("tasks", "list") if ODD in one["title"])
    assert odd["status"] == "blocked"
    assert "parked: it goes in circles" in odd["blocked_reason"]
    # What was tried is told to the next attempt, and each of its rungs.
    assert "go in circles" not in briefings[1]
    assert "go in circles" in briefings[2]
    assert f"changed {ODD}.txt (+1 -0: guess 2): failed in the same way" in briefings[2]
    assert "create_task" in briefings[2]
    (asked,) = world.json("approvals")
    assert (asked["kind"], asked["node_id"]) == ("help", odd["id"])
    assert [f"(+1 -0: guess {n}): " in asked["question"] for n in (1, 2, 3)] == [True] * 3
    assert f"{ODD} is not right" in asked["question"]
    shown = world.run("show", odd["id"]).out
    assert "other changes failed in the same way, 3 attempts in a row" in " ".join(shown.split())
    assert f"ostinato approve {asked['id']} --answer" in shown
    outcomes = [one for one in world.json("search", "tried", "--type", "outcome") if one["parent_id"] == odd["id"]]
    assert len(outcomes) == 3
    assert all(f"Tried: changed {ODD}.txt (+1 -0: guess" in one["description"] for one in outcomes)

    wordless = world.run("approve", asked["id"])
    assert (wordless.code, "--answer" in wordless.err) == (2, True)
    answered = world.run("approve", asked["id"], "--answer", "the word is right")
    assert "is free again" in answered.out
    assert world.json("approvals") == []
    again = world.run("--json", "ralph")
    assert (again.code, again.json["stopped"], again.json["failed"]) == (0, "goal_completed", 0), again.out
    assert "the word is right" in briefings[3]


def test_a_looper_is_told_and_ended_early_and_the_stronger_model_has_the_next_attempt(modelled: Modelled) -> None:
    asked: list[str] = []
    hints: list[bool] = []

    def handle(body: Body) -> Answer:
        if "propose_plan" not in tools_of(body):
            asked.append(str(body["model"]))
            hints.append("same call" in str(body["messages"][-1]["content"]))
        return thinking(body)

    def coder(turn: Turn) -> Answer:
        if turn.body["model"] == "strong":
            assert "go in circles" in turn.briefing
            return done() if turn.number else write("a.txt", "right")
        return Answer(tool_calls=(Call("read_file", {"path": "README"}),))

    thinking = brain(plan_of(task("a", check=check_of("a"))), coder)
    world = modelled(handle).make_repository({"README": "x"})
    world.env["OSTINATO_MODEL"] = ""
    wire = world.wire
    configured(world, f'[models]\ndefault = "{wire}:weak"\nstronger = "{wire}:strong"\n[limits]\nattempts = 2\n')

    ran = world.run("--json", "run", "a file", "--yes")

    assert (ran.code, ran.json["stopped"]) == (0, "goal_completed"), ran.out + ran.err
    assert asked == ["weak"] * 6 + ["strong"] * 2
    assert hints[:6] == [False] * 3 + [True] * 3
    (odd,) = world.json("tasks", "list")
    first, second = world.json("show", odd["id"])["iterations"]
    assert (first["ending"], second["decision"]) == ("circling", "done")
    assert any("goes in circles" in reason or "in circles" in reason for reason in first["reasons"])
    events = [json.loads(line) for line in world.run("--json", "events").out.splitlines()]
    kept = [one for one in events if "circling" in one["payload"]]
    assert [one["payload"].get("over") for one in kept] == [False, False, False, True, None]


def test_a_planner_that_repeats_itself_ends_without_a_plan(modelled: Modelled) -> None:
    asked: list[Body] = []

    def planner(body: Body) -> Answer:
        asked.append(body)
        return Answer(tool_calls=(Call("list_files", {"path": "."}),))

    world = modelled(planner).make_repository({"README": "x"})
    ran = world.run("plan", "a file", "--yes", "--no-input")
    assert (ran.code, len(asked)) == (6, 6), ran.out + ran.err
    assert "same call 6 times" in ran.out + ran.err


def test_nobody_is_asked_with_full_autonomy_and_a_new_plan_cannot_repeat_what_failed(modelled: Modelled) -> None:
    findings: list[str] = []
    seen: list[str] = []
    plans = [plan_of(task("a", check="test -f a.txt"))]

    def handle(body: Body) -> Answer:
        if "propose_plan" not in tools_of(body):
            return working(body)
        replies = sum(m["role"] == "assistant" for m in body["messages"])
        if len(plans) == 1 or replies >= 2:
            return brain(plans[0], coder)(body)
        said = "\n".join(str(m["content"]) for m in body["messages"])
        (findings if replies else seen).append(said)
        return Answer(tool_calls=(Call("propose_plan", plans[1 + replies]),))

    def coder(turn: Turn) -> Answer:
        return done() if turn.number else shell(f"echo {turn.attempt} > b.txt")

    working = brain(plans[0], coder)
    world = modelled(handle).make_repository({"README": "x"})
    ran = world.run("--json", "run", "a file", "--yes", "--autonomy", "full")
    assert (ran.code, ran.json["stopped"]) == (3, "nothing_ready"), ran.out + ran.err
    (odd,) = world.json("tasks", "list")
    assert odd["status"] == "failed"
    assert world.json("approvals") == []

    same = {**task("a", check="test -f a.txt"), "title": "Make a once more", "replaces": [odd["id"]]}
    other = {**same, "title": "Make a by other means", "description": "Copy README to a.txt."}
    plans += [plan_of(same), plan_of(other)]
    again = world.run("--json", "plan", "--goal", odd["id"].rpartition(".")[0], "--yes", "--no-input")
    assert again.code == 0, again.out + again.err
    assert "tried iter-" in seen[0]
    assert "changed b.txt (+1 -0: 1)" in seen[0]
    assert f"this is {odd['id']} unchanged" in findings[0]
