"""The person's branch and checkout move together: whole, or not at all, or finished at the next start."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ostinato.base.errors import UsageError
from ostinato.git.moving import Move, finish_cut_move, move_person
from tests.unit.git.conftest import Person
from tests.unit.sandbox.processes import appears, gone

REF = "refs/heads/main"


@pytest.fixture
def move(person: Person) -> Move:
    """A move that adds, changes, removes and links files, the checkout standing at its beginning."""
    before = person.commit({"old/gone.txt": "gone\n", "keep.txt": "keep\n", "big.txt": "1\n" * 1000})
    (person.repo / "link").symlink_to("keep.txt")
    (person.repo / "old" / "gone.txt").unlink()
    after = person.commit({"new/deep/a.txt": "a\n", "src/app.py": "print('ho')\n", "big.txt": "2\n" * 1000})
    person.git("reset", "-q", "--hard", before)
    return Move(REF, before, after)


def note(person: Person) -> Path:
    return person.repo / ".git" / "ostinato-landing"


def assert_arrived(person: Person, move: Move) -> None:
    assert person.git("rev-parse", "main") == move.after
    assert person.git("status", "--porcelain") == ""
    assert (person.repo / "new/deep/a.txt").read_text() == "a\n"
    assert (person.repo / "link").is_symlink()
    assert not (person.repo / "old").exists()
    assert not note(person).exists()
    assert not (person.repo / ".git" / "index.lock").exists()


def test_a_move_brings_branch_and_checkout_and_says_so_in_the_reflog(person: Person, move: Move) -> None:
    (person.repo / "keep.txt").touch()
    move_person(person.repository(), move, "ostinato: land os-1 (ff)")
    assert_arrived(person, move)
    assert "ostinato: land os-1 (ff)" in person.git("reflog", "-1", "HEAD")
    assert not finish_cut_move(person.repository())


def test_a_branch_that_moved_meanwhile_stays_where_it_is(person: Person, move: Move) -> None:
    mine = person.commit({"mine.txt": "mine\n"})
    with pytest.raises(UsageError, match=r"moved on meanwhile|cannot follow"):
        move_person(person.repository(), move, "land")
    assert person.git("rev-parse", "main") == mine
    assert person.git("status", "--porcelain") == ""
    assert not note(person).exists()


@pytest.mark.parametrize("path", ["new/deep/a.txt", "new"])
def test_an_ignored_file_is_not_overwritten(person: Person, move: Move, path: str) -> None:
    (person.repo / ".git" / "info" / "exclude").write_text("new\n")
    (person.repo / path).parent.mkdir(parents=True, exist_ok=True)
    (person.repo / path).write_text("precious")
    with pytest.raises(UsageError, match=rf"{path} would be overwritten, .* nothing was changed"):
        move_person(person.repository(), move, "land")
    assert (person.repo / path).read_text() == "precious"
    assert person.git("rev-parse", "main") == move.before
    assert not note(person).exists()


def test_a_file_may_become_a_directory_and_the_other_way_round(person: Person) -> None:
    before = person.commit({"x": "file\n", "y/z": "in\n"})
    (person.repo / "x").unlink()
    (person.repo / "y" / "z").unlink()
    (person.repo / "y").rmdir()
    after = person.commit({"x/in": "in\n", "y": "file\n"})
    person.git("reset", "-q", "--hard", before)
    move_person(person.repository(), Move(REF, before, after), "land")
    assert person.git("status", "--porcelain") == ""
    assert (person.repo / "x" / "in").is_file()


def cut(person: Person, move: Move, *, moved: bool) -> None:
    """Leave what a process leaves that dies after it wrote its note."""
    note(person).write_text(json.dumps([move.ref, move.before, move.after]))
    if moved:
        person.git("update-ref", move.ref, move.after, move.before)


def test_a_move_that_died_before_the_branch_moved_never_was(person: Person, move: Move) -> None:
    for text in ("", '["refs/he', None):
        cut(person, move, moved=False)
        if text is not None:
            note(person).write_text(text)
        assert not finish_cut_move(person.repository())
        assert not note(person).exists()
        assert person.git("rev-parse", "main") == move.before
        assert person.git("status", "--porcelain") == ""


def test_a_move_that_died_over_the_checkout_is_finished(person: Person, move: Move) -> None:
    """Whatever was written: nothing, files whole and torn, files removed, the index locked by the dead git."""
    torn = [
        lambda: None,
        lambda: (person.repo / "big.txt").write_text("2\n" * 100),
        (person.repo / "big.txt").unlink,
        lambda: ((person.repo / "new/deep").mkdir(parents=True), (person.repo / "new/deep/a.txt").write_text("")),
        lambda: ((person.repo / "old/gone.txt").unlink(), (person.repo / "link").symlink_to("keep.txt")),
        lambda: person.git("read-tree", "-m", "-u", move.before, move.after),
    ]
    for tear in torn:
        person.git("reset", "-q", "--hard", move.before)
        cut(person, move, moved=True)
        tear()
        lock = person.repo / ".git" / "index.lock"
        lock.touch()
        os.utime(lock, (1, 1))
        assert finish_cut_move(person.repository())
        assert_arrived(person, move)


def test_what_the_person_wrote_after_the_cut_stays(person: Person, move: Move) -> None:
    cut(person, move, moved=True)
    (person.repo / "big.txt").write_text("my own words\n")
    (person.repo / "keep.txt").write_text("mine too\n")
    assert finish_cut_move(person.repository())
    assert (person.repo / "big.txt").read_text() == "my own words\n"
    assert person.git("status", "--porcelain").split("\n") == ["M big.txt", " M keep.txt"]
    assert (person.repo / "src/app.py").read_text() == "print('ho')\n"


def test_a_person_who_went_on_after_the_cut_is_left_alone(person: Person, move: Move) -> None:
    cut(person, move, moved=True)
    person.git("reset", "-q", "--hard", move.after)
    mine = person.commit({"mine.txt": "mine\n"})
    assert not finish_cut_move(person.repository())
    assert person.git("rev-parse", "main") == mine
    assert person.git("status", "--porcelain") == ""
    assert not note(person).exists()


def test_a_landing_that_still_runs_is_left_alone(person: Person, move: Move) -> None:
    cut(person, move, moved=True)
    with note(person).open() as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        assert not finish_cut_move(person.repository())
        with pytest.raises(UsageError, match="another landing is under way"):
            move_person(person.repository(), move, "land")
    assert finish_cut_move(person.repository())
    assert_arrived(person, move)


_CHILD = """
import sys
from pathlib import Path
from ostinato.git.moving import Move, move_person
from ostinato.git.repository import Repository
repository = Repository.find(Path(sys.argv[1]))
print("begins", flush=True)
move_person(repository, Move(*sys.argv[2:5]), "land")
"""


def test_a_branch_that_is_still_being_moved_is_waited_for(person: Person) -> None:
    """The process is killed while its git waits for a lock of the branch; that git moves the branch afterwards."""
    person.git("config", "core.filesRefLockTimeout", "60000")
    before = person.repository().head()
    after = person.commit({"a.txt": "a\n"})
    person.git("reset", "-q", "--hard", before)
    lock = person.repo / ".git" / "refs" / "heads" / "main.lock"
    lock.touch()
    child = subprocess.Popen([sys.executable, "-c", _CHILD, str(person.repo), REF, before, after])
    assert appears("update-ref", after)
    child.kill()
    child.wait()
    assert not finish_cut_move(person.repository())
    lock.unlink()
    assert gone("update-ref", after)
    assert finish_cut_move(person.repository())
    assert person.git("rev-parse", "main") == after
    assert person.git("status", "--porcelain") == ""
    assert not note(person).exists()


def test_a_move_killed_at_any_moment_is_whole_or_never_was(person: Person) -> None:
    """The process alone is killed: its git may live on for a moment, and is waited for.

    OSTINATO_MOVE_KILLS=100 runs a larger sample.
    """
    dice = random.Random(20260104)
    before = person.repository().head()
    after = person.commit({f"many/{number}": f"{number}\n" * 20 for number in range(400)})
    cut = 0
    for _ in range(int(os.environ.get("OSTINATO_MOVE_KILLS", "8"))):
        person.git("reset", "-q", "--hard", before)
        move = (str(person.repo), REF, before, after)
        with subprocess.Popen([sys.executable, "-c", _CHILD, *move], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(dice.uniform(0, 0.06))
            child.kill()
        until = time.monotonic() + 20
        while note(person).exists() and time.monotonic() < until:
            cut += finish_cut_move(person.repository())
        stands = person.git("rev-parse", "main")
        assert stands in {before, after}
        assert person.git("status", "--porcelain") == ""
        assert (person.repo / "many").exists() == (stands == after)
        assert not note(person).exists()
        assert not (person.repo / ".git" / "index.lock").exists()
    print(f"{cut} of the moves were finished after the cut")
