"""A model that says what no database, terminal or vendor takes: the run goes on, and what is kept can be shown."""

from __future__ import annotations

import pytest

from ostinato.testing.chat_server import Answer, Call
from tests.scenario.conftest import Modelled
from tests.scenario.test_bad_input import FILES, events, file_task
from tests.scenario.world import WIRES, Body, Turn, brain, done, plan_of, tools_of, write

HALF = "\ud83d"
TITLE = "T" * 10_000 + "\x1b[31m\nOstinato-Task: os-1.1"
TURNS = (
    Answer(text=f"thinking {HALF}\0", tool_calls=(Call("write_file", {"path": "a.txt", "content": "b"}),)),
    Answer(tool_calls=(Call(f"write file\n\x1b[2J{HALF}" + "y" * 900, {"path": "a.txt"}),)),
    Answer(tool_calls=(Call("record_observation", {"title": f"seen {HALF}", "description": "a\0b"}),)),
    write("a.txt", "a"),
    done(f"done {HALF}\0" + "M" * 10_000),
)


@pytest.mark.parametrize("wire", WIRES)
def test_what_no_database_keeps_ends_no_run(modelled: Modelled, wire: str) -> None:
    plans = [plan_of(file_task("a", title="a\0b")), plan_of(file_task("a", title=TITLE)), None]

    def handle(body: Body) -> Answer:
        if "propose_plan" not in tools_of(body):
            return brain({}, coder)(body)
        plan = plans.pop(0)
        return done("planned") if plan is None else Answer(tool_calls=(Call("propose_plan", plan),))

    def coder(turn: Turn) -> Answer:
        return TURNS[turn.number]

    world = modelled(handle)
    world.wire = wire
    world.make_repository(FILES)

    ran = world.run("run", "a file", "--yes")

    assert ran.code == 0, ran.err
    assert "a bug" not in ran.err
    assert "\x1b" not in ran.out + ran.err
    (commit,) = world.commits(f"ostinato/{world.json('status')['goals'][0]['id']}/main")
    assert len(commit) <= 72
    assert "NUL" in str(events(world, "tool.ended"))
    (iteration,) = [
        each["id"] for each in world.json("sessions", "show", world.json("sessions", "latest")["id"])["iterations"]
    ]
    for command in (("show", iteration), ("status",), ("report",), ("tasks", "list")):
        shown = world.run(*command)
        assert (shown.code, "\x1b" in shown.out) == (0, False), shown.err
