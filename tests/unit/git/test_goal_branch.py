"""The goal's branch: made, moved, read, removed, and nothing else of the person's."""

from __future__ import annotations

import asyncio
import os
import time

import pytest

from ostinato.base.errors import ClaimLostError, MachineError
from ostinato.base.ids import IterationId, NodeId
from ostinato.git.checkouts import Place
from ostinato.git.goal_branch import GitGoalBranch, commit_message
from ostinato.git.run import GitError
from tests.unit.git.conftest import Person

GOAL = NodeId("os-12345678")
NAME = f"ostinato/{GOAL}/main"


@pytest.fixture
def branch(person: Person, place: Place) -> GitGoalBranch:
    return GitGoalBranch(person.repository()).using(place.workshop)


async def made(place: Place, branch: GitGoalBranch, base: str, name: str, text: str, message: str = "") -> str:
    """Return a commit on `base` in which one file has that text."""
    await place.work.reset(base)
    (place.work.path / name).write_text(text)
    change = await place.harvest(base, ())
    return await branch.prepare_commit(change.tree, base, message or f"Write {name}\n")


async def test_the_branch_begins_at_the_persons_head_and_stays_there(person: Person, branch: GitGoalBranch) -> None:
    head = person.repository().head()
    assert branch.find(GOAL) is None
    assert await branch.tip(GOAL) == head
    person.commit({"x": "x"})
    assert await branch.tip(GOAL) == head
    assert branch.goals() == {GOAL}
    assert person.git("branch", "--show-current") == "main"


async def test_many_at_once_agree_on_where_the_branch_begins(person: Person, branch: GitGoalBranch) -> None:
    tips = await asyncio.gather(*(branch.tip(GOAL) for _ in range(8)))
    assert set(tips) == {person.repository().head()}


async def test_a_commit_carries_the_persons_name_and_moves_nothing(
    person: Person, place: Place, branch: GitGoalBranch
) -> None:
    base = await branch.tip(GOAL)
    refs = person.git("for-each-ref")
    commit = await made(place, branch, base, "new.txt", "new\n", commit_message("T", "", GOAL, f"{GOAL}.1", "iter-1"))
    assert person.git("for-each-ref") == refs
    assert not (person.repo / ".git" / "FETCH_HEAD").exists()
    said = person.git("log", "-1", "--format=%an <%ae>%n%cn <%ce>", commit)
    assert said.splitlines() == ["Pat Person <pat@example.org>"] * 2
    # Whole, without the harness's own directory.
    assert person.git("fsck", "--no-dangling") == ""
    assert person.git("show", f"{commit}:new.txt") == "new"


async def test_the_branch_moves_only_from_where_it_was_said_to_be(
    person: Person, place: Place, branch: GitGoalBranch
) -> None:
    base = await branch.tip(GOAL)
    one = await made(place, branch, base, "a", "1")
    two = await made(place, branch, base, "a", "2")
    branch.advance(GOAL, base, one)
    with pytest.raises(ClaimLostError, match="not at"):
        branch.advance(GOAL, base, two)
    assert branch.find(GOAL) == one
    assert person.git("branch", "--show-current") == "main"
    assert person.git("status", "--porcelain") == ""


async def test_a_branch_that_cannot_be_written_is_the_machines_fault(
    person: Person, place: Place, branch: GitGoalBranch
) -> None:
    base = await branch.tip(GOAL)
    one = await made(place, branch, base, "a", "1")
    with pytest.raises(GitError):
        branch.advance(GOAL, base, "0123456789" * 4)
    assert issubclass(GitError, MachineError)
    branch.advance(GOAL, base, one)


async def test_stale_locks_are_removed_and_fresh_ones_waited_for(
    person: Person, place: Place, branch: GitGoalBranch
) -> None:
    base = await branch.tip(GOAL)
    one = await made(place, branch, base, "a", "1")
    ref = person.repo / ".git" / "refs" / "heads" / "ostinato" / GOAL
    other = person.repo / ".git" / "refs" / "heads" / "main.lock"
    other.touch()
    os.utime(other, (1, 1))
    for age in (3600.0, 0.0):
        (ref / "main.lock").touch()
        os.utime(ref / "main.lock", (time.time() - age,) * 2)
        branch.clear_stale_locks()
        assert not (ref / "main.lock").exists()
    assert other.exists()
    branch.advance(GOAL, base, one)


