"""A vendor and a model that fail in every way on the way to a goal: it is reached, and what it cost is told once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ostinato.models.answers import estimate
from ostinato.testing.answers import usage
from ostinato.testing.chat_server import Answer, Call, ChatServer, Fault
from tests.scenario.conftest import Served
from tests.scenario.world import WIRES, Body, Turn, brain, done, plan_of, task, write

FILES = {"README.md": "# A project\n"}
PLAN = plan_of(
    task("a", check="grep -qx a a.txt", scope=["a.txt"]),
    task("b", check="grep -qx b b.txt", scope=["b.txt"], after=["a"]),
)
SOON = {"retry-after-ms": "10"}
WRITES = Call("write_file", {"path": "never.txt", "content": "cut in the middle of this call " * 4})
TWICE = (Call("list_files", {}, "call000001"), Call("read_file", {"path": "README.md"}, "call000001"))
TOO_LONG = {
    "openai": {"message": "too long", "type": "invalid_request_error", "code": "context_length_exceeded"},
    "anthropic": {"message": "prompt is too long: 200251 tokens > 200000 maximum", "type": "invalid_request_error"},
    "ollama": {"message": "request exceeds the available context size", "type": "exceed_context_size_error"},
    "openai-chat": {"message": "This model's maximum context length is 8192 tokens.", "code": 400},
}


def faults(wire: str) -> Iterator[tuple[Answer, ...]]:
    """Yield what goes wrong before each answer that is as it should be."""
    slow = Answer(status=429, error={"message": "slow down"}, headers=SOON)
    yield slow, Answer(fault=Fault.RESET)
    yield Answer(status=500, error={"message": "boom"}), Answer(text="x", fault=Fault.GARBAGE)
    yield Answer(tool_calls=(WRITES,), fault=Fault.CUT), Answer(tool_calls=(Call("write_file", '{"path": "ne'),))
    yield Answer(tool_calls=(Call("remove_everything", {}),)), Answer()
    # There are results by now that can be cleared; a first request that is too long ends its conversation.
    yield (Answer(status=400, error=TOO_LONG[wire]),)
    yield Answer(tool_calls=TWICE), *[Answer(status=529, error={"message": "overloaded"}, headers=SOON)] * 4
    yield Answer(text="rate limit, 429"), Answer(body=b"<html>Sign in</html>", content_type="text/html")


def coder(turn: Turn) -> Answer:
    """Looks, writes what the check wants, and signals."""
    name = turn.title.removeprefix("Make ")
    written = any(f"{name}.txt" in json.dumps(m.get("tool_calls")) for m in turn.body["messages"])
    looked = "search_code" in json.dumps([m.get("tool_calls") for m in turn.body["messages"]])
    if written:
        return done()
    return write(f"{name}.txt", name) if looked else Answer(tool_calls=(Call("search_code", {"pattern": "x"}),))


@pytest.mark.parametrize("wire", WIRES)
def test_goal_is_reached_through_every_fault_and_its_cost_is_the_servers_own_sum(served: Served, wire: str) -> None:
    ahead = faults(wire)
    failing = list(next(ahead))
    think = brain(PLAN, coder)

    def handler(body: Body) -> Answer:
        if failing:
            return failing.pop(0)
        failing.extend(next(ahead, ()))
        answer = think(body)
        return replace(answer, usage=usage(1000 + len(body["messages"]), 30, cached=500))

    world, server = served(handler)
    world.wire = wire
    world.make_repository(FILES)
    ran = world.run("--json", "run", "two files", "--yes")

    assert ran.code == 0, ran.err
    assert (ran.json["completed"], ran.json["iterations"]) == (2, 2)
    assert next(ahead, None) is None, "not every fault came"
    branch = ran.json["branch"]
    assert world.git("ls-tree", "--name-only", branch).splitlines() == ["README.md", "a.txt", "b.txt"]
    assert len(server.requests) < 40
    expected = _billed(server, wire)
    assert _counts(world.json("status")["usage"]) == expected
    assert _counts(world.json("report", ran.json["goal_id"])["usage"]) == expected


def _billed(server: ChatServer, wire: str) -> tuple[int, ...]:
    """Return what the server told, and for its one answer that was cut what can be known of it."""
    told, (size,) = server.bills.told, server.bills.broken
    return told.calls + 1, told.input + (100 if wire == "anthropic" else estimate(size)), told.cached_input


def _counts(document: dict[str, Any]) -> tuple[int, ...]:
    return document["calls"], document["input"], document["cached_input"]
