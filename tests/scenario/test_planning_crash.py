"""kill -9 at random moments of planning: whatever was learned goes on, nothing of the plan is lost or doubled.

The sample is small by default; OSTINATO_KILLS=200 runs the full one.
"""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ostinato.app import open_store_for
from ostinato.chat.messages import AssistantMessage, ToolMessage
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import NodeType, Status
from ostinato.testing.chat_server import Answer, Call, ChatServer
from tests.scenario.test_crash import gone
from tests.scenario.test_main_job import FILES
from tests.scenario.test_planning import planner, propose
from tests.scenario.world import Body, World, done, task

KILLS = int(os.environ.get("OSTINATO_KILLS", "6"))
SEED = int(os.environ.get("OSTINATO_KILLS_SEED", "20260101"))
OPTIONS = [{"title": "text"}, {"title": "JSON"}]
DECISION = {"title": "Format", "context": "c", "options": OPTIONS, "chosen": "text", "rationale": "simple"}


def slow(name: str, **more: Any) -> dict[str, Any]:
    return task(name, check=f"sleep 0.05; test -f {name}.txt", **more)


def scripted(replies: int, body: Body) -> Answer:
    """Look, log twice, propose badly, propose well, end: whatever was answered already is not done again."""
    said = [call["function"]["name"] for m in body["messages"] for call in m.get("tool_calls", ())]
    results = "\n".join(str(m["content"]) for m in body["messages"] if m["role"] == "tool")
    if "list_files" not in said:
        return Answer(tool_calls=(Call("list_files", {}), Call("read_file", {"path": "README.md"})))
    if "logged with the plan: Format" not in results:
        return Answer(tool_calls=(Call("log_decision", DECISION),))
    if "recorded with the plan: Small" not in results:
        return Answer(tool_calls=(Call("record_observation", {"title": "Small", "description": "d"}),))
    if "has no acceptance criteria" not in results:
        return propose({**slow("a"), "acceptance_criteria": []})
    return done() if "accepted as a draft" in results else propose(slow("a"), slow("b", after=["a"]))


def killed(world: World, dice: random.Random, *arguments: str) -> bool:
    """Start planning and kill it after a while; tell whether it was still running."""
    run = world.start(*arguments)
    try:
        run.communicate(timeout=dice.uniform(0.2, 1.6))
        return False
    except subprocess.TimeoutExpired:
        run.kill()
    run.communicate(timeout=20)
    assert gone(world) == []
    return True


def open_goals(world: World) -> list[str]:
    found = world.run("--json", "status")
    return [goal["id"] for goal in found.json["goals"]] if found.code == 0 else []


@pytest.mark.timeout(1200)
def test_a_plan_is_whole_whenever_planning_was_killed(tmp_path: Path) -> None:
    dice, kills, runs = random.Random(SEED), 0, 0
    with ChatServer(planner(scripted)) as server:
        while kills < KILLS:
            runs += 1
            world = World(tmp_path / f"run{runs}", server.url).make_repository(FILES)
            for _ in range(min(3, KILLS - kills)):
                goals = open_goals(world)
                begun = ("plan", "--goal", goals[0]) if goals else ("plan", "letters")
                kills += killed(world, dice, *begun, "--no-input")
            goals = open_goals(world)
            begun = ("plan", "--goal", goals[0]) if goals else ("plan", "letters")
            ran = world.run("--json", *begun, "--yes")
            assert ran.code == 0, ran.err
            whole(world, ran.json["goal_id"])
        assert server.problems == []
    print(f"{kills} kills over {runs} plans")


def whole(world: World, goal: str) -> None:
    """Assert that the one plan stands in the graph once, and that the conversations are whole."""
    store = open_store_for(world.root / "data/ostinato/ostinato.db", create=False)
    nodes = store.graph.descendants(store.graph.get(goal).id)
    titles = sorted(n.title for n in nodes if n.node_type is not NodeType.OPTION)
    assert titles == ["Format", "Make a", "Make b", "Small"]
    assert open_goals(world) == [goal]
    assert store.graph.get(goal).status is Status.ACTIVE
    assert store.approvals.open() == []
    sessions = store.sessions.list(store.graph.get(goal).id)
    assert all(one.ended_at is not None and one.kind is SessionKind.PLAN for one in sessions)
    latest = [one.message for one in store.iterations.transcript(sessions[0].id)]
    replies = [one for one in latest if isinstance(one, AssistantMessage)]
    asked = [call.id for one in replies for call in one.tool_calls]
    assert asked == [one.call_id for one in latest if isinstance(one, ToolMessage)]
    # Every reply that was kept was paid for, and is counted in the session that asked for it.
    assert sum(one.spending.calls for one in sessions) >= len(replies)
    store.close()
