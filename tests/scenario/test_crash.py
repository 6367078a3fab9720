"""kill -9 at random moments of a run of tasks: nothing lost, nothing twice, every commit green, no orphan.

What is killed is the run itself, one of the processes that work for it (git, the sandbox, the commands in it), or the
whole tree of them at once. The sample is small by default, and so is the run; OSTINATO_KILLS=200 runs the full one,
with a dozen tasks in each run.
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ostinato.testing.chat_server import Answer, ChatServer
from tests.scenario.world import WIRES, Turn, World, brain, done, plan_of, shell, task, write

KILLS = int(os.environ.get("OSTINATO_KILLS", "6"))
SEED = int(os.environ.get("OSTINATO_KILLS_SEED", "20260101"))
TASKS = 12 if KILLS > 12 else 5
TARGETS = ("main", "worker", "both")
ENVIRONMENT = 8


def name_of(number: int) -> str:
    return f"part{number:02}"


def parts() -> dict[str, object]:
    """Return a plan of tasks in three chains that meet in the last one."""
    tasks = []
    for number in range(1, TASKS + 1):
        after = [name_of(number - 3)] if number > 3 else []
        if number == TASKS:
            after = [name_of(n) for n in range(TASKS - 3, TASKS)]
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


def workers_of(pid: int) -> list[int]:
    """Return the processes below `pid`, however deep, that have a name by now."""
    above: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        above[int(entry.parent.name)] = int(fields[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in above.items() if parent == one]
    return found[1:]


def kill(pid: int) -> bool:
    """Kill a process; tell whether it was still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def strike(run: subprocess.Popen[str], target: str, dice: random.Random) -> bool:
    """Kill what `target` says; tell whether anything was hit. A worker that is hit leaves the run alive."""
    workers = workers_of(run.pid)
    if target == "worker":
        return bool(workers) and kill(dice.choice(workers))
    hit = kill(run.pid)
    if target == "both":
        for worker in workers:
            kill(worker)
    return hit


def gone(world: World, within: float = 10.0) -> list[str]:
    """Wait until no process of this world is left; return those that stayed."""
    until = time.monotonic() + within
    while (left := orphans_of(world)) and time.monotonic() < until:
        time.sleep(0.02)
    return left


class Tally:
    """What a sample of kills came to: how many of which kind, and the seconds from a start to the work's going on."""

    def __init__(self) -> None:
        self.kills: Counter[str] = Counter()
        self.runs = 0
        self.carried_on: list[float] = []

    def line(self, wire: str) -> str:
        """Return the figures in one line."""
        kinds = ", ".join(f"{number} {target}" for target, number in sorted(self.kills.items()) if number)
        times = f"median {statistics.median(self.carried_on):.2f} s, most {max(self.carried_on):.2f} s"
        return f"{wire}: {self.kills.total()} kills ({kinds}) over {self.runs} runs of {TASKS} tasks; to go on: {times}"


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("wire", WIRES)
def test_nothing_is_lost_or_done_twice_when_killed_at_any_moment(
    tmp_path: Path, wire: str, record_property: Callable[[str, object], None]
) -> None:
    dice = random.Random(f"{SEED} {wire}")
    tally = Tally()
    most = -(-KILLS // len(WIRES))
    with ChatServer(brain(parts(), worker)) as server:
        while tally.kills.total() < most:
            tally.runs += 1
            world = World(tmp_path / f"run{tally.runs}", server.url, wire=wire)
            one_run(world.make_repository({"README.md": "# Parts\n"}), dice, tally, most)
        assert server.problems == []
    record_property("kills", tally.line(wire))
    print(tally.line(wire))


def one_run(world: World, dice: random.Random, tally: Tally, most: int) -> None:
    """Plan the tasks, kill the run again and again, let it end, and look at what is there."""
    planned = world.run("--json", "plan", "some parts", "--yes")
    assert planned.code == 0, planned.err
    goal = planned.json["goal_id"]
    starts: list[datetime] = []
    while tally.kills.total() < most:
        starts.append(datetime.now(UTC))
        run = world.start("--json", "ralph", goal)
        target = dice.choice(TARGETS)
        try:
            run.wait(timeout=dice.uniform(0.05, 1.6))
        except subprocess.TimeoutExpired:
            tally.kills[target] += strike(run, target, dice)
        out, err = run.communicate(timeout=120)
        assert gone(world) == []
        if run.returncode == 0:
            break
        assert run.returncode in {-signal.SIGKILL, ENVIRONMENT}, out + err
    end = world.run("--json", "ralph", goal)
    assert end.json["stopped"] == "goal_completed", end.out + end.err
    assert gone(world) == []
    assert_whole(world, goal)
    tally.carried_on += seconds_to_go_on(world, goal, starts)


def seconds_to_go_on(world: World, goal: str, starts: list[datetime]) -> list[float]:
    """Return, for each start that got so far, the seconds until an iteration of its own began."""
    lines = world.run("--json", "events", "--goal", goal).out.splitlines()
    events = [event for event in map(json.loads, lines) if event["kind"] == "iteration.started"]
    began = [datetime.fromisoformat(event["at"]) for event in events]
    found = []
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        own = [moment for moment in began if moment > start and (following is None or moment < following)]
        found += [(own[0] - start).total_seconds()] if own else []
    return found


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
