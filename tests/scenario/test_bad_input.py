"""Bad input through the real command line: one clear line that says what to do, the right code, nothing half-written.

What is wrong with the machine (disk, database, sandbox) is in `test_bad_machine.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ostinato.testing.chat_server import Answer, Call
from tests.scenario.conftest import Modelled
from tests.scenario.world import Body, Ran, Turn, World, brain, done, plan_of, task, write

FILES = {"README.md": "# A project\n"}
Prepare = Callable[[World], None]


def refusal(ran: Ran, code: int, *words: str) -> str:
    """Assert that a command ended in one line on stderr with nothing on stdout; return the line."""
    assert (ran.code, ran.out) == (code, ""), ran.err
    assert ran.err.startswith("ostinato: "), ran.err
    assert len(ran.err.splitlines()) == 1, ran.err
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err
    return ran.err


def error_of(ran: Ran) -> dict[str, str]:
    """Return the JSON error of a command run with --json, after which stdout must be empty."""
    assert ran.out == ""
    document = json.loads(ran.err)
    assert set(document) == {"error"}
    return dict(document["error"])


def checkout_of(world: World) -> tuple[str, ...]:
    """Return all that must stay as it is in the person's repository."""
    return (
        world.git("status", "--porcelain", "--ignored"),
        world.git("for-each-ref"),
        world.git("symbolic-ref", "HEAD"),
        world.git("config", "--local", "--list"),
        world.git("stash", "list"),
    )


def assert_nothing_made(world: World) -> None:
    """Assert that neither a database nor a checkout of ours was begun."""
    assert not (world.root / "data").exists()
    assert not (world.root / "state").exists()


def nobody(body: Body) -> Answer:
    raise AssertionError("the model was asked")


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


@dataclass(frozen=True, slots=True)
class Missing:
    """Something missing or malformed that is said before anything is made. `files` are laid into the repository."""

    says: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    config: str | None = None
    prepare: Prepare | None = None
    options: tuple[str, ...] = ()
    kind: str = "usage"


def forget_identity(world: World) -> None:
    world.git("config", "--unset", "user.name")
    world.git("config", "--unset", "user.email")


MISSING = {
    "no key": Missing(("OPENAI_API_KEY",), (("OPENAI_API_KEY", ""), ("OPENAI_BASE_URL", ""))),
    "no key for Anthropic": Missing(
        ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
        (("OSTINATO_MODEL", "anthropic:claude"), ("ANTHROPIC_API_KEY", ""), ("ANTHROPIC_BASE_URL", "")),
    ),
    "no model": Missing(("--model", "OSTINATO_MODEL", "config.toml"), (("OSTINATO_MODEL", ""),)),
    "unknown provider": Missing(("martian", "openai-chat:NAME"), options=("--model", "martian:large")),
    "no model name": Missing(("openai-chat:NAME",), options=("--model", "gpt-7")),
    "no address": Missing(("OPENAI_BASE_URL", "https://"), (("OPENAI_BASE_URL", "localhost"),)),
    "no script": Missing(("missing.json",), options=("--model", "scripted:missing.json"), kind="config"),
    "no price": Missing(
        ("price", "limit tokens"), (("OPENAI_BASE_URL", "https://models.invalid/v1"),), options=("--max-cost", "5")
    ),
    "no identity": Missing(
        ("git config --global user.name",), (("HOME", "/nonexistent"), ("EMAIL", "")), prepare=forget_identity
    ),
    "no time": Missing(("90s",), options=("--max-time", "soon")),
    "config syntax": Missing((".ostinato/config.toml", "line 1"), config="[verify\n", kind="config"),
    "config cut": Missing((".ostinato/config.toml", "line 1"), config='autonomy = "full', kind="config"),
    "config key": Missing(
        ("verify.comands", "did you mean verify.commands"), config="[verify]\ncomands = []\n", kind="config"
    ),
    "config section": Missing(("[verfy]", "verify"), config="[verfy]\ncommands = []\n", kind="config"),
    "config type": Missing(("limits.attempts", "whole number"), config='[limits]\nattempts = "3"\n', kind="config"),
    "config zero": Missing(("limits.steps", "more than 0"), config="[limits]\nsteps = 0\n", kind="config"),
    "config word": Missing(("autonomy", "supervised"), config='autonomy = "wild"\n', kind="config"),
    "config sandbox": Missing(("OSTINATO_SANDBOX",), config='sandbox = "none"\n', kind="config"),
    "config sandbox mode": Missing(("OSTINATO_SANDBOX",), config='[sandbox]\nmode = "none"\n', kind="config"),
}


