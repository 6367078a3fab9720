"""Landing through the real command line: the person's branch moved on, the ways to land, and what forbids it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from ostinato.testing.chat_server import Answer
from tests.scenario.conftest import Modelled
from tests.scenario.world import Turn, World, brain, done, plan_of, task, write

FILES = {"README.md": "# A project\n", "src/app.py": "print('hi')\n"}
MANY = 600
KILLS = int(os.environ.get("OSTINATO_LAND_KILLS", "3"))


def writer(turn: Turn) -> Answer:
    name = turn.title.removeprefix("Make ")
    return done() if turn.number else write(f"{name}.txt", f"{name}\n")


def worked(modelled: Modelled, *checks: str) -> tuple[World, str]:
    """Return a world with a completed goal of two tasks; `checks` are the project's."""
    plan = plan_of(*(task(name, check=f"grep -qx {name} {name}.txt") for name in ("a", "b")))
    files = dict(FILES)
    if checks:
        files[".ostinato/config.toml"] = f"[verify]\ncommands = {json.dumps(list(checks))}\n"
    world = modelled(brain(plan, writer)).make_repository(files)
    ran = world.run("--json", "run", "two files", "--yes")
    assert ran.code == 0, ran.err
    return world, str(ran.json["goal_id"])


def move_on(world: World, name: str = "mine.txt", text: str = "mine\n") -> str:
    (world.repo / name).write_text(text)
    world.git("add", "-A")
    world.git("commit", "-qm", f"my {name}")
    return world.git("rev-parse", "HEAD")


def refs(world: World) -> str:
    return world.git("for-each-ref")


@pytest.mark.parametrize(
    ("how", "subjects"),
    [
        ("rebase", ["Make b", "Make a", "my mine.txt"]),
        ("squash", ["two files", "my mine.txt"]),
        ("merge", ["Merge two files", "my mine.txt"]),
    ],
)
def test_a_goal_lands_on_a_branch_that_moved_on(modelled: Modelled, how: str, subjects: list[str]) -> None:
    world, goal = worked(modelled)
    move_on(world)

    refused = world.run("land")
    assert refused.code == 2
    assert f"--{how}" in refused.err
    would = world.json("land", f"--{how}", "--dry-run")
    assert (would["dry_run"], world.commits("main")) == (True, ["my mine.txt"])
    landed = world.json("land", f"--{how}")

    assert {k: landed[k] for k in ("goal_id", "branch", "how", "dry_run", "kept_branch")} == {
        "goal_id": goal,
        "branch": "main",
        "how": how,
        "dry_run": False,
        "kept_branch": None,
    }
    assert landed["checks"] == 2
    assert world.git("log", "--first-parent", "--format=%s", "main").split("\n") == [*subjects, "first"]
    assert world.git("rev-parse", "main") == landed["to"]
    assert world.git("status", "--porcelain") == ""
    assert {p.name for p in world.repo.glob("*.txt")} == {"a.txt", "b.txt", "mine.txt"}
    assert world.git("branch", "--list", "ostinato/*") == ""
    # The work is known to be there: a reopened task does not ask for the branch that is gone.
    assert world.run("tasks", "reopen", f"{goal}.1").code == 0
    again = world.run("--json", "ralph", goal)
    assert (again.code, again.json["stopped"]) == (0, "goal_completed"), again.err


def test_the_configured_way_is_taken_by_land_and_by_run(modelled: Modelled) -> None:
    plan = plan_of(task("a", check="grep -qx a a.txt"))
    world = modelled(brain(plan, writer)).make_repository({**FILES, ".ostinato/config.toml": '[land]\nhow = "merge"\n'})
    ran = world.run("--json", "run", "one file", "--yes", "--land")
    assert (ran.code, ran.json["landed"]["how"]) == (0, "merge"), ran.err
    assert world.git("log", "-1", "--format=%s") == "Merge one file"
    (world.repo / ".ostinato/config.toml").write_text('[land]\nhow = "sideways"\n')
    refused = world.run("land")
    assert refused.code == 2
    assert "land.how must be one of ff, rebase, merge, squash" in refused.err


