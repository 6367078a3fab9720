"""A disk that fills up under a run, in front and behind: the run says so, and the next one with space completes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ostinato.testing.chat_server import Answer
from tests.scenario.conftest import Modelled
from tests.scenario.test_bad_input import FILES, writer
from tests.scenario.test_bad_machine import TWO
from tests.scenario.world import Body, brain

DISK = 6_000_000
# $1 the repository, $2 where results go, then how many kB are left in each run. The last run has the whole disk.
FULL_DISK = """
out=$2
cp -r "$1" repo && cd repo || exit 90
shift 2
"$PYTHON" -m ostinato --json plan "two files" --yes >"$out/plan" 2>"$out/plan.err" || exit 91
for room in "$@"; do
    head -c "${room}k" /dev/zero >../room
    cat /dev/zero >../ballast 2>/dev/null; rm ../room
    "$PYTHON" -m ostinato --json ralph >"$out/$room" 2>"$out/$room.err"; echo $? >"$out/$room.code"
    rm ../ballast
done
"$PYTHON" -m ostinato --json ralph >"$out/end" 2>"$out/end.err" || exit 92
"$PYTHON" -m ostinato --json sessions list >"$out/sessions"
"$PYTHON" -m ostinato --json tasks list >"$out/tasks"
git log --format=%s --branches='ostinato/*' >"$out/log"
git status --porcelain >"$out/status"
git fsck --no-dangling >"$out/fsck" 2>&1
"""
# Each room in kB ends its run at another moment: at the start, while it works, while it commits.
ROOMS = {"all on it": ("0", "100", "260", "420"), "database elsewhere": ("0", "12", "24")}


@pytest.mark.parametrize("where", ROOMS)
def test_a_full_disk_ends_the_run_and_the_next_one_with_space_completes(
    modelled: Modelled, tmp_path: Path, where: str
) -> None:
    """The repository and the checkouts, with or without the database, are on a small disk that fills up."""
    model, asked = brain(TWO, writer), []

    def counting(body: Body) -> Answer:
        asked.append(1)
        return model(body)

    world = modelled(counting)
    template, said = tmp_path / "template", tmp_path / "said"
    world.root = tmp_path / "disk"
    world.make_repository(FILES).repo.rename(template)
    said.mkdir()
    if where == "database elsewhere":
        world.env["XDG_DATA_HOME"] = str(tmp_path / "data")

    ran = subprocess.run(
        [*on_small_disk(world.root), "sh", "-c", FULL_DISK, "sh", str(template), str(said), *ROOMS[where]],
        env={**world.environment(), "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    results = {path.name: path.read_text() for path in said.iterdir()}
    assert ran.returncode == 0, (ran.stderr, results)
    for room in ROOMS[where]:
        assert results[f"{room}.code"] == "8\n", results[room]
        # Either the session could still be ended with its reason, or the error says it.
        told = json.loads(results[room] or results[f"{room}.err"])
        assert told.get("stopped", told.get("error", {}).get("kind")) in ("environment", "database")
    assert results["log"].split("\n") == ["Make b", "Make a", "first", ""]
    assert [task["status"] for task in json.loads(results["tasks"])] == ["completed", "completed"]
    assert [task["details"]["attempts"] for task in json.loads(results["tasks"])] == [0, 0]
    sessions = json.loads(results["sessions"])
    assert all(session["ended_at"] for session in sessions)
    if where == "database elsewhere":
        # What was paid for is known, whatever became of the work.
        assert sum(session["usage"]["calls"] for session in sessions) == len(asked)
        told = [json.loads(results[name]) for name in (*ROOMS[where], "end")]
        kept = {session["id"]: session["usage"] for session in sessions}
        assert [document["usage"] for document in told] == [kept[document["session_id"]] for document in told]
    assert (results["status"], results["fsck"]) == ("", "")


def on_small_disk(folder: Path) -> list[str]:
    """Return what runs a command with a disk of its own at `folder`; needs no privileges."""
    return [
        *("bwrap", "--dev-bind", "/", "/", "--size", str(DISK), "--tmpfs", str(folder)),
        *("--chdir", str(folder), "--"),
    ]


FULL_BEHIND = """
out=$2
cp -r "$1" repo && cd repo || exit 90
shift 2
"$PYTHON" -m ostinato --json plan "two files" --yes >"$out/plan" 2>&1 || exit 91
for room in "$@"; do
    head -c "${room}k" /dev/zero >../room
    cat /dev/zero >../ballast 2>/dev/null; rm ../room
    "$PYTHON" -m ostinato --json ralph --detach >"$out/$room" 2>"$out/$room.err"; echo $? >"$out/$room.code"
    "$PYTHON" -m ostinato ralph --attach >/dev/null 2>&1
    rm ../ballast
done
"$PYTHON" -m ostinato --json ralph >"$out/end" 2>"$out/end.err"
"""


def test_a_full_disk_ends_a_run_behind_with_its_reason_and_the_next_one_completes(
    modelled: Modelled, tmp_path: Path
) -> None:
    world = modelled(brain(TWO, writer))
    template, said, rooms = tmp_path / "template", tmp_path / "said", ("0", "100", "120")
    world.root = tmp_path / "disk"
    world.make_repository(FILES).repo.rename(template)
    said.mkdir()
    ran = subprocess.run(
        [*on_small_disk(world.root), "sh", "-c", FULL_BEHIND, "sh", str(template), str(said), *rooms],
        env={**world.environment(), "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    results = {path.name: path.read_text() for path in said.iterdir()}
    assert ran.returncode == 0, (ran.stderr, results)
    for room in rooms:
        # It may have begun before the disk was full; else it is said as it would be in front.
        assert results[f"{room}.code"] in ("0\n", "8\n"), results
        assert "a bug" not in results[f"{room}.err"]
        assert "says more" not in results[f"{room}.err"]
    assert json.loads(results["end"])["stopped"] == "goal_completed"
