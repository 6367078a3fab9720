"""The main job through the real command line: plan, ralph, land, and what can come between them."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from typing import Any

from ostinato.testing.chat_server import Answer, Call, Fault
from tests.scenario.conftest import Modelled
from tests.scenario.world import Body, Turn, World, brain, done, plan_of, shell, task, tools_of, write

FILES = {"README.md": "# A project\n", "src/app.py": "print('hi')\n"}


def writer(turn: Turn) -> Answer:
    """Writes `<key>.txt`, which is what every check here wants."""
    name = turn.title.removeprefix("Make ")
    return done() if turn.number else write(f"{name}.txt", name)


def file_task(name: str, **more: Any) -> dict[str, Any]:
    return task(name, check=f"grep -qx {name} {name}.txt", **more)


def planned(world: World, text: str = "some files") -> str:
    ran = world.run("--json", "plan", text, "--yes")
    assert ran.code == 0, ran.err
    return str(ran.json["goal_id"])


def test_a_goal_becomes_proven_commits_that_land(modelled: Modelled) -> None:
    decision = {
        "title": "Which format",
        "context": "Files can be text or JSON.",
        "options": [{"title": "text", "pros": ["simple"]}, {"title": "JSON", "cons": ["overkill"]}],
        "chosen": "text",
        "rationale": "nobody parses it",
    }
    plan = plan_of(file_task("a"), file_task("b", after=["a"]), file_task("c", after=["a"]), decisions=[decision])
    world = modelled(brain(plan, writer)).make_repository(FILES)

    ran = world.run("--json", "run", "three files", "--yes", "--land")

    assert ran.code == 0, ran.err
    document = ran.json
    goal = document["goal_id"]
    assert {k: document[k] for k in ("stopped", "iterations", "completed", "remaining", "failed")} == {
        "stopped": "goal_completed",
        "iterations": 3,
        "completed": 3,
        "remaining": 0,
        "failed": 0,
    }
    assert document["usage"]["output"] > 0
    assert world.commits("main") == ["Make c", "Make b", "Make a"]
    assert world.git("log", "-1", "--format=%an <%ae>") == "Pat Person <pat@example.org>"
    trailers = world.git("log", "-1", "--format=%(trailers)")
    assert f"Ostinato-Goal: {goal}" in trailers
    assert f"Ostinato-Task: {goal}." in trailers
    assert "Ostinato-Iteration: iter-" in trailers
    assert world.git("status", "--porcelain") == ""
    assert (world.repo / "b.txt").read_text() == "b"
    assert world.git("branch", "--list", "ostinato/*") == ""
    notes = world.run("notes", "--goal", goal).out
    assert "→ text (nobody parses it)" in notes
    assert notes.count("(completed)") == 3


def test_downstream_tasks_are_blocked_when_a_task_fails(modelled: Modelled) -> None:
    def coder(turn: Turn) -> Answer:
        return done() if turn.title == "Make a" else writer(turn)

    plan = plan_of(file_task("a"), file_task("b", after=["a"]), file_task("c", after=["b"]), file_task("d"))
    world = modelled(brain(plan, coder)).make_repository(FILES)
    goal = planned(world)

    ran = world.run("--json", "ralph", goal)

    assert (ran.code, ran.json["stopped"]) == (3, "nothing_ready")
    assert (ran.json["completed"], ran.json["failed"]) == (1, 1)
    nodes = {n["title"]: n for n in world.json("tasks", "list", "--goal", goal)}
    assert nodes["Make a"]["status"] == "failed"
    failed = nodes["Make a"]["id"]
    assert (nodes["Make b"]["status"], nodes["Make b"]["blocked_reason"]) == ("blocked", f"{failed} failed")
    assert (nodes["Make c"]["status"], nodes["Make c"]["blocked_reason"]) == ("blocked", f"{failed} failed")
    assert nodes["Make d"]["status"] == "completed"
    assert f"- {failed}: Make a — failed: " in world.run("notes", "--goal", goal).out


def test_a_failed_task_goes_on_when_it_is_retried_with_a_hint(modelled: Modelled) -> None:
    def coder(turn: Turn) -> Answer:
        return writer(turn) if "write the letter" in turn.briefing else done()

    world = modelled(brain(plan_of(file_task("a")), coder)).make_repository(FILES)
    goal = planned(world)
    assert world.run("--json", "ralph", goal).code == 3
    assert world.run("tasks", "retry", f"{goal}.1", "--hint", "write the letter a into a.txt").code == 0
    assert world.run("--json", "ralph", goal).json["stopped"] == "goal_completed"


def test_work_that_another_task_did_is_not_done_again(modelled: Modelled) -> None:
    asked: list[str] = []

    def coder(turn: Turn) -> Answer:
        asked.append(turn.title)
        if turn.title == "Make a" and turn.number == 0:
            both = (Call("write_file", {"path": p, "content": p[0]}) for p in ("a.txt", "b.txt"))
            return Answer(tool_calls=tuple(both))
        return done()

    plan = plan_of(file_task("a"), file_task("b", after=["a"]))
    world = modelled(brain(plan, coder)).make_repository(FILES)
    goal = planned(world)
    ran = world.run("--json", "ralph", goal)
    assert ran.json["stopped"] == "goal_completed"
    assert set(asked) == {"Make a"}
    assert world.commits(f"ostinato/{goal}/main") == ["Make a"]


def test_a_task_that_was_never_red_waits_for_a_person(modelled: Modelled) -> None:
    judged = task("prose", check="true", judge=True)
    judged["checks"] = []

    def coder(turn: Turn) -> Answer:
        return done() if turn.number else write("prose.md", "Well said.\n")

    world = modelled(brain(plan_of(judged), coder)).make_repository(FILES)
    goal = planned(world)

    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["stopped"]) == (5, "waiting_for_approval")
    assert world.commits(f"ostinato/{goal}/main") == []
    assert [a["node_id"] for a in world.json("approvals")] == [f"{goal}.1"]

    assert world.run("approve", f"{goal}.1").code == 0
    assert world.run("--json", "ralph", goal).json["stopped"] == "goal_completed"
    assert world.commits(f"ostinato/{goal}/main") == ["Make prose"]


def test_a_task_that_a_person_must_judge_waits_though_its_checks_prove_it(modelled: Modelled) -> None:
    judged = task("guide", check="test -f guide.md", judge=True)
    # What another task's work made green before is no less for a person to judge.
    done_already = task("index", check="test -f guide.md", after=["guide"], judge=True)

    def coder(turn: Turn) -> Answer:
        assert turn.title == "Make guide"
        return done() if turn.number else write("guide.md", "Read this.\n")

    world = modelled(brain(plan_of(judged, done_already), coder)).make_repository(FILES)
    goal = planned(world)
    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["stopped"], ran.json["completed"]) == (5, "waiting_for_approval", 0)
    assert world.commits(f"ostinato/{goal}/main") == []
    (asked,) = world.json("approvals")
    assert (asked["node_id"], asked["kind"]) == (f"{goal}.1", "review")
    assert "a person must judge the result" in asked["question"]

    assert world.run("approve", f"{goal}.1").code == 0
    assert world.run("--json", "ralph", goal).json["stopped"] == "waiting_for_approval"
    assert [a["node_id"] for a in world.json("approvals")] == [f"{goal}.2"]
    assert world.run("approve", f"{goal}.2").code == 0
    assert world.run("--json", "ralph", goal).json["stopped"] == "goal_completed"
    assert world.commits(f"ostinato/{goal}/main") == ["Make guide"]


def test_a_run_that_lands_names_no_step_that_it_does_itself(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    ran = world.run("run", "a file", "--yes", "--land")
    assert ran.code == 0
    assert "Accepted: " in ran.out
    assert "1 iteration, 1 completed" in ran.out
    assert "Landed " in ran.out
    assert not [line for line in ran.out.splitlines() if "ext: " in line or line.startswith("  branch ")]


def test_a_rejected_review_is_tried_again_with_the_reason(modelled: Modelled) -> None:
    judged = task("prose", check="true", judge=True)
    judged["checks"] = []

    def coder(turn: Turn) -> Answer:
        text = "Better.\n" if "too dull" in turn.briefing else "Dull.\n"
        return done() if turn.number else write("prose.md", text)

    world = modelled(brain(plan_of(judged), coder)).make_repository(FILES)
    goal = planned(world)
    assert world.run("ralph", goal).code == 5
    assert world.run("reject", f"{goal}.1", "--reason", "too dull").code == 0
    assert world.run("ralph", goal).code == 5
    assert world.run("approve", f"{goal}.1").code == 0
    assert world.run("ralph", goal).code == 0
    assert world.git("show", f"ostinato/{goal}/main:prose.md") == "Better."


def test_a_later_task_may_not_break_a_proven_one(modelled: Modelled) -> None:
    def coder(turn: Turn) -> Answer:
        if turn.number:
            return done()
        if turn.title == "Make b" and turn.attempt == 1:
            made = Call("write_file", {"path": "b.txt", "content": "b"})
            return Answer(tool_calls=(made, Call("run_command", {"command": "rm a.txt"})))
        assert turn.title != "Make b" or f"{turn.task.rpartition('.')[0]}.1" in turn.briefing
        return writer(turn)

    plan = plan_of(file_task("a"), file_task("b", after=["a"]))
    world = modelled(brain(plan, coder)).make_repository(FILES)
    goal = planned(world)
    assert world.run("--json", "ralph", goal).json["iterations"] == 3
    assert world.git("show", f"ostinato/{goal}/main:a.txt") == "a"
    reasons = [e["payload"].get("reasons") for e in events(world) if e["kind"] == "verdict"]
    assert any(f"breaks {goal}.1" in str(r) for r in reasons)


def events(world: World) -> list[dict[str, Any]]:
    import json

    return [json.loads(line) for line in world.run("--json", "events", "--limit", "10000").out.splitlines()]


def test_the_same_failure_of_the_same_change_twice_ends_the_task(modelled: Modelled) -> None:
    def coder(turn: Turn) -> Answer:
        return done() if turn.number else write("a.txt", "wrong")

    world = modelled(brain(plan_of(file_task("a")), coder)).make_repository(FILES)
    goal = planned(world)
    ran = world.run("--json", "ralph", goal)
    assert ran.json["iterations"] == 2
    assert "twice" in world.json("node", "show", f"{goal}.1")["blocked_reason"]


def test_limits_stop_the_session_by_name(modelled: Modelled) -> None:
    plan = plan_of(file_task("a"), file_task("b"), file_task("c"))
    world = modelled(brain(plan, writer)).make_repository(FILES)
    goal = planned(world)
    ran = world.run("--json", "ralph", goal, "--max-iterations", "1")
    assert (ran.code, ran.json["stopped"]) == (4, "limit_reached")
    assert ran.json["detail"].startswith("iterations")
    assert (ran.json["completed"], ran.json["remaining"]) == (1, 2)
    ran = world.run("--json", "ralph", goal, "--max-tokens", "50")
    assert (ran.code, ran.json["iterations"]) == (4, 1)
    assert ran.json["detail"].startswith("tokens")
    assert ran.json["usage"]["calls"] == 0
    # The last allowed iteration completes the goal: that is success, not a limit.
    ran = world.run("--json", "ralph", goal, "--max-iterations", "2")
    assert (ran.code, ran.json["stopped"]) == (0, "goal_completed")


def test_the_first_interrupt_ends_after_the_step_and_the_next_run_carries_on(modelled: Modelled) -> None:
    started = threading.Event()

    def coder(turn: Turn) -> Answer:
        if turn.number == 1:
            started.set()
            return shell("sleep 1")
        return write("a.txt", "a") if not turn.number else done()

    world = modelled(brain(plan_of(file_task("a")), coder)).make_repository(FILES)
    goal = planned(world)
    process = world.start("--json", "ralph", goal)
    assert started.wait(30)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert '"stopped":"interrupted"' in out
    node = world.json("node", "show", f"{goal}.1")
    assert (node["status"], node["details"]["attempts"]) == ("ready", 0)
    assert world.json("sessions", "latest", "--goal", goal)["stop_reason"] == "interrupted"
    assert world.run("--json", "ralph", goal).json["stopped"] == "goal_completed"


def test_an_interrupt_is_heard_while_an_outage_is_waited_out(modelled: Modelled) -> None:
    """Ctrl-C ends the wait for a vendor at once, and no attempt is used up."""
    waiting = threading.Event()
    down = [True]

    def coder(turn: Turn) -> Answer:
        if down[0]:
            waiting.set()
            return Answer(status=503, headers={"Retry-After": "300"}, error={"message": "maintenance"})
        return done() if turn.number else write("a.txt", "a")

    world = modelled(brain(plan_of(file_task("a")), coder)).make_repository(FILES)
    goal = planned(world)
    process = world.start("--json", "ralph", goal)
    assert waiting.wait(30)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, json.loads(out)["stopped"]) == (130, "interrupted"), err
    down[0] = False
    assert world.json("node", "show", f"{goal}.1")["details"]["attempts"] == 0
    assert world.run("--json", "ralph", goal).json["stopped"] == "goal_completed"


def test_the_second_interrupt_stops_now_and_the_next_run_recovers(modelled: Modelled) -> None:
    started = threading.Event()

    def coder(turn: Turn) -> Answer:
        if turn.number == 1 and not started.is_set():
            started.set()
            return shell("sleep 600")
        return write("a.txt", "a") if not turn.number else done()

    world = modelled(brain(plan_of(file_task("a")), coder)).make_repository(FILES)
    goal = planned(world)
    process = world.start("ralph", goal)
    assert started.wait(30)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(0.5)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 130
    assert world.run("--json", "ralph", goal).json["stopped"] == "goal_completed"


def test_a_broken_environment_stops_before_any_model_call(modelled: Modelled) -> None:
    def nobody(body: Body) -> Answer:
        raise AssertionError("the model was asked")

    world = modelled(nobody).make_repository(
        {**FILES, ".ostinato/config.toml": '[verify]\ncommands = ["no-such-tool --check"]\n'}
    )
    ran = world.run("--json", "plan", "something", "--yes")
    assert ran.code == 8
    assert "no-such-tool" in ran.err
    assert "[setup]" in ran.err
    ran = world.run("--json", "node", "add", "goal", "By hand")
    goal = ran.json["id"]
    world.run("node", "add", "task", "Make a", "--parent", goal, "--check", "test -f a.txt")
    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["stopped"]) == (8, "environment")


def test_wrong_keys_stop_at_once_and_outages_pass(modelled: Modelled) -> None:
    failures = iter([Answer(status=500), Answer(status=503), Answer(text="half of a sentence", fault=Fault.CUT)])
    wrong_key = [False]

    def moody(body: Body) -> Answer:
        if wrong_key[0]:
            return Answer(status=401, error={"message": "bad key"})
        if "propose_plan" in tools_of(body):
            return brain(plan_of(file_task("a"), file_task("b")), writer)(body)
        return next(failures, None) or brain({}, writer)(body)

    world = modelled(moody).make_repository(FILES)
    goal = planned(world)
    assert world.run("--json", "ralph", goal, "--max-iterations", "1").json["completed"] == 1
    wrong_key[0] = True
    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["stopped"]) == (7, "provider_failed")
    assert "OPENAI_API_KEY" in ran.json["detail"]
    assert world.json("tasks", "next", "--goal", goal)["details"]["attempts"] == 0


def test_a_plan_that_nobody_accepts_waits(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    ran = world.run("--json", "plan", "a file", "--no-input")
    assert (ran.code, ran.json["accepted"], ran.json["tasks"]) == (5, False, [])
    goal = ran.json["goal_id"]
    assert world.json("tasks", "list") == []
    assert world.run("approve", goal).code == 0
    assert [t["title"] for t in world.json("tasks", "list", "--goal", goal)] == ["Make a"]
    assert world.run("--json", "ralph").json["stopped"] == "goal_completed"


def test_a_plan_is_sent_back_until_its_checks_are_red(modelled: Modelled) -> None:
    told: list[str] = []

    def planner(body: Body) -> Answer:
        replies = sum(m["role"] == "assistant" for m in body["messages"])
        if not replies:
            return Answer(tool_calls=(Call("propose_plan", plan_of(task("a", check="true"))),))
        told.append(str(body["messages"][-1]["content"]))
        if replies == 1:
            return Answer(tool_calls=(Call("propose_plan", plan_of(file_task("a"))),))
        return done()

    world = modelled(planner).make_repository(FILES)
    assert world.run("--json", "plan", "a file", "--yes").code == 0
    assert "green" in told[0]


def test_a_model_that_talks_nonsense_gets_no_plan(modelled: Modelled) -> None:
    world = modelled(lambda body: Answer(text="What a lovely day.")).make_repository(FILES)
    ran = world.run("--json", "plan", "a file", "--yes")
    assert (ran.code, ran.json["accepted"]) == (6, False)
    assert world.json("node", "show", ran.json["goal_id"])["status"] == "pending"
    assert world.json("sessions", "latest", "--goal", ran.json["goal_id"])["stop_reason"] == "no_plan"


def test_landing_refuses_a_dirty_tree_and_a_branch_that_moved_on(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    goal = planned(world)
    assert world.run("ralph", goal).code == 0
    (world.repo / "src/app.py").write_text("print('changed')\n")
    ran = world.run("land", goal)
    assert ran.code == 2
    assert "src/app.py" in ran.err
    world.git("commit", "-qam", "my own")
    ran = world.run("land", goal)
    assert ran.code == 2
    assert "main" in ran.err
    assert world.commits("main") == ["my own"]
    world.git("reset", "-q", "--hard", "HEAD~1")
    assert world.run("land", goal).code == 0
    assert world.commits("main") == ["Make a"]