def test_a_conflict_changes_nothing_and_says_who_changed_what(modelled: Modelled) -> None:
    world, goal = worked(modelled)
    mine = move_on(world, "b.txt", "mine\n")
    before = refs(world)
    for how in ("--rebase", "--merge", "--squash"):
        ran = world.run("--json", "land", how)
        error = json.loads(ran.err)["error"]
        assert (ran.code, error["kind"]) == (2, "conflict")
        for word in ("b.txt", f"{goal}.2 (Make b)", mine[:10], "nothing was changed", f"git switch ostinato/{goal}"):
            assert word in error["message"]
    assert refs(world) == before
    assert world.git("status", "--porcelain") == ""


def test_what_is_red_only_together_does_not_land(modelled: Modelled) -> None:
    both = "test ! -e a.txt || test ! -e mine.txt"
    world, goal = worked(modelled, both)
    move_on(world)
    before = refs(world)
    for arguments in (["--rebase"], ["--merge", "--dry-run"]):
        ran = world.run("--json", "land", *arguments)
        error = json.loads(ran.err)["error"]
        assert (ran.code, error["kind"]) == (2, "not_proven")
        for word in (both, "exit 1", "nothing was changed", "it is red together with what main has"):
            assert word in error["message"]
    assert refs(world) == before
    assert world.git("status", "--porcelain") == ""
    world.git("rm", "-q", "mine.txt")
    world.git("commit", "-qm", "without mine")
    assert world.json("land", goal, "--rebase")["commits"] == 2


@pytest.mark.parametrize("whose", ["task", "project"])
def test_what_is_red_together_is_mended_as_the_message_says(modelled: Modelled, whose: str) -> None:
    """Both ways: the check of a task, which is put back to work, and the project's, which becomes a task."""
    check = "test ! -e a.txt || test ! -e mine.txt || test -e both.txt"

    def coder(turn: Turn) -> Answer:
        name = "both" if "Make both" in turn.title or (world.repo / "mine.txt").exists() else "a"
        return done() if turn.number else write(f"{name}.txt", f"{name}\n")

    own = f"test -e a.txt && {{ {check}; }}" if whose == "task" else "test -e a.txt"
    files = {**FILES, ".ostinato/config.toml": f"[verify]\ncommands = {json.dumps([check])}\n"}
    plan = plan_of(task("a", check=own))
    world = modelled(brain(plan, coder)).make_repository(files if whose == "project" else FILES)
    goal = world.run("--json", "run", "one file", "--yes").json["goal_id"]
    move_on(world)
    refused = world.run("land", "--rebase")
    assert refused.code == 2
    assert ("tasks reopen" if whose == "task" else "node add task") in refused.err
    for step in (
        ("switch", "-q", f"ostinato/{goal}/main"),
        ("merge", "-q", "--no-edit", "main"),
        ("switch", "-q", "main"),
    ):
        world.git(*step)
    if whose == "task":
        assert world.run("tasks", "reopen", f"{goal}.1").code == 0
    else:
        assert world.run("node", "add", "task", "Make both", "--parent", goal, "--check", check).code == 0
    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["iterations"]) == (0, 1), ran.out + ran.err
    assert world.json("land")["how"] == "ff"
    assert (world.repo / "both.txt").exists()


def test_the_branch_is_kept_when_asked_and_a_second_landing_finds_nothing(modelled: Modelled) -> None:
    world, goal = worked(modelled)
    ran = world.run("land", "--keep")
    assert ran.code == 0, ran.err
    assert ran.out.split("\n")[0] == f"Landed {goal} two files on main: 2 commits"
    assert f"ostinato/{goal}/main is kept" in ran.out
    assert world.run("land").out.split("\n")[0] == f"main has all of {goal} two files already"
    assert world.git("branch", "--list", "ostinato/*") == ""


