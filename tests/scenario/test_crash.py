"""kill -9 at random moments of a run of a dozen tasks: nothing lost, nothing twice, every commit green, no orphan.

The sample is small by default; OSTINATO_KILLS=50 runs the full one.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ostinato.testing.chat_server import Answer, ChatServer
from tests.scenario.world import Turn, World, brain, done, plan_of, shell, task, write

KILLS = int(os.environ.get("OSTINATO_KILLS", "4"))
SEED = int(os.environ.get("OSTINATO_KILLS_SEED", "20260101"))
TASKS = 12


def name_of(number: int) -> str:
    return f"part{number:02}"


def dozen() -> dict[str, object]:
    """Twelve tasks in three chains that meet in the last one."""
    tasks = []
    for number in range(1, TASKS + 1):
        after = [name_of(number - 3)] if number > 3 else []
        if number == TASKS:
            after = [name_of(n) for n in (9, 10, 11)]
        name = name_of(number)
        check = f'test "$(cat {name}.txt)" = {name} && sleep 0.05'
        tasks.append(task(name, check=check, scope=[f"{name}.txt"], after=after))
    return plan_of(*tasks)


def worker(turn: Turn) -> Answer:
    """Works in three steps, the second one a command that takes a while."""
    name = turn.title.removeprefix("Make ")
    answers = [write(f"{name}.txt", name), shell("sleep 0.1; ls"), done()]
    return answers[turn.number]


def orphans_of(world: World) -> list[str]:
    """Return the command lines of processes that belong to this world, the test's own server aside."""
    marker = f"XDG_STATE_HOME={world.root / 'state'}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def gone(world: World, within: float = 10.0) -> list[str]:
    """Wait until no process of this world is left; return those that stayed."""
    until = time.monotonic() + within
    while (left := orphans_of(world)) and time.monotonic() < until:
        time.sleep(0.02)
    return left


@pytest.mark.timeout(1500)
def test_nothing_is_lost_or_done_twice_when_killed_at_any_moment(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    dice = random.Random(SEED)
    kills = rounds = 0
    with ChatServer(brain(dozen(), worker)) as server:
        while kills < KILLS:
            rounds += 1
            world = World(tmp_path / f"round{rounds}", server.url).make_repository({"README.md": "# Parts\n"})
            kills += one_round(world, dice, KILLS - kills)
        assert server.problems == []
    record_property("kills", kills)
    record_property("rounds", rounds)
    print(f"{kills} kills over {rounds} runs of {TASKS} tasks")


def one_round(world: World, dice: random.Random, most: int) -> int:
    """Plan the dozen, kill the run again and again, let it end, and look at what is there; return the kills."""
    planned = world.run("--json", "plan", "twelve parts", "--yes")
    assert planned.code == 0, planned.err
    goal = planned.json["goal_id"]
    kills = 0
    while kills < most:
        process = world.start("--json", "ralph", goal)
        try:
            process.wait(timeout=dice.uniform(0.05, 1.6))
            process.communicate()
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
            assert gone(world) == []
    end = world.run("--json", "ralph", goal)
    assert end.json["stopped"] == "goal_completed", end.out + end.err
    assert gone(world) == []
    assert_whole(world, goal)
    return kills


def assert_whole(world: World, goal: str) -> None:
    """Every task is completed by exactly one commit, every commit is green, nothing is left open."""
    branch = f"ostinato/{goal}/main"
    nodes = world.json("tasks", "list", "--goal", goal)
    assert [n["status"] for n in nodes] == ["completed"] * TASKS
    trailers = world.git("log", "--format=%(trailers:key=Ostinato-Task,valueonly)", f"main..{branch}").split()
    assert sorted(trailers) == sorted(n["id"] for n in nodes)
    assert_every_commit_green(world, branch)
    # Crashes use up no attempt, and each session that was left open has been ended.
    assert all(n["details"]["attempts"] == 0 for n in nodes)
    assert all(s["ended_at"] for s in world.json("sessions", "list", "--goal", goal))
    assert not list((world.repo / ".git").rglob("*.lock"))
    # One place for checkouts was enough: dead workers left none behind.
    places = [p.name for p in (world.root / "state").glob("ostinato/checkouts/*/slot-*") if p.is_dir()]
    assert places == ["slot-0"]


def assert_every_commit_green(world: World, branch: str) -> None:
    """Check out each commit of the branch and run the checks of the tasks done up to there."""
    done_so_far: list[str] = []
    for commit in reversed(world.git("rev-list", f"main..{branch}").split()):
        done_so_far.append(world.git("log", "-1", "--format=%s", commit).removeprefix("Make "))
        for name in done_so_far:
            assert world.git("show", f"{commit}:{name}.txt") == name
