"""A run in the background: it survives what started it, can be looked at and ended, and its death is noticed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ostinato.base.process import _start_time
from ostinato.testing.chat_server import Answer, Handler
from tests.scenario.conftest import Modelled
from tests.scenario.test_main_job import FILES, file_task, planned, writer
from tests.scenario.test_steering import Gate, until
from tests.scenario.world import Turn, World, brain, plan_of


def held(gate: Gate, *names: str) -> Handler:
    """Return a model that waits at the gate before its first answer."""

    def coder(turn: Turn) -> Answer:
        if turn.number == 0 and not gate.open.is_set():
            gate.pass_through()
        return writer(turn)

    return brain(plan_of(*(file_task(name) for name in names or ("a",))), coder)


def over(world: World, goal: str) -> bool:
    """Tell whether every session of the goal has ended."""
    return all(session["ended_at"] for session in world.json("sessions", "list", "--goal", goal))


def logs(world: World, goal: str) -> list[Path]:
    """Return the goal's logs, the oldest first."""
    return sorted((world.root / "state" / "ostinato" / "logs" / goal).glob("*.log"))


def attached(world: World) -> subprocess.Popen[str]:
    """Return an --attach that looks at the database already: what it watches must not end before it has begun."""
    watching = world.start("--json", "ralph", "--attach")
    opened = Path(f"/proc/{watching.pid}/fd")
    until(lambda: any(fd.name == "ostinato.db" for fd in map(Path.resolve, opened.iterdir())), "the view begins")
    return watching


def test_a_run_goes_on_behind_and_can_be_watched_to_its_end(modelled: Modelled) -> None:
    gate = Gate()
    world = modelled(held(gate, "a", "b")).make_repository(FILES)
    world.env["SHOP_PASSWORD"] = "hunter2hunter2"
    goal = planned(world, "some files for hunter2hunter2")
    began = world.json("ralph", "--detach")
    assert (began["goal_id"], sorted(began)) == (goal, ["goal_id", "log", "pid", "session_id"])
    # It is nobody's child here, has a session of its own, and reads from nowhere.
    assert os.getsid(began["pid"]) == began["pid"]
    assert Path(f"/proc/{began['pid']}/fd/0").readlink() == Path(os.devnull)

    second = world.run("ralph", goal, "--detach")
    assert (second.code, second.out) == (2, "")
    assert f"ostinato ralph --attach {goal}" in second.err
    assert [str(path) for path in logs(world, goal)] == [began["log"]]

    watching = attached(world)
    gate.open.set()
    out, err = watching.communicate(timeout=60)
    document = json.loads(out)
    assert (watching.returncode, err) == (0, "")
    assert (document["session_id"], document["stopped"]) == (began["session_id"], "goal_completed")
    assert (document["iterations"], document["completed"], document["branch"]) == (2, 2, f"ostinato/{goal}/main")
    assert document["detail"] == "every task is completed or cancelled"
    assert document["usage"]["calls"] == 4
    assert world.git("log", "-1", "--format=%an", f"ostinato/{goal}/main") == "Pat Person"

    until(lambda: _start_time(began["pid"]) is None, "the run's process ends")
    log = Path(began["log"])
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "✔ committed" in log.read_text()
    assert f"{goal} some files for [secret]: goal completed" in log.read_text()
    assert "hunter2" not in log.read_text()


def test_what_hinders_a_run_is_said_by_the_command_itself(modelled: Modelled) -> None:
    world = modelled(held(Gate())).make_repository(FILES)
    goal = planned(world)
    world.env["OSTINATO_MODEL"] = ""
    plain = world.run("ralph", "--detach")
    assert (plain.code, plain.out, plain.err.count("\n")) == (2, "", 1)
    assert plain.err.startswith("ostinato: no model is chosen")
    told = world.run("--json", "ralph", goal, "--detach")
    assert (told.code, told.out) == (2, "")
    assert json.loads(told.err)["error"]["kind"] == "usage"
    assert logs(world, goal) == []
    assert world.run("ralph", "os-00000000", "--detach").code == 2