def test_the_text_of_a_pull_request_lands_nothing(modelled: Modelled) -> None:
    world, goal = worked(modelled)
    before = refs(world)
    ran = world.run("land", "--pr-body")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("## Summary\n\n**two files**")
    assert "- [x] Make a (" in ran.out
    assert "grep -qx b b.txt" in ran.out
    assert world.json("land", goal, "--pr-body") == {"goal_id": goal, "body": ran.out}
    file = world.root / "body.md"
    assert world.run("land", goal, "--pr-body", "--output", str(file)).code == 0
    assert file.read_text() == ran.out
    for wrong in (["--pr-body", "--squash"], ["--output", str(file)], ["os-none", "--pr-body"]):
        assert world.run("land", *wrong).code == 2
    assert refs(world) == before


def test_an_open_goal_lands_in_parts_and_goes_on(modelled: Modelled) -> None:
    plan = plan_of(*(task(name, check=f"grep -qx {name} {name}.txt") for name in ("a", "b")))
    world = modelled(brain(plan, writer)).make_repository(FILES)
    goal = world.run("--json", "plan", "two files", "--yes").json["goal_id"]
    assert world.run("ralph", goal, "--max-iterations", "1").code == 4
    refused = world.run("land", goal)
    assert (refused.code, "--partial" in refused.err) == (2, True)
    move_on(world)
    for way in ("--squash", "--rebase"):
        landed = world.json("land", goal, "--partial", way)
        assert landed["kept_branch"] == f"ostinato/{goal}/main"
    assert landed["commits"] == 0
    assert world.run("ralph", goal).code == 0
    assert world.json("land", goal, "--rebase")["commits"] == 1
    assert world.git("log", "--format=%s", "-3").split("\n") == ["Make b", "two files", "my mine.txt"]


@pytest.mark.timeout(120 + 60 * KILLS)
def test_a_landing_killed_at_any_moment_is_whole_or_never_was(modelled: Modelled) -> None:
    dice = random.Random(20260103)
    world, goal = worked(modelled)
    move_on(world)
    _many_files(world, goal)
    tip, mine = world.git("rev-parse", f"ostinato/{goal}/main"), world.git("rev-parse", "main")
    for _ in range(KILLS):
        world.git("update-ref", f"refs/heads/ostinato/{goal}/main", tip)
        world.git("reset", "-q", "--hard", mine)
        world.git("clean", "-fdq")
        process = world.start("--json", "land", goal, "--rebase")
        try:
            _killed_over_the_checkout(world, process, dice)
        finally:
            process.communicate()
        moved = world.git("rev-parse", "main") != mine
        assert moved or (world.git("status", "--porcelain") == "")
        again = world.run("--json", "land", goal, "--rebase")
        if "has been landed" not in again.err:
            assert again.code == 0, again.err
        assert world.git("status", "--porcelain") == ""
        assert world.git("log", "--format=%s", "-4").split("\n") == ["many", "Make b", "Make a", "my mine.txt"]
        assert len(list((world.repo / "many").iterdir())) == MANY
        assert not list((world.repo / ".git").glob("*.lock"))
        assert not (world.repo / ".git" / "ostinato-landing").exists()


def _many_files(world: World, goal: str) -> None:
    """Put a commit with many files on the goal's branch, so that moving the checkout takes a while."""
    world.git("switch", "-q", f"ostinato/{goal}/main")
    (world.repo / "many").mkdir()
    for number in range(MANY):
        (world.repo / "many" / f"{number}.txt").write_text(f"{number}\n" * 50)
    world.git("add", "-A")
    world.git("commit", "-qm", "many")
    world.git("switch", "-q", "main")


def _killed_over_the_checkout(world: World, process: subprocess.Popen[Any], dice: random.Random) -> None:
    """Kill the landing, with every git of it, after a random number of the files has come to the checkout."""
    wanted = dice.choice([0, 1, dice.randrange(MANY), 2 * MANY])
    note = world.repo / ".git" / "ostinato-landing"
    while process.poll() is None and not note.exists():
        time.sleep(0.001)
    while process.poll() is None and _count(world.repo / "many") < wanted:
        time.sleep(0.001)
    # It may have ended just now.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0
