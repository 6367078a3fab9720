"""What can be wrong around a run: database, disk, sandbox, branches that move, a second run, signals, streams."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import apsw
import pytest

from ostinato.base.clock import SystemClock
from ostinato.base.errors import DatabaseError
from ostinato.store.database import Database
from ostinato.testing.chat_server import Answer
from tests.scenario.conftest import Modelled
from tests.scenario.test_bad_input import (
    FILES,
    assert_nothing_made,
    checkout_of,
    error_of,
    file_task,
    nobody,
    planned,
    refusal,
    writer,
)
from tests.scenario.world import Ran, Turn, World, brain, done, plan_of, shell, write

TWO = plan_of(file_task("a"), file_task("b", after=["a"]))


def database_of(world: World) -> Path:
    return world.root / "data/ostinato/ostinato.db"


def state_of(world: World) -> list[str]:
    """Return the statuses of all tasks, in order."""
    return [node["status"] for node in world.json("tasks", "list")]


def test_a_database_of_a_newer_version_is_refused_and_left_alone(modelled: Modelled) -> None:
    world = modelled(nobody).make_repository(FILES)
    world.json("node", "add", "goal", "A goal")
    with apsw.Connection(str(database_of(world))) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (999, '2030-01-01T00:00:00.000000Z')")
    connection.close()
    before = database_of(world).read_bytes()
    for command in (("plan", "a goal"), ("ralph",), ("status",)):
        refusal(world.run(*command), 8, "999", "newer", "update Ostinato")
    assert error_of(world.run("--json", "ralph"))["kind"] == "database"
    assert database_of(world).read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    world = World(tmp_path).make_repository(FILES)
    notes = tmp_path / "notes.txt"
    notes.write_text("Not a database, but somebody's only copy.\n" * 100)
    before = notes.read_bytes()
    for command in (("plan", "a goal"), ("ralph",), ("status",)):
        refusal(world.run("--db", str(notes), *command), 8, str(notes), "not a sound SQLite database")
    assert notes.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "repo"]


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    world = World(tmp_path).make_repository(FILES)
    foreign = tmp_path / "music.db"
    connection = apsw.Connection(str(foreign))
    connection.execute("CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('Bolero')")
    connection.close()
    refusal(world.run("--db", str(foreign), "plan", "a goal"), 8, "another program's database")
    connection = apsw.Connection(str(foreign))
    assert list(connection.execute("SELECT name FROM sqlite_master")) == [("songs",)]
    connection.close()


def test_a_database_that_cannot_be_made_is_said_with_its_path(tmp_path: Path) -> None:
    world = World(tmp_path).make_repository(FILES)
    file = tmp_path / "file"
    file.write_text("a file, no directory")
    refusal(world.run("--db", str(file / "x.db"), "plan", "a goal"), 8, str(file / "x.db"), "check the path")
    refusal(world.run("--db", str(tmp_path), "plan", "a goal"), 2, "directory")
    assert file.read_text() == "a file, no directory"


def test_a_place_for_checkouts_that_cannot_be_made_ends_the_run_cleanly(modelled: Modelled) -> None:
    world = modelled(brain(TWO, writer)).make_repository(FILES)
    goal = planned(world)
    file = world.root / "file"
    file.write_text("a file, no directory")
    world.env["XDG_STATE_HOME"] = str(file / "state")
    sessions = world.json("sessions", "list")
    for command in (("ralph", goal), ("plan", "more"), ("land", goal)):
        ran = world.run("--json", *command)
        assert ran.code in (2, 8)
        if command[0] != "land":
            assert error_of(ran)["kind"] == "environment"
            assert str(file) in error_of(ran)["message"]
    assert world.json("sessions", "list") == sessions
    assert [g["id"] for g in world.json("status")["goals"]] == [goal]
    del world.env["XDG_STATE_HOME"]
    assert world.run("--json", "ralph", goal).json["stopped"] == "goal_completed"


HOLD = (
    "import apsw, sys; c = apsw.Connection(sys.argv[1]); c.execute('BEGIN IMMEDIATE'); print('held', flush=True);"
    "sys.stdin.read(); c.execute('ROLLBACK')"
)


def test_a_locked_database_is_said_and_hinders_no_reader(modelled: Modelled) -> None:
    world = modelled(nobody).make_repository(FILES)
    world.json("node", "add", "goal", "A goal")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database_of(world))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        # The command line waits 30 s for a writer: too long for a test.
        impatient = Database(database_of(world), SystemClock(), busy_milliseconds=20)
        with (
            pytest.raises(DatabaseError, match=r"locked by another process.*try again") as refused,
            impatient.transaction(),
        ):
            pytest.fail("the lock was given twice")
        assert refused.value.exit_code == 8
        impatient.close()
        assert world.json("status")["goals"][0]["title"] == "A goal"
    finally:
        holder.communicate("", timeout=20)
    assert world.run("node", "add", "goal", "Another").code == 0


def test_without_bubblewrap_the_choices_are_named(modelled: Modelled) -> None:
    world = modelled(brain(TWO, writer)).make_repository(FILES)
    few = world.root / "bin"
    few.mkdir()
    for name in ("git", "sh", "cat", "grep", "test", "env", "sleep", "rm", "mkdir"):
        found = shutil.which(name)
        assert found
        (few / name).symlink_to(found)
    world.env["PATH"] = str(few)

    for command in (("plan", "two files"), ("ralph",)):
        refusal(world.run(*command), 8, "bubblewrap", "install", "OSTINATO_SANDBOX=none", 'sandbox = "none"')
    assert error_of(world.run("--json", "ralph"))["kind"] == "environment"
    assert_nothing_made(world)

    world.env["OSTINATO_SANDBOX"] = "none"
    ran = world.run("--json", "run", "two files", "--yes", "--land")
    assert (ran.code, ran.json["stopped"]) == (0, "goal_completed"), ran.err
    assert world.commits("main") == ["Make b", "Make a"]


def test_without_git_it_says_what_to_install(tmp_path: Path) -> None:
    world = World(tmp_path).make_repository(FILES)
    empty = tmp_path / "bin"
    empty.mkdir()
    world.env["PATH"] = str(empty)
    refusal(world.run("plan", "a goal"), 8, "git is not installed")
    assert_nothing_made(world)


def test_the_persons_branch_may_move_on_while_ralph_runs(modelled: Modelled) -> None:
    world = World(Path())

    def coder(turn: Turn) -> Answer:
        if turn.title == "Make a" and not turn.number:
            (world.repo / "mine.txt").write_text("mine")
            (world.repo / "README.md").write_text("# Half written\n")
            world.git("add", "mine.txt")
            world.git("commit", "-qm", "my own")
        return writer(turn)

    made = modelled(brain(TWO, coder))
    world.root, world.model_url = made.root, made.model_url
    world.make_repository(FILES)
    goal = planned(world)
    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["stopped"]) == (0, "goal_completed")
    assert world.commits("main") == ["my own"]
    assert world.commits(f"ostinato/{goal}/main") == ["Make b", "Make a"]
    assert world.git("status", "--porcelain") == "M README.md"
    world.git("checkout", "-q", "README.md")
    ran = world.run("land", goal)
    assert ran.code == 2
    assert f"that ostinato/{goal}/main lacks, so it cannot be fast-forwarded" in ran.err
    assert world.commits("main") == ["my own"]


def test_a_commit_of_the_person_on_the_goals_branch_is_kept(modelled: Modelled) -> None:
    world = World(Path())

    def coder(turn: Turn) -> Answer:
        branch = f"ostinato/{turn.task.rpartition('.')[0]}/main"
        if turn.title == "Make a" and not turn.number and not world.commits(branch):
            commit = world.git("commit-tree", f"{branch}^{{tree}}", "-p", branch, "-m", "by hand")
            world.git("update-ref", f"refs/heads/{branch}", commit)
        return writer(turn)

    made = modelled(brain(TWO, coder))
    world.root, world.model_url = made.root, made.model_url
    world.make_repository(FILES)
    goal = planned(world)
    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["stopped"], ran.json["failed"]) == (0, "goal_completed", 0)
    assert world.commits(f"ostinato/{goal}/main") == ["Make b", "Make a", "by hand"]
    assert world.json("node", "show", f"{goal}.1")["details"]["attempts"] == 0


def test_a_deleted_goal_branch_with_proven_work_is_never_made_anew(modelled: Modelled) -> None:
    world = modelled(brain(TWO, writer)).make_repository(FILES)
    goal = planned(world)
    branch = f"ostinato/{goal}/main"
    assert world.run("--json", "ralph", "--max-iterations", "1").code == 4
    world.git("branch", "-D", branch)
    sessions = world.json("sessions", "list")

    said = refusal(world.run("ralph"), 2, branch, "is gone", f"{goal}.1", f"git branch {branch} ")

    assert world.git("branch", "--list", "ostinato/*") == ""
    assert world.json("sessions", "list") == sessions
    assert state_of(world) == ["completed", "ready"]
    remedy = said.partition("`git branch ")[2].partition("`")[0]
    world.git("branch", *remedy.split())
    assert world.run("--json", "ralph").json["stopped"] == "goal_completed"
    assert world.commits(branch) == ["Make b", "Make a"]


def test_a_deleted_goal_branch_is_made_anew_where_nothing_is_lost(modelled: Modelled) -> None:
    world = modelled(brain(TWO, writer)).make_repository(FILES)
    goal = planned(world)
    branch = f"ostinato/{goal}/main"
    assert world.run("--json", "ralph", "--max-iterations", "1").code == 4
    world.git("merge", "-q", branch)
    world.git("branch", "-D", branch)
    assert world.run("--json", "ralph").json["stopped"] == "goal_completed"
    assert world.commits(branch) == ["Make b", "Make a"]


def test_a_second_ralph_on_the_same_goal_is_refused_and_the_first_completes(modelled: Modelled) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def coder(turn: Turn) -> Answer:
        asked.set()
        assert go_on.wait(60)
        return writer(turn)

    world = modelled(brain(TWO, coder)).make_repository(FILES)
    goal = planned(world)
    first = world.start("--json", "ralph", goal)
    assert asked.wait(60)
    session = world.json("sessions", "latest", "--goal", goal)
    try:
        refusal(world.run("ralph", goal), 2, f"process {first.pid}", session["id"])
        refusal(world.run("project", "remove", "repo", "--yes"), 2, f"process {first.pid}", "ralph --stop")
        assert len(world.json("sessions", "list", "--goal", goal)) == 2
    finally:
        go_on.set()
    out, err = first.communicate(timeout=60)
    assert first.returncode == 0, err
    assert Ran(0, out, err).json["completed"] == 2
    assert world.commits(f"ostinato/{goal}/main") == ["Make b", "Make a"]


def test_sigterm_ends_after_the_step_as_an_interrupt_does(modelled: Modelled) -> None:
    started = threading.Event()

    def coder(turn: Turn) -> Answer:
        if turn.number == 1 and not started.is_set():
            started.set()
            return shell("sleep 0.5")
        return done() if turn.number else write("a.txt", "a")

    world = modelled(brain(plan_of(file_task("a")), coder)).make_repository(FILES)
    goal = planned(world)
    process = world.start("--json", "ralph", goal)
    assert started.wait(60)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert Ran(130, out, err).json["stopped"] == "interrupted"
    assert world.json("sessions", "latest", "--goal", goal)["stop_reason"] == "interrupted"
    assert state_of(world) == ["ready"]
    assert world.run("--json", "ralph", goal).json["stopped"] == "goal_completed"


def with_closed(world: World, closed: str, *arguments: str) -> Ran:
    """Run the command line with streams closed as the shell says in `closed`."""
    ran = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "ostinato", *arguments],
        cwd=world.repo,
        env=world.environment(),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def test_nobody_is_asked_where_stdin_is_closed(modelled: Modelled) -> None:
    world = modelled(brain(plan_of(file_task("a")), writer)).make_repository(FILES)
    ran = with_closed(world, "<&-", "plan", "a file")
    assert ran.code == 5, ran.err
    assert "ostinato approve" in ran.out
    goal = world.json("approvals")[0]["node_id"]
    assert world.run("approve", goal).code == 0
    ran = with_closed(world, "<&-", "--json", "ralph")
    assert (ran.code, ran.json["stopped"]) == (0, "goal_completed"), ran.err
    assert world.commits(f"ostinato/{goal}/main") == ["Make a"]


def test_a_run_goes_on_to_its_end_where_nobody_listens(modelled: Modelled) -> None:
    world = modelled(brain(TWO, writer)).make_repository(FILES)
    before = checkout_of(world)
    ran = with_closed(world, "<&- >&- 2>&-", "run", "two files", "--yes")
    assert ran.code == 0
    assert state_of(world) == ["completed", "completed"]
    assert checkout_of(world)[0] == before[0]


@pytest.mark.parametrize(("streams", "code"), [("2>&1 | head -1", 141), (">/dev/full", 8)])
def test_a_plan_that_nobody_can_read_is_accepted_all_the_same(modelled: Modelled, streams: str, code: int) -> None:
    world = modelled(brain(TWO, writer)).make_repository(FILES)
    command = f'"{sys.executable}" -m ostinato plan "two files" --yes {streams}; exit "${{PIPESTATUS[0]}}"'
    ran = subprocess.run(
        ["bash", "-c", command], cwd=world.repo, env=world.environment(), capture_output=True, timeout=60, check=False
    )
    assert ran.returncode == code, ran.stderr
    assert state_of(world) == ["ready", "pending"]
    assert world.json("sessions", "latest")["stop_reason"] == "accepted"


def test_an_error_that_nobody_can_read_keeps_its_exit_code(tmp_path: Path) -> None:
    world = World(tmp_path).make_repository(FILES)
    for options in ((), ("--json",)):
        assert with_closed(world, ">/dev/full 2>/dev/full", *options, "ralph", "os-00000000").code == 2
