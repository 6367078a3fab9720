"""A recorded night goes the same way again, offline; where it does not, that is shown."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import ostinato
from ostinato.agent.profiles import ASKING_PLANNER, BUILT_IN
from ostinato.app.recorded_ports import LIVE, is_live
from ostinato.chat.messages import ToolCall
from ostinato.testing.chat_server import Answer, Call, ChatServer
from tests.scenario.world import Ran, Turn, World, brain, done, plan_of, shell, task, write

SECRET = "open-sesame-2718281828"
NAMES = "abcdefgh"
PLAN = plan_of(
    *(
        task(name, check=f"grep -qx {name} {name}.txt", after=[NAMES[n - 1]] if n else [])
        for n, name in enumerate(NAMES)
    )
)


def coder(turn: Turn) -> Answer:
    """Gets c wrong twice and once asks for what is not there; writes by tools and by commands, and uses the graph."""
    name = turn.title.removeprefix("Make ")
    if turn.number == 0:
        look = (Call("list_files"), Call("run_command", {"command": "cat secret.txt; date +%N; echo $$"}))
        return Answer(reasoning="I look around.", text="Let me see.", tool_calls=look)
    if turn.number == 1:
        right = name if name != "c" or turn.attempt == 3 else f"wrong {turn.attempt}"
        return shell(f"echo {right} > {name}.txt") if name in "adg" else write(f"{name}.txt", right)
    if turn.number == 2:
        seen = (Call("record_observation", {"title": f"{name} is a letter", "text": "as are all"}), Call("query_nodes"))
        return replace(Answer(tool_calls=seen), reasoning="hm")
    return done(f"made {name}")


@dataclass(frozen=True, slots=True)
class Night:
    """A recorded night: the person's world, and the file."""

    world: World
    file: Path
    goal: str

    def replay(self, file: Path | None = None, *more: str) -> Ran:
        """Replay the file (or another) somewhere else, with no model to be reached, far from the person's things."""
        elsewhere = World(file.parent if file else self.file.parent / "elsewhere", env={"OPENAI_API_KEY": ""})
        elsewhere.root.mkdir(exist_ok=True)
        return elsewhere.run("--json", "replay", str(file or self.file), *more, cwd=elsewhere.root)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with ChatServer(brain(PLAN, coder)) as server:
        world = World(tmp_path_factory.mktemp("night"), server.url, {"MY_PASSWORD": SECRET}, wire="anthropic")
        world.make_repository(
            {"README.md": "# Letters\n", "secret.txt": f"{SECRET}\n", "AGENTS.md": f"Say {SECRET}.\n"}
        )
        file = world.root / "night.jsonl"
        goal = world.json("plan", "letters", "--yes")["goal_id"]
        ran = world.json("ralph", goal, "--record", str(file))
        assert (ran["completed"], ran["iterations"]) == (8, 10)
        assert server.problems == []
    yield Night(world, file, goal)


def test_ten_iterations_go_the_same_way_offline_and_touch_nothing(night: Night) -> None:
    database = night.world.root / "data" / "ostinato" / "ostinato.db"
    before = database.read_bytes(), night.world.git("for-each-ref")
    ran = night.replay()
    assert ran.code == 0, ran.out
    (found,) = ran.json
    assert (found["equal"], found["iterations"], found["requests"]) == (True, 10, 40)
    assert (found["complete"], found["stopped"], found["changed_prompts"]) == (True, "goal_completed", [])
    assert (database.read_bytes(), night.world.git("for-each-ref")) == before


def test_no_secret_of_the_environment_or_of_a_tool_is_in_the_file(night: Night) -> None:
    assert SECRET in (night.world.repo / "secret.txt").read_text()
    said = night.file.read_bytes()
    assert SECRET.encode() not in said
    assert b"sk-test-0000" not in said
    assert said.count(b"[secret]") > 10
    assert night.file.stat().st_mode & 0o777 == 0o600


def test_it_stops_after_the_iteration_that_is_named(night: Night) -> None:
    (found,) = night.replay(None, "--until", "3").json
    assert (found["equal"], found["iterations"], found["stopped"]) == (True, 3, None)


