"""The main job through each provider's protocol: the wire changes nothing of what is made, proven and remembered."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from ostinato.testing.chat_server import Answer, Call, ChatServer, Received
from tests.scenario.conftest import Modelled
from tests.scenario.world import WIRES, Body, Turn, World, brain, done, plan_of, task, write
from tests.wire.first_requests import differences

FILES = {"README.md": "# A project\n", "src/app.py": "print('hi')\n"}
DECISION = {
    "title": "Which format",
    "context": "Files can be text or JSON.",
    "options": [{"title": "text", "pros": ["simple"]}, {"title": "JSON", "cons": ["overkill"]}],
    "chosen": "text",
    "rationale": "nobody parses it",
}
PLAN = plan_of(
    task("a", check="grep -qx a a.txt", scope=["a.txt"]),
    task("b", check="grep -qx b b.txt", scope=["b.txt"], after=["a"]),
    task("c", check="grep -qx c c.txt", scope=["c.txt"], after=["a"]),
    decisions=[DECISION],
)


def coder(turn: Turn) -> Answer:
    """Reasons, calls in parallel, slips once in each way that a model can, and gets there."""
    name = turn.title.removeprefix("Make ")
    if turn.number == 0:
        calls = (Call("list_files"), Call("read_file", {"path": "README.md"}), Call("read_file", {"path": "none"}))
        return Answer(reasoning="I look around.", text="Let me see.", tool_calls=calls)
    if name == "b" and turn.number == 1:
        return Answer(reasoning="hm", tool_calls=(Call("write_file", '{"path": "b.txt'),))
    if name == "b" and turn.number == 2:
        return Answer()
    if name == "c" and turn.attempt == 1:
        return done() if turn.number == 2 else replace(write("c.txt", "wrong"), reasoning="Surely so.")
    written = any(f"{name}.txt" in json.dumps(m.get("tool_calls", [])) for m in turn.body["messages"])
    whole = written and turn.number >= (4 if name == "b" else 2)
    return done() if whole else replace(write(f"{name}.txt", name), reasoning="Now I know.")


@dataclass(frozen=True, slots=True)
class Story:
    """All that a run leaves behind and all that its model was asked, with the ids of the run left out."""

    ran: dict[str, Any]
    nodes: list[dict[str, Any]]
    notes: str
    commits: list[str]
    asked: list[Any]
    received: list[Received] = field(compare=False)


def told(world: World) -> Story:
    asked: list[Body] = []
    think = brain(PLAN, coder)

    def handler(body: Body) -> Answer:
        asked.append(body)
        return think(body)

    with ChatServer(handler) as server:
        world.model_url = server.url
        world.make_repository(FILES)
        ran = world.run("--json", "run", "three files", "--yes", "--land")
    assert ran.code == 0, ran.err
    goal = ran.json["goal_id"]

    def plain(value: Any) -> Any:
        text = re.sub(r"\b(iter|sess|proj|e)-[0-9a-f]{8,12}", r"\1", json.dumps(value)).replace(goal, "goal")
        return json.loads(re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z|\b\d+\.\d+ ?s\b|\b[0-9a-f]{40}\b", "…", text))

    kept = ("goal_id", "session_id", "branch", "stopped", "iterations", "completed", "remaining", "failed")
    return Story(
        plain({name: ran.json[name] for name in kept}),
        [plain(node) for node in world.json("tasks", "list", "--goal", goal)],
        plain(world.run("notes", "--goal", goal).out),
        world.git("log", "--format=%s %T", "main").splitlines(),
        plain([_said(body) for body in asked]),
        server.requests,
    )


def _said(body: Body) -> list[Any]:
    """Return a request's messages; arguments by what they mean, since a wire may have to mend malformed ones."""
    said: list[Any] = []
    for message in body["messages"]:
        calls = [
            (call["function"]["name"], _meaning(call["function"]["arguments"]))
            for call in message.get("tool_calls", [])
        ]
        said.append([message["role"], message["content"], calls])
    return said


def _meaning(arguments: str) -> Any:
    try:
        meaning = json.loads(arguments)
    except ValueError:
        return "malformed"
    return "malformed" if "INVALID_JSON" in meaning else meaning


def test_same_goal_gives_the_same_graph_and_the_same_commits_through_each_wire(tmp_path: Path) -> None:
    stories = {wire: told(World(tmp_path / wire, wire=wire)) for wire in WIRES}
    chat = stories.pop("openai-chat")
    assert (chat.ran["stopped"], chat.ran["completed"], chat.ran["iterations"]) == ("goal_completed", 3, 4)
    assert [commit.partition(" ")[0] for commit in chat.commits] == ["Make", "Make", "Make", "first"]
    for wire, story in stories.items():
        assert story == chat, wire
    # What the models are sent at first is reviewed: a prompt does not grow unseen.
    received = {wire: story.received for wire, story in {**stories, "openai-chat": chat}.items()}
    assert sorted({said for wire, requests in received.items() for said in differences(wire, requests)}) == []


@pytest.mark.parametrize("wire", ["openai-chat", "anthropic", "openai"])
def test_wrong_key_stops_with_the_variable_to_change(modelled: Modelled, wire: str) -> None:
    refused = Answer(status=401, error={"message": "invalid key sk-test-0000"})
    world = modelled(lambda body: refused).make_repository(FILES)
    world.wire = wire
    ran = world.run("plan", "a file", "--yes")
    assert ran.code == 7
    assert ("ANTHROPIC_API_KEY" if wire == "anthropic" else "OPENAI_API_KEY") in ran.err
    assert "sk-test-0000" not in ran.err + ran.out


@pytest.mark.parametrize("model", ["anthropic:claude-sonnet-5", "openai:gpt-5"])
def test_cost_limit_is_kept_where_the_vendors_prices_are_known(tmp_path: Path, model: str) -> None:
    world = World(tmp_path, env={"OSTINATO_MODEL": model, "ANTHROPIC_BASE_URL": "", "OPENAI_BASE_URL": ""})
    world.make_repository(FILES)
    # Nothing can be asked of the vendor here; what is refused before asking would be the price.
    world.env |= {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    (tmp_path / "config" / "ostinato").mkdir(parents=True)
    (tmp_path / "config" / "ostinato" / "config.toml").write_text("[models]\nretries = 0\npatience = 0.1\n")
    ran = world.run("plan", "a file", "--yes", "--max-cost", "5")
    assert ran.code == 7, ran.err
    assert "price" not in ran.err