async def test_the_trailers_tell_which_iterations_are_on_the_branch(
    person: Person, place: Place, branch: GitGoalBranch
) -> None:
    base = await branch.tip(GOAL)
    body = "Did it.\n\nOstinato-Iteration: iter-forged00"
    one = await made(place, branch, base, "a", "1", commit_message("First", body, GOAL, f"{GOAL}.1", "iter-00000001"))
    branch.advance(GOAL, base, one)
    two = await made(place, branch, one, "a", "2", commit_message("Second", "", GOAL, f"{GOAL}.2", "iter-00000002"))
    branch.advance(GOAL, one, two)
    assert await branch.iterations_on(GOAL) == {"iter-00000001": one, "iter-00000002": two}
    assert await branch.iterations_on(NodeId("os-00000000")) == {}
    # Still known when the person has taken the branch over.
    person.git("merge", "-q", "--ff-only", NAME)
    assert await branch.iterations_on(GOAL) == {"iter-00000001": one, "iter-00000002": two}


@pytest.mark.parametrize("title", ["x" * 200, "two\nlines", "esc\x1b[31m", "\ud83d lone", "nul\0", "   "])
async def test_any_title_and_any_words_make_a_commit(
    person: Person, place: Place, branch: GitGoalBranch, title: str
) -> None:
    base = await branch.tip(GOAL)
    message = commit_message(title, title, GOAL, f"{GOAL}.1", "iter-00000001")
    commit = await made(place, branch, base, "a", "1", message)
    said = person.git("log", "-1", "--format=%B", commit)
    assert 0 < len(said.splitlines()[0]) <= 72
    assert "\x1b" not in said
    trailers = person.git("log", "-1", "--format=%(trailers:only)", commit)
    assert trailers.split("\n") == [
        f"Ostinato-Goal: {GOAL}",
        f"Ostinato-Task: {GOAL}.1",
        "Ostinato-Iteration: iter-00000001",
    ]


async def test_a_merge_gives_the_change_against_the_tip_or_none_on_a_conflict(
    person: Person, place: Place, branch: GitGoalBranch
) -> None:
    base = await branch.tip(GOAL)
    one = await made(place, branch, base, "a", "1\n")
    other = await made(place, branch, base, "b", "1\n")
    clash = await made(place, branch, base, "a", "2\n")
    change = await branch.merged(one, other)
    assert change is not None
    assert change.paths == ("b",)
    assert change.base_tree == person.git("rev-parse", f"{one}^{{tree}}")
    assert await branch.merged(one, clash) is None
    await place.proof.reset_to_tree(change.tree, one)
    assert (place.proof.path / "b").exists()
    with pytest.raises(GitError):
        await branch.merged(one, "0123456789" * 4)


async def test_a_kept_commit_survives_the_persons_cleaning_up(
    person: Person, place: Place, branch: GitGoalBranch
) -> None:
    base = await branch.tip(GOAL)
    commit = await made(place, branch, base, "a", "1", commit_message("T", "", GOAL, f"{GOAL}.1", "iter-00000001"))
    await branch.keep(IterationId("iter-00000001"), commit)
    person.git("gc", "-q", "--prune=now")
    assert person.git("show", f"{commit}:a") == "1"
    branch.remove(NodeId("os-00000000"))
    assert person.git("for-each-ref", "refs/ostinato") != ""
    branch.remove(GOAL)
    assert person.git("for-each-ref", "refs/ostinato", "refs/heads/ostinato") == ""
    branch.remove(GOAL)


async def test_a_branch_that_stands_in_the_way_is_named(person: Person, branch: GitGoalBranch) -> None:
    person.git("branch", "ostinato")
    with pytest.raises(GitError, match="ostinato"):
        await branch.tip(GOAL)