BOTH = ("no key", "no model", "no identity", "config syntax", "config key", "config type", "config sandbox")
CASES = [*((name, "plan") for name in MISSING), *((name, "ralph") for name in BOTH)]


@pytest.mark.parametrize(("name", "command"), CASES)
def test_what_is_missing_is_said_before_anything_is_made(tmp_path: Path, name: str, command: str) -> None:
    missing = MISSING[name]
    files = FILES if missing.config is None else {**FILES, ".ostinato/config.toml": missing.config}
    world = World(tmp_path, env=dict(missing.env)).make_repository(files)
    if missing.prepare:
        missing.prepare(world)
    before = checkout_of(world)
    arguments = [command, *(["a goal"] if command == "plan" else []), *missing.options]

    said = refusal(world.run(*arguments), 2, *missing.says)

    assert_nothing_made(world)
    assert checkout_of(world) == before
    if command == "plan":
        error = error_of(world.run("--json", *arguments))
        assert (error["kind"], f"ostinato: {error['message']}\n") == (missing.kind, said)


@pytest.mark.parametrize("command", [("plan", "a goal"), ("ralph",), ("run", "a goal", "--yes"), ("land",)])
def test_a_place_that_is_no_repository_is_refused(tmp_path: Path, command: tuple[str, ...]) -> None:
    world = World(tmp_path)
    world.repo.mkdir()
    refusal(world.run(*command), 2, "not in a git repository", "git init")
    assert_nothing_made(world)