def test_another_answer_of_a_command_shows_in_the_next_request(night: Night, tmp_path: Path) -> None:
    line = next(line for line in night.file.read_text().splitlines() if '"t":"tool"' in line and "run_command" in line)
    said = json.loads(line)["result"]["text"]
    file = tmp_path / "other"
    file.write_text(night.file.read_text().replace(line, line.replace(json.dumps(said)[1:-1], "another answer"), 1))
    ran = night.replay(file)
    assert ran.code == 1
    difference = ran.json[0]["difference"]
    assert (difference["what"], difference["iteration"], difference["step"]) == ("request", 1, 2)
    assert "\n+another answer" in difference["diff"]
    assert f"\n-{said.splitlines()[0]}" in difference["diff"]


def test_another_past_shows_in_the_graph_with_the_iteration_that_made_it(night: Night, tmp_path: Path) -> None:
    lines = night.file.read_text().splitlines()
    place, line = [(n, json.loads(line)) for n, line in enumerate(lines) if '"t":"iteration"' in line][3]
    key = next(key for key in line["rows"] if key.startswith("nodes "))
    line["rows"][key]["status"] = "cancelled"
    (tmp_path / "other").write_text("\n".join([*lines[:place], json.dumps(line), *lines[place + 1 :], ""]))
    difference = night.replay(tmp_path / "other").json[0]["difference"]
    assert (difference["what"], difference["iteration"]) == ("graph", 4)
    assert f'\n-{key}: status = "cancelled"\n' in difference["diff"]


