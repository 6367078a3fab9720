"""Giving a goal up: what goes, what stays, what hinders it, and the way back."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from ostinato.testing.chat_server import Answer
from tests.scenario.conftest import Modelled
from tests.scenario.test_main_job import FILES, file_task, planned, writer
from tests.scenario.test_steering import Gate
from tests.scenario.world import Turn, World, brain, done, plan_of, task, write


def half_done(modelled: Modelled) -> tuple[World, str]:
    """Return a goal with two commits, a change that waits for a review, a failed and an open task."""
    judged = task("prose", check="true", judge=True)
    judged["checks"] = []

    def coder(turn: Turn) -> Answer:
        if turn.title == "Make prose":
            return done() if turn.number else write("prose.md", "Well said.\n")
        return done() if turn.title == "Make wrong" else writer(turn)

    plan = plan_of(file_task("a"), file_task("b"), judged, file_task("wrong"), file_task("after", after=["wrong"]))
    world = modelled(brain(plan, coder)).make_repository(FILES)
    goal = planned(world)
    assert world.run("ralph", goal).code == 5
    return world, goal


def refs(world: World) -> list[str]:
    return world.git("for-each-ref", "--format=%(refname)").splitlines()


def test_the_branch_goes_history_stays_and_there_is_a_way_back(modelled: Modelled) -> None:
    world, goal = half_done(modelled)
    main, tip = world.git("rev-parse", "main"), world.git("rev-parse", f"ostinato/{goal}/main")
    assert len([ref for ref in refs(world) if ref.startswith("refs/ostinato/review/")]) == 1

    gone = world.json("discard", goal, "--yes")
    assert (gone["commits"], gone["commit"], gone["reviews"], gone["questions"]) == (2, tip, 1, 1)
    assert (gone["kept"], gone["status"]) == (f"refs/ostinato/discarded/{goal}", "cancelled")
    assert refs(world) == ["refs/heads/main", gone["kept"]]
    assert (world.git("rev-parse", "main"), world.git("status", "--porcelain")) == (main, "")

    statuses = {node["title"]: node["status"] for node in world.json("tasks", "list", "--goal", goal)}
    assert statuses == {
        "Make a": "completed",
        "Make b": "completed",
        "Make prose": "cancelled",
        "Make wrong": "failed",
        "Make after": "cancelled",
    }
    assert world.json("approvals") == []
    assert world.json("node", "show", goal)["metadata"]["discarded_commit"] == tip
    assert world.run("ralph").code == 3

    again = world.run("discard", goal, "--yes")
    assert (again.code, again.out) == (0, f"Nothing is left of {goal} to discard.\n")
    world.git("branch", "back", gone["kept"])
    assert world.commits("back") == ["Make b", "Make a"]


def test_it_asks_first_and_no_changes_nothing(modelled: Modelled) -> None:
    world, goal = half_done(modelled)
    before = refs(world)
    refused = world.run("discard", goal)
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "--yes answers it" in refused.err
    assert world.run("--json", "discard", goal).code == 2

    said, code = on_terminal(world, ["discard", goal], b"n\n")
    assert code == 2
    assert "2 commits that no branch of yours has" in said
    assert f"{goal}.3" in said
    assert refs(world) == before
    said, code = on_terminal(world, ["discard", goal], b"y\n")
    assert code == 0
    assert f"git branch NAME refs/ostinato/discarded/{goal}" in said


def on_terminal(world: World, arguments: list[str], typed: bytes) -> tuple[str, int]:
    """Run the command line on a terminal; return what it showed and its exit code."""
    keeper, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ostinato", *arguments],
        cwd=world.repo,
        env=world.environment(),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    os.write(keeper, typed)
    shown = b""
    # The terminal reports an error once nobody holds its other end.
    try:
        while piece := os.read(keeper, 4096):
            shown += piece
    except OSError:
        pass
    os.close(keeper)
    return shown.decode(), process.wait(60)


def test_it_is_refused_while_somebody_works_or_stands_on_the_branch(modelled: Modelled) -> None:
    gate = Gate()

    def coder(turn: Turn) -> Answer:
        if turn.number == 0:
            gate.pass_through()
        return writer(turn)

    world = modelled(brain(plan_of(file_task("a")), coder)).make_repository(FILES)
    goal = planned(world)
    running = world.start("--json", "ralph", goal)
    assert gate.waiting.wait(60)
    refused = world.run("discard", goal, "--yes")
    assert (refused.code, refused.out) == (2, "")
    assert f"ostinato ralph --stop {goal}" in refused.err
    assert world.json("node", "show", goal)["status"] == "active"
    gate.open.set()
    running.communicate(timeout=60)
    assert running.returncode == 0

    world.git("checkout", "-q", f"ostinato/{goal}/main")
    refused = world.run("discard", goal, "--yes")
    assert (refused.code, refused.out) == (2, "")
    assert "is checked out" in refused.err
    world.git("checkout", "-q", "main")
    # A completed goal whose work has not landed is given up too.
    assert world.json("discard", goal, "--yes")["status"] == "cancelled"


def test_what_a_dead_run_committed_stays_completed(modelled: Modelled) -> None:
    gate = Gate()

    def coder(turn: Turn) -> Answer:
        if turn.title == "Make b":
            gate.pass_through()
        return writer(turn)

    world = modelled(brain(plan_of(file_task("a"), file_task("b")), coder)).make_repository(FILES)
    goal = planned(world)
    running = world.start("--json", "ralph", goal)
    assert gate.waiting.wait(60)
    running.kill()
    running.communicate(timeout=30)
    gate.open.set()
    gone = world.json("discard", goal, "--yes")
    assert (gone["commits"], gone["completed"], gone["cancelled"]) == (1, 1, [f"{goal}.2"])
    assert world.json("sessions", "list", "--goal", goal)[0]["stop_reason"] == "crashed"


def test_what_has_landed_is_not_touched(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    goal = planned(world)
    assert world.run("ralph", goal).code == 0
    assert world.run("land", goal).code == 0
    assert world.run("discard", goal, "--yes").out == f"Nothing is left of {goal} to discard.\n"
    assert world.json("node", "show", goal)["status"] == "completed"
    assert world.commits("main") == ["Make a"]


def test_a_plan_that_waits_is_dropped(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    ran = world.run("--json", "plan", "a file", "--no-input")
    assert ran.code == 5
    goal = ran.json["goal_id"]
    gone = world.json("discard", goal, "--yes")
    assert (gone["draft"], gone["questions"], gone["branch"], gone["kept"]) == (True, 1, None, None)
    assert world.json("approvals") == []
    assert world.run("approve", goal).code == 2


@pytest.mark.parametrize(("words", "said"), [("os-00000000", "os-00000000"), ("{goal}.1", "is a task, not a goal")])
def test_only_an_exact_goal_is_discarded(modelled: Modelled, words: str, said: str) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    goal = planned(world)
    ran = world.run("discard", words.format(goal=goal), "--yes")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert said in ran.err