def test_a_repository_without_a_commit_is_refused(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.repo.mkdir()
    world.git("init", "-q")
    for command in (("plan", "a goal"), ("ralph",)):
        refusal(world.run(*command), 2, "no commit yet", "first commit")
    assert_nothing_made(world)


def test_a_bare_repository_is_refused(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.repo.mkdir()
    world.git("init", "-q", "--bare")
    refusal(world.run("plan", "a goal"), 2, "checkout")
    assert_nothing_made(world)


GOALS = {
    "missing file": (("--file", "no-such.md"), ("no-such.md", "No such file")),
    "directory": (("--file", "."), ("directory",)),
    "binary file": (("--file", "binary.md"), ("binary.md", "not UTF-8 text")),
    "nul file": (("--file", "nul.md"), ("NUL",)),
    "empty file": (("--file", "empty.md"), ("empty",)),
    "blank goal": (("  \n",), ("empty",)),
    "goal and file": (("a goal", "--file", "README.md"), ("--file",)),
    "nothing": ((), ("ostinato plan", "--file")),
}


@pytest.mark.parametrize("name", GOALS)
def test_a_goal_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    arguments, words = GOALS[name]
    world = World(tmp_path).make_repository({**FILES, "nul.md": "a\0b", "empty.md": "\n \n"})
    (world.repo / "binary.md").write_bytes(b"\xff\xfe\x00\x80 goal")
    refusal(world.run("plan", *arguments), 2, *words)
    assert error_of(world.run("--json", "run", *arguments))["kind"] == "usage"
    assert_nothing_made(world)


def test_a_goal_from_a_file_is_read_whole(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    prd = world.root / "prd.md"
    prd.write_bytes("\ufeff# Größe\r\n\r\nMake the größte file.\r\n".encode())
    ran = world.run("--json", "plan", "--file", str(prd), "--yes")
    assert ran.code == 0, ran.err
    goal = world.json("node", "show", ran.json["goal_id"])
    assert goal["title"] == "Größe"
    assert "größte file" in goal["description"]


def test_a_goal_that_is_not_there_is_refused_by_name(modelled: Modelled) -> None:
    world = modelled(nobody).make_repository(FILES)
    missing = world.run("ralph")
    refusal(missing, 3, "no goal yet", "ostinato plan")
    assert error_of(world.run("--json", "ralph"))["kind"] == "nothing_ready"

    refusal(world.run("ralph", "os-00000000"), 2, "os-00000000", "ostinato status")
    assert error_of(world.run("--json", "ralph", "os-00000000"))["kind"] == "not_found"

    goal = world.json("node", "add", "goal", "First")["id"]
    part = world.json("node", "add", "task", "Make a", "--parent", goal, "--check", "test -f a.txt")["id"]
    refusal(world.run("ralph", part), 2, f"{part} is a task, not a goal")
    refusal(world.run("land", part), 2, f"{part} is a task, not a goal")
    refusal(world.run("land"), 2, "nothing to land")
    refusal(world.run("land", goal), 2, goal, "no branch")

    other = world.json("node", "add", "goal", "Second")["id"]
    world.json("node", "add", "task", "Make b", "--parent", other, "--check", "test -f b.txt")
    refusal(world.run("ralph"), 2, goal, other)
    assert world.json("sessions", "list") == []
    assert world.git("branch", "--list", "ostinato/*") == ""


def test_a_goal_of_another_repository_is_refused(modelled: Modelled) -> None:
    world = modelled(nobody).make_repository(FILES)
    goal = world.json("node", "add", "goal", "Here")["id"]
    elsewhere = World(tmp := world.root / "elsewhere", env={"XDG_DATA_HOME": str(world.root / "data")})
    tmp.mkdir()
    elsewhere.make_repository(FILES)
    refusal(elsewhere.run("ralph", goal), 2, "another project", str(world.repo))


def test_a_completed_goal_is_told_without_a_session(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    goal = planned(world)
    assert world.run("ralph").code == 0
    sessions = world.json("sessions", "list")
    for arguments in (("ralph",), ("ralph", goal)):
        ran = world.run("--json", *arguments)
        assert ran.code == 0
        assert {
            k: ran.json[k] for k in ("goal_id", "session_id", "stopped", "iterations", "completed", "remaining")
        } == {
            "goal_id": goal,
            "session_id": None,
            "stopped": "goal_completed",
            "iterations": 0,
            "completed": 1,
            "remaining": 0,
        }
    assert world.json("sessions", "list") == sessions


def test_a_cancelled_goal_has_nothing_to_do(modelled: Modelled) -> None:
    world = modelled(nobody).make_repository(FILES)
    goal = world.json("node", "add", "goal", "Never mind")["id"]
    world.json("node", "set", goal, "--status", "cancelled")
    for arguments in (("ralph",), ("ralph", goal)):
        ran = world.run("--json", *arguments)
        assert (ran.code, ran.json["stopped"], ran.json["session_id"]) == (3, "nothing_ready", None)
        assert "cancelled" in ran.json["detail"]


def test_a_goal_without_tasks_says_what_to_do(modelled: Modelled) -> None:
    world = modelled(nobody).make_repository(FILES)
    goal = world.json("node", "add", "goal", "Empty")["id"]
    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["stopped"]) == (3, "nothing_ready")
    assert "ostinato node add" in ran.json["detail"]
    assert all(session["ended_at"] for session in world.json("sessions", "list"))


def test_a_check_that_hangs_is_inconclusive_and_never_red(modelled: Modelled) -> None:
    def coder(turn: Turn) -> Answer:
        return done() if turn.number else write("a.txt", f"attempt {turn.attempt}")

    hangs = task("a", check="test -f a.txt && sleep 600")
    hangs["checks"][0]["timeout"] = 1
    config = "[limits]\nattempts = 2\n"
    world = modelled(brain(plan_of(hangs), coder)).make_repository({**FILES, ".ostinato/config.toml": config})
    goal = planned(world)

    ran = world.run("--json", "ralph", goal)

    assert (ran.code, ran.json["stopped"], ran.json["failed"]) == (3, "nothing_ready", 1)
    assert ran.json["iterations"] == 2
    reason = world.json("node", "show", f"{goal}.1")["blocked_reason"]
    assert "timed out after 1 s" in reason
    assert "2 of 2 attempts" in reason
    statuses = [e["payload"]["status"] for e in events(world, "check.ended") if e["payload"].get("phase") == "attempt"]
    assert statuses == ["inconclusive", "inconclusive"]
    assert world.commits(f"ostinato/{goal}/main") == []


def events(world: World, kind: str) -> list[dict[str, Any]]:
    lines = world.run("--json", "events", "--limit", "10000").out.splitlines()
    return [event for event in map(json.loads, lines) if event["kind"] == kind]


def test_a_plan_whose_check_cannot_run_is_sent_back(modelled: Modelled) -> None:
    told: list[str] = []

    def planner(body: Body) -> Answer:
        replies = sum(m["role"] == "assistant" for m in body["messages"])
        if not replies:
            return Answer(tool_calls=(Call("propose_plan", plan_of(task("a", check="no-such-tool a.txt"))),))
        told.append(str(body["messages"][-1]["content"]))
        if replies == 1:
            return Answer(tool_calls=(Call("propose_plan", plan_of(file_task("a"))),))
        return done()

    world = modelled(planner).make_repository(FILES)
    assert world.run("--json", "plan", "a file", "--yes").code == 0
    assert "127" in told[0]
    assert "no-such-tool" in told[0]


def test_a_plan_that_never_gets_right_is_no_plan(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(task("a", check="no-such-tool a.txt")), writer)).make_repository(FILES)
    before = checkout_of(world)
    ran = world.run("plan", "a file", "--yes")
    assert ran.code == 6
    assert "No plan" in ran.out
    assert checkout_of(world) == before
    assert world.json("tasks", "list") == []
    session = world.json("sessions", "list")[0]
    assert (session["stop_reason"], bool(session["ended_at"])) == ("no_plan", True)
    ran = world.run("--json", "ralph")
    assert (ran.code, ran.json["stopped"]) == (3, "nothing_ready")
    assert f"`ostinato plan --goal {session['goal_id']}`" in ran.json["detail"]


HTML = Answer(body=b"<html><body>It works!</body></html>", content_type="text/html")
REFUSALS = {
    "bad request": (Answer(status=400, error={"message": "tools are not supported"}), ("tools are not supported",)),
    "unknown model": (
        Answer(status=404, error={"message": "no such model", "code": "model_not_found"}),
        ("test", "OPENAI_BASE_URL"),
    ),
    "wrong key": (Answer(status=401, error={"message": "Incorrect API key provided"}), ("the key", "OPENAI_API_KEY")),
    "no quota": (Answer(status=429, error={"message": "no", "code": "insufficient_quota"}), ("add credit",)),
    "outage": (Answer(status=503, error={"message": "maintenance"}), ("is down", "maintenance", "models.patience")),
    "forbidden": (Answer(status=403, error={"message": "not for you"}), ("OPENAI_API_KEY",)),
    "web page": (HTML, ("OPENAI_BASE_URL",)),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_provider_that_refuses_stops_both_modes_with_what_to_change(modelled: Modelled, name: str) -> None:
    refused, words = REFUSALS[name]
    plan, broken = brain(plan_of(file_task("a")), writer), [False]
    # Retries wait for real; how they wait is tested in tests/wire.
    config = "[models]\nretries = 0\npatience = 0.1\n"
    world = modelled(lambda body: refused if broken[0] else plan(body)).make_repository(
        {**FILES, ".ostinato/config.toml": config}
    )
    goal = planned(world)
    broken[0] = True
    before = checkout_of(world)

    ran = world.run("--json", "plan", "more files", "--yes")
    assert ran.code == 7
    for word in words:
        assert word in error_of(ran)["message"]
    assert [t["title"] for t in world.json("tasks", "list")] == ["Make a"]
    assert checkout_of(world) == before

    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["stopped"], ran.json["completed"]) == (7, "provider_failed", 0)
    for word in words:
        assert word in ran.json["detail"]
    assert world.json("tasks", "next", "--goal", goal)["details"]["attempts"] == 0
    assert all(session["ended_at"] for session in world.json("sessions", "list"))

    broken[0] = False
    assert world.run("--json", "ralph", goal).json["stopped"] == "goal_completed"


def test_a_goal_whose_branch_is_checked_out_is_not_worked_on(modelled: Modelled) -> None:
    """The branch would move under the person's feet, and their next `commit -a` would take proven work back."""

    def coder(turn: Turn) -> Answer:
        return done() if turn.number else write("a.txt", "a")

    world = modelled(brain(plan_of(task("a", check="test -f a.txt")), coder)).make_repository(FILES)
    goal = world.json("plan", "a file", "--yes")["goal_id"]
    world.git("checkout", "-q", "-b", f"ostinato/{goal}/main")
    before = checkout_of(world)

    refusal(world.run("ralph", goal), 2, f"ostinato/{goal}/main is checked out: go to another branch first")

    assert checkout_of(world) == before
    world.git("checkout", "-q", "main")
    assert world.run("--json", "ralph", goal).json["stopped"] == "goal_completed"
