"""Budgets on the real command line: what counts is what the provider billed, and no kill -9 makes more of it."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from ostinato.testing.chat_server import Answer, ChatServer, usage
from tests.scenario.world import WIRES, Body, Turn, World, brain, done, plan_of, task, write

CALL = 1_600
"""Tokens that each call is billed with: less than what is held for it, as it is with a real provider."""
BUDGET = 10 * CALL
PLAN = plan_of(task("a", check="grep -qx a a.txt", scope=["a.txt"]))
SETTINGS = "[models]\nmax_output_tokens = 400\n"


def billed(answer: Answer) -> Answer:
    return replace(answer, usage=usage(CALL - 100, 100))


@pytest.mark.parametrize("wire", WIRES)
def test_what_is_counted_is_what_the_provider_billed_on_every_wire(tmp_path: Path, wire: str) -> None:
    mind = brain(PLAN, lambda turn: done() if turn.number else write("a.txt", "a"))
    with ChatServer(lambda body: billed(mind(body))) as server:
        world = World(tmp_path, server.url, wire=wire).make_repository({"README.md": "# A\n"})
        goal = world.json("run", "a", "--yes")["goal_id"]
        shown, told = world.json("budget", goal), server.bills.told
        (one,) = [one for one in world.json("status")["goals"] if one["id"] == goal]
    assert (shown["used"]["tokens"], shown["used"]["calls"]) == (told.tokens, told.calls) == (4 * CALL, 4)
    assert one["usage"]["input"] + one["usage"]["output"] == told.tokens
    assert shown["unsettled"]["calls"] == 0
    assert [one["model"] for one in shown["models"]] == [f"{wire}:test"]
    assert world.json("budget", f"{goal}.1")["used"]["tokens"] == 2 * CALL, "planning is the goal's, not the task's"


class Murderous:
    """A provider in whose calls, from the ninth of the coder on, the run dies: billed, and never heard."""

    def __init__(self) -> None:
        self.pid = 0
        self.calls = 0
        self.kills = 0
        self.spares = False
        self._mind = brain(PLAN, self._work)

    def __call__(self, body: Body) -> Answer:
        return billed(self._mind(body))

    def _work(self, turn: Turn) -> Answer:
        if self.spares:
            return done() if turn.number else write("a.txt", "a")
        self.calls += 1
        if self.calls >= 9:
            self.kills += 1
            os.kill(self.pid, signal.SIGKILL)
        return write("a.txt", f"wrong {turn.number}")


def test_kill_9_at_90_percent_of_a_budget_and_going_on_never_overspends_by_more_than_one_call(tmp_path: Path) -> None:
    vendor = Murderous()
    with ChatServer(vendor) as server:
        world = World(tmp_path, server.url).make_repository({"README.md": "# A\n", ".ostinato/config.toml": SETTINGS})
        goal = world.json("plan", "a", "--yes")["goal_id"]
        task_id = f"{goal}.1"
        world.json("budget", task_id, "--tokens", str(BUDGET))
        code = -signal.SIGKILL
        while code == -signal.SIGKILL and vendor.kills < 4:
            running = world.start("--json", "ralph", goal)
            vendor.pid = running.pid
            running.communicate(timeout=60)
            code = running.returncode
        assert vendor.kills >= 1
        assert code == 3, "the task is parked, and nothing else is ready"
        assert vendor.calls * CALL <= BUDGET + CALL
        shown = world.json("budget", task_id)
        assert shown["unsettled"]["calls"] == vendor.kills
        assert shown["used"]["tokens"] >= vendor.calls * CALL, "what was billed and never heard counts"
        said = world.json("show", task_id)["blocked_reason"]
        assert said.startswith("parked: tokens: ")
        assert f"`ostinato budget {task_id} --tokens {BUDGET * 2}` raises it" in said
        assert "unsettled" in world.run("budget", task_id).out

        vendor.spares = True
        world.json("budget", task_id, "--tokens", str(BUDGET * 2))
        world.json("tasks", "retry", task_id)
        assert world.json("ralph", goal)["stopped"] == "goal_completed"
