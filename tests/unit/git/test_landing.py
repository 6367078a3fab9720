"""What lands is made beside the person's checkout, and says what is in the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from ostinato.base.errors import UsageError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.git.checkouts import Place
from ostinato.git.goal_branch import GitGoalBranch, commit_message
from ostinato.git.landing import Landing, require_standing
from ostinato.graph.types import Node, NodeType, Status
from ostinato.loop.landing import ConflictError, How, MovedOnError
from tests.unit.git.conftest import Person

GOAL = NodeId("os-12345678")
NAME = f"ostinato/{GOAL}/main"


@dataclass(slots=True)
class Goal:
    """A goal's branch with a commit per task, as the loop makes them."""

    person: Person
    place: Place
    branch: GitGoalBranch
    base: str
    tasks: int = 0

    async def commit(self, files: dict[str, str], title: str) -> str:
        self.tasks += 1
        tip = await self.branch.tip(GOAL)
        await self.place.work.reset(tip)
        for name, text in files.items():
            (self.place.work.path / name).write_text(text)
        change = await self.place.harvest(tip, ())
        message = commit_message(title, "", GOAL, f"{GOAL}.{self.tasks}", f"iter-0000000{self.tasks}")
        made = await self.branch.prepare_commit(change.tree, tip, message)
        self.branch.advance(GOAL, tip, made)
        return made

    def landing(self, title: str = "The goal") -> Landing:
        standing = require_standing(self.person.repository(), NAME, removes=True)
        tip = self.branch.find(GOAL)
        assert tip
        now = datetime(2026, 1, 1, tzinfo=UTC)
        node = Node(GOAL, ProjectId("proj-1"), NodeType.GOAL, title, status=Status.COMPLETED, created_at=now)
        return Landing(self.branch.committer(), node, NAME, tip, standing)


@pytest.fixture
async def goal(person: Person, place: Place) -> Goal:
    """A goal with two tasks done, begun at the person's first commit."""
    branch = GitGoalBranch(person.repository()).using(place.workshop)
    made = Goal(person, place, branch, person.repository().head())
    await made.commit({"a.txt": "a\n"}, "Write a")
    await made.commit({"b.txt": "b\n"}, "Write b")
    return made


async def test_moving_forward_takes_the_goals_own_commits(person: Person, goal: Goal) -> None:
    tip = goal.branch.find(GOAL)
    for how in (How.FF, How.REBASE):
        prepared = goal.landing().prepare(how)
        assert (prepared.commit, prepared.how, prepared.commits) == (tip, How.FF, 2)


async def test_a_branch_that_moved_on_is_refused_with_the_ways_to_land(person: Person, goal: Goal) -> None:
    person.commit({"mine.txt": "mine\n"})
    with pytest.raises(MovedOnError, match=r"main has 1 commit that .* lacks.*--rebase.*--merge.*--squash"):
        goal.landing().prepare(How.FF)


async def test_a_rebase_keeps_author_date_words_and_trailers(person: Person, goal: Goal) -> None:
    mine = person.commit({"mine.txt": "mine\n"}, "my own")
    person.git("config", "--global", "user.name", "Somebody Else")
    before = person.git("log", "--format=%an|%ad|%B", f"{goal.base}..{NAME}")
    again = GitGoalBranch(person.repository()).using(goal.place.workshop)
    prepared = replace(goal, branch=again).landing().prepare(How.REBASE)
    assert prepared.commits == 2
    assert person.git("log", "--format=%an|%ad|%B", f"{mine}..{prepared.commit}") == before
    assert person.git("log", "-1", "--format=%cn", prepared.commit) == "Somebody Else"
    assert person.git("rev-parse", f"{prepared.commit}~2") == mine
    assert person.git("ls-tree", "--name-only", prepared.commit).split() == [
        ".gitignore",
        "README.md",
        "a.txt",
        "b.txt",
        "mine.txt",
        "src",
    ]
    assert person.git("fsck", "--no-dangling") == ""


async def test_a_merge_has_both_as_parents_also_where_moving_forward_would_do(person: Person, goal: Goal) -> None:
    tip = goal.branch.find(GOAL)
    for head in (goal.base, person.commit({"mine.txt": "mine\n"})):
        person.git("checkout", "-q", "-B", "main", head)
        prepared = goal.landing().prepare(How.MERGE)
        assert person.git("log", "-1", "--format=%P", prepared.commit) == f"{head} {tip}"
        assert prepared.commits == 3
        said = person.git("log", "-1", "--format=%B", prepared.commit)
        assert said.split("\n")[0] == "Merge The goal"
        assert f"- Write a ({GOAL}.1)\n- Write b ({GOAL}.2)" in said
        assert person.git("log", "-1", "--format=%(trailers:only)", prepared.commit) == f"Ostinato-Goal: {GOAL}"