def test_a_changed_prompt_is_shown_as_a_diff(night: Night, tmp_path: Path) -> None:
    package = tmp_path / "package" / "ostinato"
    shutil.copytree(Path(ostinato.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    prompt = package / "agent" / "prompts" / "coder.md"
    first, *rest = prompt.read_text().splitlines()
    prompt.write_text("\n".join([first + " Sing while you work.", *rest]))
    other = replace(night.world, env={"PYTHONPATH": str(package.parent)})
    ran = other.run("--json", "replay", str(night.file))
    assert ran.code == 1
    (found,) = ran.json
    assert found["changed_prompts"] == ["coder.md"]
    assert (found["difference"]["what"], found["difference"]["iteration"], found["difference"]["step"]) == (
        "request",
        1,
        1,
    )
    changed = [
        line for line in found["difference"]["diff"].splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert changed == [f"-{first}", f"+{first} Sing while you work."]


def test_a_changed_profile_is_tried_when_asked_for(night: Night) -> None:
    profiles = night.world.repo / ".ostinato" / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "coder.toml").write_text('prompt = "Hum while you work."\n')
    try:
        assert night.world.run("--json", "replay", str(night.file), "--until", "1").code == 0
        ran = night.world.run("--json", "replay", str(night.file), "--profiles-now")
    finally:
        (profiles / "coder.toml").unlink()
    assert ran.code == 1
    assert "Hum while you work." in ran.json[0]["difference"]["diff"]


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_what_a_cut_file_holds_is_replayed_up_to_there(night: Night, tmp_path: Path, share: float) -> None:
    data = night.file.read_bytes()
    (tmp_path / "cut").write_bytes(data[: int(len(data) * share)])
    ran = night.replay(tmp_path / "cut")
    assert ran.code == 0, ran.out
    (found,) = ran.json
    assert found["equal"]
    assert not found["complete"]
    assert 0 < found["iterations"] < 10


def test_a_recording_is_a_script_too(night: Night, tmp_path: Path) -> None:
    world = World(tmp_path, env={"OSTINATO_MODEL": f"scripted:{night.file}"})
    world.make_repository({"README.md": "# Letters\n", "secret.txt": "none\n"})
    with ChatServer(brain(PLAN, coder)) as server:
        world.model_url = server.url
        goal = world.json("plan", "letters", "--yes", "--model", "openai-chat:test")["goal_id"]
    ran = world.run("--json", "ralph", goal, "--max-iterations", "3")
    assert ran.code == 4, ran.err
    assert (ran.json["completed"], ran.json["iterations"]) == (2, 3)


def test_a_file_that_is_there_is_not_written_over(night: Night) -> None:
    before = night.file.read_bytes()
    ran = night.world.run("ralph", night.goal, "--record", str(night.file))
    assert ran.code == 2
    assert "--replace" in ran.err
    assert night.file.read_bytes() == before


@pytest.mark.parametrize("content", ["", "hello\n", '{"t":"head"}\n', "\0\n"])
def test_what_is_no_recording_is_refused_in_one_line(night: Night, tmp_path: Path, content: str) -> None:
    (tmp_path / "other").write_text(content)
    ran = night.replay(tmp_path / "other")
    assert (ran.code, ran.out) == (2, "")
    assert str(tmp_path / "other") in json.loads(ran.err)["error"]["message"]


@pytest.mark.parametrize("wire", ["openai-chat", "openai", "ollama"])
def test_a_short_night_goes_the_same_way_on_each_wire(tmp_path: Path, wire: str) -> None:
    with ChatServer(brain(plan_of(task("a", check="grep -qx a a.txt")), coder)) as server:
        world = World(tmp_path, server.url, wire=wire).make_repository({"README.md": "# A letter\n"})
        file = tmp_path / "night.jsonl"
        ran = world.json("run", "one letter", "--yes", "--record", str(file))
        assert ran["completed"] == 1
    (found,) = world.json("replay", str(file))
    assert (found["equal"], found["iterations"], found["requests"]) == (True, 1, 4)


def test_a_killed_run_leaves_a_file_that_is_replayed_up_to_the_last_reply(tmp_path: Path) -> None:
    victim: list[int] = []

    def deadly(turn: Turn) -> Answer:
        if turn.title == "Make b" and turn.number == 2:
            os.kill(victim[0], signal.SIGKILL)
        return coder(turn)

    plan = plan_of(task("a", check="grep -qx a a.txt"), task("b", check="grep -qx b b.txt", after=["a"]))
    with ChatServer(brain(plan, deadly)) as server:
        world = World(tmp_path, server.url).make_repository({"README.md": "# Letters\n"})
        goal = world.json("plan", "two letters", "--yes")["goal_id"]
        run = world.start("ralph", goal, "--record", str(tmp_path / "night.jsonl"))
        victim.append(run.pid)
        run.communicate()
        assert run.returncode == -signal.SIGKILL
    (found,) = world.json("replay", str(tmp_path / "night.jsonl"))
    assert (found["equal"], found["complete"], found["iterations"], found["requests"]) == (True, False, 1, 6)


def test_outages_refusals_and_a_stop_by_the_person_come_at_the_same_places(tmp_path: Path) -> None:
    runs: list[int] = []
    failed: set[str] = set()

    def troubled(turn: Turn) -> Answer:
        place = f"{turn.title} {turn.number}"
        if place in {"Make a 0", "Make b 1"} and place not in failed:
            failed.add(place)
            return Answer(status=503, headers={"retry-after": "0"}, error={"message": "busy"})
        if place == "Make b 2" and len(runs) == 1:
            os.kill(runs[0], signal.SIGINT)
        if place == "Make c 1":
            return Answer(status=401, error={"message": "the key is gone"})
        return coder(turn)

    plan = plan_of(*(task(name, check=f"grep -qx {name} {name}.txt") for name in "abc"))
    with ChatServer(brain(plan, troubled)) as server:
        world = World(tmp_path, server.url).make_repository({"README.md": "# Letters\n"})
        goal = world.json("plan", "three letters", "--yes")["goal_id"]
        ends = []
        for night in ("first", "second"):
            run = world.start("--json", "ralph", goal, "--record", str(tmp_path / night))
            runs.append(run.pid)
            ends.append(json.loads(run.communicate()[0])["stopped"])
    assert ends == ["interrupted", "provider_failed"]
    for night, end in zip(("first", "second"), ends, strict=True):
        ran = world.run("--json", "replay", str(tmp_path / night))
        assert ran.code == 0, ran.out
        assert (ran.json[0]["stopped"], ran.json[0]["complete"]) == (end, True)


@pytest.mark.parametrize(
    ("name", "arguments", "live"),
    [
        ("create_task", "{}", True),
        ("run_command", "{}", False),
        ("more_tools", '{"name": " create_task"}', True),
        ("more_tools", '{"name": "run_command", "arguments": {"command": "true"}}', False),
        ("more_tools", '{"name": ["create_task"]}', False),
        ("more_tools", "{", False),
        ("more_tools", "{}", False),
    ],
)
def test_a_replay_runs_no_tool_of_the_world_by_way_of_another(name: str, arguments: str, live: bool) -> None:
    assert is_live(ToolCall("1", name, arguments)) is live


def test_each_tool_is_known_as_one_of_the_graph_or_of_the_world() -> None:
    world = {"read_file", "list_files", "search_code", "read_agents_md", "write_file", "edit_file", "run_command"}
    offered: set[str] = {name for profile in (*BUILT_IN.values(), ASKING_PLANNER) for name in profile.tools}
    assert offered == LIVE | world | {"ask_user"}