def test_what_is_over_already_is_answered_as_in_front(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    assert world.run("ralph", "--detach").code == 3
    goal = planned(world)
    assert world.run("ralph", goal).code == 0
    document = world.json("ralph", goal, "--detach")
    assert (document["stopped"], document["iterations"]) == ("goal_completed", 0)


def test_leaving_the_view_leaves_the_run(modelled: Modelled) -> None:
    gate = Gate()
    world = modelled(held(gate)).make_repository(FILES)
    goal = planned(world)
    began = world.json("ralph", "--detach")
    assert gate.waiting.wait(60)
    watching = world.start("ralph", goal, "--attach")
    assert watching.stderr is not None
    shown = [watching.stderr.readline() for _ in range(3)]
    assert f"▶ {goal}.1 Make a (attempt 1)\n" in shown
    watching.send_signal(signal.SIGINT)
    out, err = watching.communicate(timeout=30)
    assert (watching.returncode, out) == (130, "")
    assert "left running" in err
    assert _start_time(began["pid"]) is not None
    gate.open.set()
    until(lambda: over(world, goal), "the run ends")
    assert world.json("node", "show", goal)["status"] == "completed"


def test_a_run_is_asked_to_stop_even_while_it_is_paused(modelled: Modelled) -> None:
    gate = Gate()
    world = modelled(held(gate)).make_repository(FILES)
    goal = planned(world)
    began = world.json("ralph", "--detach")
    assert gate.waiting.wait(60)
    world.json("pause")
    gate.open.set()
    watching = attached(world)
    stopping = world.json("ralph", "--stop")
    assert (stopping["session_id"], stopping["pid"]) == (began["session_id"], began["pid"])
    out, _ = watching.communicate(timeout=60)
    assert (watching.returncode, json.loads(out)["stopped"]) == (130, "interrupted")
    assert world.json("node", "show", f"{goal}.1")["status"] == "ready"


@pytest.mark.parametrize("option", ["--attach", "--stop"])
def test_without_a_run_there_is_nothing_to_see(modelled: Modelled, option: str) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    goal = planned(world)
    nothing = world.run("ralph", option, goal)
    assert (nothing.code, nothing.out, nothing.err.count("\n")) == (3, "", 1)
    assert "nothing runs" in nothing.err
    assert world.run("ralph", option, "--max-cost", "3").code == 2
    assert world.run("ralph", goal).code == 0
    assert "ended: goal completed" in world.run("ralph", option).err


def test_a_killed_run_is_noticed_shown_as_dead_and_recovered(modelled: Modelled) -> None:
    gate = Gate()
    world = modelled(held(gate)).make_repository(FILES)
    goal = planned(world)
    began = world.json("ralph", "--detach")
    assert gate.waiting.wait(60)
    watching = attached(world)
    os.kill(began["pid"], signal.SIGKILL)
    out, err = watching.communicate(timeout=60)
    gate.open.set()
    assert (watching.returncode, out) == (8, "")
    error = json.loads(err)["error"]
    assert error["kind"] == "died"
    assert f"ostinato ralph {goal}" in error["message"]
    dead = world.json("status")["sessions"]
    assert [(session["id"], session["state"]) for session in dead] == [(began["session_id"], "dead")]
    assert "is gone" in world.run("status").out
    assert world.run("ralph", "--attach").code == 8

    ran = world.run("--json", "ralph", goal)
    assert ran.json["stopped"] == "goal_completed", ran.err
    assert world.json("status")["sessions"] == []
    assert world.commits(f"ostinato/{goal}/main") == ["Make a"]


def test_after_a_reboot_the_run_is_dead_and_goes_on_with_the_next(modelled: Modelled) -> None:
    gate = Gate()
    world = modelled(held(gate)).make_repository(FILES)
    goal = planned(world)
    running = world.start("--json", "ralph", goal)
    assert gate.waiting.wait(60)
    running.kill()
    running.communicate(timeout=30)
    gate.open.set()
    # As it stands after a reboot: another boot, and a process that has the same number and start time by chance.
    me = os.getpid()
    _edit(world, "UPDATE sessions SET boot = 'before', pid = ?, started = ? WHERE ended_at IS NULL", me)
    _edit(world, "UPDATE claims SET boot = 'before', pid = ?, started = ?", me)
    assert world.run("ralph", "--attach").code == 8
    assert [session["state"] for session in world.json("status")["sessions"]] == ["dead"]
    began = world.json("ralph", "--detach")
    until(lambda: over(world, goal), "the run ends")
    assert "recovered: " in Path(began["log"]).read_text()
    assert world.json("node", "show", goal)["status"] == "completed"


def _edit(world: World, sql: str, pid: int) -> None:
    """Change rows while no process of ours has the database open."""
    database = sqlite3.connect(world.root / "data" / "ostinato" / "ostinato.db")
    with database:
        assert database.execute(sql, (pid, _start_time(pid))).rowcount == 1
    database.close()


def test_a_run_survives_the_terminal_that_started_it(modelled: Modelled) -> None:
    gate = Gate()
    world = modelled(held(gate)).make_repository(FILES)
    goal = planned(world)
    # A terminal of its own, as a person has it; it goes away while the run goes on.
    keeper, terminal = os.openpty()
    shell = subprocess.Popen(
        ["sh", "-c", f"{sys.executable} -m ostinato ralph --detach; cat"],
        cwd=world.repo,
        env=world.environment(),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    assert gate.waiting.wait(60)
    shell.terminate()
    shell.wait(30)
    os.close(keeper)
    gate.open.set()
    until(lambda: over(world, goal), "the run ends")
    assert world.json("node", "show", goal)["status"] == "completed"


def test_the_oldest_logs_go(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    goal = planned(world)
    folder = world.root / "state" / "ostinato" / "logs" / goal
    folder.mkdir(parents=True)
    for number in range(25):
        (folder / f"20200101T0000{number:02}.000000Z.log").write_text("old\n")
    world.json("ralph", "--detach")
    kept = logs(world, goal)
    assert len(kept) == 20
    assert kept[0].name == "20200101T000006.000000Z.log"
    until(lambda: over(world, goal), "the run ends")