async def test_a_squash_is_one_commit_with_the_trailers_of_every_task(person: Person, goal: Goal) -> None:
    mine = person.commit({"mine.txt": "mine\n"})
    prepared = goal.landing("A title\nof two lines \x1b[31m").prepare(How.SQUASH)
    assert prepared.commits == 1
    assert person.git("log", "-1", "--format=%P|%an <%ae>", prepared.commit) == f"{mine}|Pat Person <pat@example.org>"
    assert person.git("log", "-1", "--format=%s", prepared.commit) == "A title of two lines \\x1b[31m"
    assert person.git("log", "-1", "--format=%(trailers:only)", prepared.commit).split("\n") == [
        f"Ostinato-Goal: {GOAL}",
        f"Ostinato-Task: {GOAL}.1",
        "Ostinato-Iteration: iter-00000001",
        f"Ostinato-Task: {GOAL}.2",
        "Ostinato-Iteration: iter-00000002",
    ]
    assert person.git("show", f"{prepared.commit}:a.txt") == "a"


@pytest.mark.parametrize("how", list(How))
async def test_what_is_there_already_lands_as_nothing(person: Person, goal: Goal, how: How) -> None:
    for landed in (How.REBASE, How.SQUASH, How.MERGE):
        person.git("checkout", "-q", "-B", "main", goal.base)
        person.commit({"mine.txt": "mine\n"})
        there = goal.landing().prepare(landed).commit
        person.git("reset", "-q", "--hard", there)
        prepared = goal.landing().prepare(how)
        assert (prepared.commit, prepared.commits) == (there, 0)


async def test_a_rebase_leaves_out_what_the_person_has_already(person: Person, goal: Goal) -> None:
    person.commit({"mine.txt": "mine\n"})
    person.git("cherry-pick", f"{NAME}~1")
    prepared = goal.landing().prepare(How.REBASE)
    assert prepared.commits == 1
    assert person.git("log", "-1", "--format=%s", prepared.commit) == "Write b"


@pytest.mark.parametrize("how", [How.REBASE, How.MERGE, How.SQUASH])
async def test_a_conflict_names_paths_task_and_the_persons_commits(person: Person, goal: Goal, how: How) -> None:
    person.commit({"b.txt": "mine\n"}, "my b")
    head = person.repository().head()
    refs = person.git("for-each-ref")
    with pytest.raises(ConflictError) as caught:
        goal.landing().prepare(how)
    said = caught.value.message
    assert "b.txt conflicts" in said
    assert "a.txt" not in said
    assert f"changed by {GOAL}.2 (Write b)" in said
    assert f"on main by {head[:10]} (my b)" in said
    assert "nothing was changed" in said
    assert "\n" not in said
    assert person.git("for-each-ref") == refs
    assert person.repository().dirty() == ()
    # What the message says to do, done.
    person.git("switch", "-q", NAME)
    person.git("merge", "-q", "main", check=False)
    (person.repo / "b.txt").write_text("both\n")
    person.git("commit", "-qam", "both")
    person.git("switch", "-q", "main")
    assert goal.landing().prepare(How.FF).commit == person.git("rev-parse", NAME)


async def test_a_goal_with_a_merge_cannot_be_replayed_but_squashed(person: Person, goal: Goal) -> None:
    person.commit({"mine.txt": "mine\n"})
    person.git("switch", "-q", NAME)
    person.git("merge", "-q", "--no-edit", "main")
    person.git("switch", "-q", "main")
    person.commit({"more.txt": "more\n"})
    with pytest.raises(UsageError, match=r"holds a merge .*--merge or --squash"):
        goal.landing().prepare(How.REBASE)
    assert goal.landing().prepare(How.SQUASH).commits == 1


async def test_landing_is_refused_when_it_would_lose_something(person: Person, goal: Goal) -> None:
    def stand(*, removes: bool = True) -> str:
        return require_standing(person.repository(), NAME, removes=removes).branch

    (person.repo / "README.md").write_text("mine")
    with pytest.raises(UsageError, match=r"uncommitted changes: commit or stash them first \(README\.md\)"):
        stand()
    person.git("checkout", "-q", "README.md")
    person.git("checkout", "-q", "--detach")
    with pytest.raises(UsageError, match="HEAD is detached"):
        stand()
    person.git("checkout", "-q", NAME)
    with pytest.raises(UsageError, match="itself is checked out"):
        stand()
    person.git("checkout", "-q", "main")
    other = person.root / "other"
    person.git("worktree", "add", "-q", str(other), NAME)
    with pytest.raises(UsageError, match=rf"is checked out in {other}: .*--keep"):
        stand()
    assert stand(removes=False) == "main"
    person.git("checkout", "-q", "--ignore-other-worktrees", "main", cwd=other)
    with pytest.raises(UsageError, match=rf"main is checked out in {person.repo} and {other}"):
        stand()
    person.git("worktree", "remove", str(other))
    person.git("merge", "-q", "--no-commit", "--no-ff", NAME)
    with pytest.raises(UsageError, match="a merge is under way"):
        stand()
