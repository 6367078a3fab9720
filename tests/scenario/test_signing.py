"""A person who signs commits: signed through the whole job, and a key that is locked costs nothing but a line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from ostinato.testing.chat_server import Answer
from tests.programs import need
from tests.scenario.conftest import Modelled
from tests.scenario.world import Turn, World, brain, done, plan_of, task, write

PLAN = plan_of(task("a", check="grep -qx a a.txt"), task("b", check="grep -qx b b.txt", after=["a"]))


def writer(turn: Turn) -> Answer:
    name = turn.title.removeprefix("Make ")
    return done() if turn.number else write(f"{name}.txt", f"{name}\n")


def signing(world: World) -> Path:
    """Let the person sign with an SSH key that needs no passphrase; return the key."""
    need("ssh-keygen")
    home = world.root / "home"
    home.mkdir()
    key = home / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    (home / "allowed").write_text(f"pat@example.org {key.with_suffix('.pub').read_text()}")
    (home / ".gitconfig").write_text(
        f"[commit]\n\tgpgSign = true\n[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = {key}\n"
        f'[gpg "ssh"]\n\tallowedSignersFile = {home}/allowed\n'
    )
    world.env["HOME"] = str(home)
    world.env["SSH_AUTH_SOCK"] = ""
    return key


def signatures(world: World, count: int) -> str:
    allowed = f"gpg.ssh.allowedSignersFile={world.root}/home/allowed"
    return world.git("-c", allowed, "log", "--format=%G?", f"-{count}", "main").replace("\n", "")


def test_every_commit_of_the_job_is_signed_and_so_are_replayed_ones(modelled: Modelled) -> None:
    world = modelled(brain(PLAN, writer)).make_repository({"README.md": "# A project\n"})
    signing(world)
    ran = world.run("--json", "run", "two files", "--yes")
    assert ran.code == 0, ran.err
    (world.repo / "mine.txt").write_text("mine\n")
    world.git("add", "-A")
    world.git("commit", "-qm", "mine")
    assert world.json("land", "--rebase")["commits"] == 2
    assert signatures(world, 4) == "GGNN"


def test_a_locked_key_is_known_before_any_work_and_one_that_goes_loses_nothing(modelled: Modelled) -> None:
    asked: list[str] = []

    def coder(turn: Turn) -> Answer:
        asked.append(turn.title)
        if lock and turn.title == "Make b":
            key.rename(key.with_name("away"))
            lock.clear()
        return writer(turn)

    world = modelled(brain(PLAN, coder)).make_repository({"README.md": "# A project\n"})
    key = signing(world)
    lock = [True]
    goal = world.run("--json", "plan", "two files", "--yes").json["goal_id"]

    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["stopped"], ran.json["completed"]) == (8, "environment", 1)
    assert "cannot be signed" in ran.json["detail"]
    left = world.json("tasks", "list", "--goal", goal)[1]
    assert (left["status"], left["details"]["attempts"]) == ("ready", 0)

    before = len(asked)
    ran = world.run("--json", "ralph", goal)
    assert (ran.code, json.loads(ran.err)["error"]["kind"]) == (8, "signing")
    assert len(asked) == before

    key.with_name("away").rename(key)
    assert world.run("--json", "ralph", goal).json["stopped"] == "goal_completed"
    assert world.json("land")["commits"] == 2
    assert signatures(world, 2) == "GG"
