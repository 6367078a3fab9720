"""Tasks for testers, researchers and reviewers, through the real command line: who may do what, and what done means."""

from __future__ import annotations

from typing import Any

from ostinato.testing.chat_server import Answer, Call
from tests.scenario.conftest import Modelled
from tests.scenario.world import Body, Turn, World, brain, done, plan_of, shell, task, tools_of, write

FILES = {"app.py": "def double(x):\n    return x + x\n", "AGENTS.md": "# Rules\n"}
TEST = "from app import double\nassert double(2) == 4\n"
CHECK = "PYTHONPATH=. python3 tests/test_double.py"


def observed(title: str) -> Answer:
    return Answer(tool_calls=(Call("record_observation", {"title": title, "description": "app.py:1 says so"}),))


def verdict(*reasons: str) -> Answer:
    return Answer(tool_calls=(Call("verdict", {"approve": not reasons, "reasons": list(reasons)}),))


def without_check(key: str, profile: str, **more: Any) -> dict[str, Any]:
    return task(key, check="-", profile=profile, **more) | {"checks": []}


def heard(turn: Turn) -> str:
    """What the last tool answered."""
    return next((str(m["content"]) for m in reversed(turn.body["messages"]) if m["role"] == "tool"), "")


def statuses(world: World, goal: str) -> dict[str, str]:
    return {n["title"]: n["status"] for n in world.json("tasks", "list", "--goal", goal)}


def test_a_plan_for_all_kinds_of_agents_is_worked_off(modelled: Modelled) -> None:
    """The reason for profiles: who needs no shell has none, and what was found out counts without a commit."""
    offered: dict[str, set[str]] = {}
    briefings: dict[str, str] = {}

    def coder(turn: Turn) -> Answer:
        offered[turn.title], briefings[turn.title] = tools_of(turn.body), str(turn.body["messages"][0]["content"])
        match turn.title, turn.number:
            case "Make research", 0:
                return observed("double takes numbers only")
            case "Make tests", 0:
                return write("tests/test_double.py", TEST)
            case "Make help", 0:
                return write("help.txt", "help")
            case "Make review", _:
                return verdict()
            case _:
                return done()

    plan = plan_of(
        without_check("research", "researcher"),
        task("tests", check=CHECK, after=["research"], profile="tester"),
        task("help", check="test -f help.txt", after=["research"]),
        without_check("review", "reviewer", after=["tests", "help"]),
    )
    world = modelled(brain(plan, coder)).make_repository(FILES)

    ran = world.run("--json", "run", "tests and help", "--yes")

    assert (ran.code, ran.json["completed"]) == (0, 4), ran.err
    goal = ran.json["goal_id"]
    assert sorted(world.commits(f"ostinato/{goal}/main")) == ["Make help", "Make tests"], "findings make no commit"
    assert "run_command" not in offered["Make research"] | offered["Make review"]
    assert "write_file" not in offered["Make research"] | offered["Make review"]
    assert "verdict" in offered["Make review"] - offered["Make help"]
    assert "You are a researcher" in briefings["Make research"]
    assert "You are a software engineer who writes tests" in briefings["Make tests"]
    first = world.json("tasks", "list", "--goal", goal)[0]
    assert "1 finding recorded" in world.run("show", first["id"]).out
    judged = {t["title"]: t["judged_by"] for t in world.json("report", goal)["tasks"]}
    assert judged["Make research"] == judged["Make review"] == "what it recorded in the graph"
    assert judged["Make tests"] == "checks"


def test_tester_cannot_touch_production_code_by_tool_nor_by_shell(modelled: Modelled) -> None:
    """A tester that mends the code until its test passes has tested nothing."""
    refusals: list[str] = []

    def coder(turn: Turn) -> Answer:
        if turn.attempt == 1:
            moves = (
                write("tests/test_double.py", TEST),
                write("app.py", "def double(x):\n    return 4\n"),
                shell("echo '# mended' >> app.py; echo left > notes.txt"),
            )
            refusals.append(heard(turn))
            return moves[turn.number] if turn.number < len(moves) else done()
        return done() if turn.number else write("tests/test_double.py", TEST)

    world = modelled(brain(plan_of(task("tests", check=CHECK, profile="tester")), coder)).make_repository(FILES)

    ran = world.run("--json", "run", "tests", "--yes")

    assert (ran.code, ran.json["iterations"]) == (0, 2), ran.err
    goal = ran.json["goal_id"]
    assert any("app.py is out of reach of a tester" in said for said in refusals)
    first = world.json("show", f"{goal}.1")["iterations"][0]
    assert "app.py is out of reach of a tester" in str(world.json("show", first["id"])["reasons"])
    assert world.git("show", f"ostinato/{goal}/main:app.py") == FILES["app.py"].rstrip()
    assert world.git("ls-tree", "--name-only", "-r", f"ostinato/{goal}/main").split() == [
        "AGENTS.md",
        "app.py",
        "tests/test_double.py",
    ]


def test_what_is_recorded_counts_and_what_is_said_does_not(modelled: Modelled) -> None:
    """What an agent says of itself proves nothing; a reviewer's no must not be overrun by the next attempt."""
    heard_of: list[str] = []

    def coder(turn: Turn) -> Answer:
        if turn.title == "Make review":
            return verdict("app.py:2 adds texts")
        if turn.attempt == 1 and turn.title == "Make research":
            heard_of.append(heard(turn))
            return done() if turn.number else write("app.py", "double = None\n")
        return done() if turn.number else observed("double doubles texts too")

    plan = plan_of(
        without_check("research", "researcher"),
        without_check("review", "reviewer", after=["research"]),
        without_check("study", "researcher", judge=True),
    )
    world = modelled(brain(plan, coder)).make_repository(FILES)

    ran = world.run("--json", "run", "look", "--yes")

    assert (ran.code, ran.json["stopped"], ran.json["iterations"]) == (5, "waiting_for_approval", 4), ran.err
    goal = ran.json["goal_id"]
    assert statuses(world, goal) == {"Make research": "completed", "Make review": "blocked", "Make study": "review"}
    assert "there is no tool 'write_file'" in heard_of[-1]
    assert "it recorded nothing" in world.run("show", f"{goal}.1").out
    assert world.json("node", "show", f"{goal}.2")["blocked_reason"] == "the reviewer rejects: app.py:2 adds texts"
    (seen, *_) = world.json("node", "list", "--type", "observation")
    assert seen["created_by"] == "agent:researcher"

    world.json("approve", f"{goal}.3")
    assert world.run("--json", "ralph", goal).json["stopped"] == "nothing_ready"
    assert statuses(world, goal)["Make study"] == "completed"


def test_unknown_profile_goes_back_to_the_planner_and_a_lost_one_blocks_its_task(modelled: Modelled) -> None:
    """A name that nobody knows must neither run as somebody else nor end the night."""
    told: list[str] = []
    briefings: list[str] = []
    qa = task("tests", check=CHECK, profile="qa", file_scope=["tests/**"])

    def planner(body: Body) -> Answer:
        briefings.append(str(body["messages"][1]["content"]))
        said = [str(m["content"]) for m in body["messages"] if m["role"] == "tool"]
        told.extend(said)
        if not said:
            return Answer(tool_calls=(Call("propose_plan", plan_of(qa | {"profile": "testre"})),))
        if len(said) == 1:
            return Answer(tool_calls=(Call("propose_plan", plan_of(qa)),))
        return done()

    def handle(body: Body) -> Answer:
        if "propose_plan" in tools_of(body):
            return planner(body)
        return brain({}, lambda turn: done() if turn.number else write("tests/test_double.py", TEST))(body)

    world = modelled(handle).make_repository(FILES)
    mine = world.repo / ".ostinato" / "profiles" / "qa.toml"
    mine.parent.mkdir(parents=True)
    said = 'description = "Runs <data> scripts."\nprompt = "Tests are scripts."\n'
    mine.write_text(f'extends = "tester"\n{said}[limits]\nsteps = 5\n')
    goal = world.json("plan", "tests", "--yes")["goal_id"]
    assert "- qa: Runs &lt;data> scripts." in briefings[0], "it cannot name whom it does not know"
    assert "there is no profile 'testre' for tasks: did you mean tester?" in told[0]

    mine.unlink()
    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["stopped"], ran.json["usage"]["output"]) == (3, "nothing_ready", 0), ran.err
    why = world.json("node", "show", f"{goal}.1")["blocked_reason"]
    assert "there is no profile 'qa': write it as a file, or name another" in why
    assert f"`ostinato node set {goal}.1 --profile NAME`" in why

    world.json("node", "set", f"{goal}.1", "--profile", "tester")
    world.json("tasks", "retry", f"{goal}.1")
    assert world.run("ralph", goal).code == 0


def test_limits_and_model_of_a_profile_hold(modelled: Modelled) -> None:
    """The person's own file may choose any model and give other limits; both are enforced, not suggested."""
    models: dict[str, set[str]] = {}

    def coder(turn: Turn) -> Answer:
        models.setdefault(turn.title, set()).add(turn.body["model"])
        if turn.title == "Make research":
            return Answer(tool_calls=(Call("list_files", {"path": "." if turn.number % 2 else "./"}),))
        return done() if turn.number else write("help.txt", "help")

    plan = plan_of(without_check("research", "researcher"), task("help", check="test -f help.txt"))
    world = modelled(brain(plan, coder)).make_repository(FILES)
    world.env |= {"OSTINATO_MODEL": ""}
    own = world.root / "config" / "ostinato"
    (own / "profiles").mkdir(parents=True)
    (own / "config.toml").write_text('[models]\ndefault = "openai-chat:usual"\n[limits]\nattempts = 1\n')
    (own / "profiles" / "researcher.toml").write_text('model = "openai-chat:other"\n[limits]\nsteps = 3\n')

    ran = world.run("--json", "run", "help", "--yes")

    assert ran.code == 3, ran.err
    assert models == {"Make research": {"other"}, "Make help": {"usual"}}
    iteration = world.json("show", f"{ran.json['goal_id']}.1")["iterations"][0]
    assert (iteration["ending"], iteration["steps"]) == ("step_limit", 3)
