"""The branch `ostinato/<goal>/main`: commits are made beside the person's repository, and it moves by compare-and-swap.

Implements `loop.ports.GoalBranch`. The person's checkout, branches, hooks and configuration are never touched.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ostinato.base.errors import ClaimLostError, UsageError
from ostinato.base.ids import IterationId, NodeId
from ostinato.base.text import clip, one_line, printable
from ostinato.git.commits import DURABLE, Committer
from ostinato.git.locks import LOCK_AGE, removed_when_old
from ostinato.git.repository import Objects, Repository, readable, worktrees_on
from ostinato.git.run import Git, GitError
from ostinato.verify.types import Change

_SUBJECT = 72
_REVIEWS = "refs/ostinato/review/"
# An empty old value: the ref must not exist, whatever the length of object names here.
_NOTHING = ""


def branch_name(goal: str) -> str:
    """Return the name of a goal's branch."""
    return f"ostinato/{goal}/main"


def require_not_checked_out(git: Git, goal: str) -> None:
    """Raise UsageError when a goal's branch is checked out somewhere."""
    if worktrees_on(git, branch_name(goal)):
        raise UsageError(f"{branch_name(goal)} is checked out: go to another branch first")


def reviews_of(git: Git, goal: str) -> list[str]:
    """Return the refs that hold changes of a goal for a review."""
    form = "--format=%(refname) %(contents:trailers:key=Ostinato-Goal,valueonly,separator=%x20)"
    lines = git.run("for-each-ref", form, _REVIEWS).split("\n")
    return [name for name, _, said in (line.partition(" ") for line in lines) if said.strip() == goal]


def commit_message(title: str, body: str, goal: str, task: str, iteration: str) -> str:
    """Return a commit message: the task's title, the agent's own words, and the trailers that recovery reads."""
    subject = clip(printable(one_line(title).strip()) or task, _SUBJECT)
    # A line of the agent's that looks like one of our trailers must not become one.
    said = "\n".join(
        f"  {line}" if line.lstrip().lower().startswith("ostinato-") else line
        for line in printable(body.strip(), keep_newlines=True).split("\n")
    )
    trailers = f"Ostinato-Goal: {goal}\nOstinato-Task: {task}\nOstinato-Iteration: {iteration}"
    return "\n\n".join(part for part in (subject, said, trailers) if part) + "\n"


class GitGoalBranch:
    """The goals' branches of one repository. `workshop` is the harness's bare git directory that sees its objects."""

    def __init__(self, repository: Repository, workshop: Path | None = None) -> None:
        self._repository = repository
        self._git = Git(repository.top)
        self._workshop_dir = workshop
        self._committer: Committer | None = None

    def using(self, workshop: Path) -> GitGoalBranch:
        """Return the same branches with a workshop, which making commits needs."""
        return GitGoalBranch(self._repository, workshop)

    @staticmethod
    def name(goal: NodeId) -> str:
        """Return the name of a goal's branch."""
        return branch_name(goal)

    def goals(self) -> set[str]:
        """Return the ids of the goals that have a branch."""
        names = self._git.run("for-each-ref", "--format=%(refname)", "refs/heads/ostinato/").splitlines()
        return {name.split("/")[3] for name in names if name.endswith("/main")}

    async def tip(self, goal: NodeId) -> str:
        """Return the commit of the branch, created at the person's HEAD when it does not exist yet."""
        return await asyncio.to_thread(self.tip_now, goal)

    def tip_now(self, goal: NodeId) -> str:
        """The same, synchronously."""
        found = self.find(goal)
        if found:
            return found
        head = self._repository.head()
        try:
            self._git.run("update-ref", "--create-reflog", self._ref(goal), head, _NOTHING, config=DURABLE)
        except GitError:
            # Another process was faster, or a branch named `ostinato` stands in the way.
            made = self.find(goal)
            if made is None:
                raise
            return made
        return head

    def find(self, goal: NodeId) -> str | None:
        """Return the commit of the branch or None."""
        code, commit = self._git.code("rev-parse", "--verify", "--quiet", f"{self._ref(goal)}^{{commit}}")
        return commit if code == 0 else None

    async def prepare_commit(self, tree: str, parent: str, message: str) -> str:
        """Make a commit with the person's identity and bring it into their object store; no ref of theirs moves."""
        return await asyncio.to_thread(self._prepare, tree, parent, message)

    def _prepare(self, tree: str, parent: str, message: str) -> str:
        commits = self.committer()
        commit = commits.commit(tree, (parent,), message)
        commits.bring(commit, parent)
        return commit

    async def keep(self, iteration: IterationId, commit: str) -> None:
        """Hold a commit under a ref of ours that no branch shows."""
        ref = f"{_REVIEWS}{iteration}"
        await asyncio.to_thread(self._git.run, "update-ref", ref, commit, config=DURABLE)

    def advance(self, goal: NodeId, old: str, new: str) -> None:
        """Move the branch from `old` to `new`. Raises ClaimLostError when it stands elsewhere."""
        try:
            self._git.run("update-ref", "-m", "ostinato", self._ref(goal), new, old, config=DURABLE)
        except GitError as error:
            if self.find(goal) == old:
                raise
            raise ClaimLostError(f"{branch_name(goal)} is not at {old[:10]} any more: {error.message}") from error

    async def merged(self, tip: str, commit: str) -> Change | None:
        """Merge `commit` onto `tip` in the object store alone: the change against `tip`, None on a conflict."""
        return await asyncio.to_thread(self._merged, tip, commit)

    def _merged(self, tip: str, commit: str) -> Change | None:
        tree, conflicts = self.committer().merged_tree(tip, commit)
        if conflicts:
            return None
        base = self._repository.tree(tip)
        objects = Objects(self.committer().git)
        paths = tuple(sorted(readable(change.path) for change in objects.changed(base, tree)))
        return Change(base, tree, objects.diff(base, tree), paths)

    def committer(self) -> Committer:
        """Return what makes commits here; the person's configuration is read at the first call."""
        if self._committer is None:
            assert self._workshop_dir is not None, "this needs a workshop"
            self._committer = Committer(self._repository, self._workshop_dir)
        return self._committer

    async def iterations_on(self, goal: NodeId) -> dict[str, str]:
        """Return iteration id → commit for the branch's commits that no other branch of the person's has."""
        return await asyncio.to_thread(self._iterations_on, goal)

    def _iterations_on(self, goal: NodeId) -> dict[str, str]:
        tip = self.find(goal)
        if tip is None:
            return {}
        form = "--format=%H %(trailers:key=Ostinato-Iteration,valueonly,separator=%x20)"
        lines = self._git.run("log", form, tip, "--not", "--exclude=ostinato/*", "--branches").split("\n")
        # A commit that a person has taken over already is looked for too: the newest ones are enough.
        lines += self._git.run("log", form, "-n", "50", tip).split("\n")
        pairs = (line.split() for line in lines)
        return {parts[1]: parts[0] for parts in pairs if len(parts) > 1}

    def tasks_in(self, revision: str, goal: NodeId) -> set[str]:
        """Return the tasks of a goal whose trailers stand in the history of `revision`, squashed ones too."""
        form = "--format=%(trailers:key=Ostinato-Task,valueonly,separator=%x20)"
        wanted = ("--fixed-strings", f"--grep=Ostinato-Goal: {goal}")
        return set(self._git.run("log", form, *wanted, revision).split())

    def clear_stale_locks(self) -> None:
        """Remove lock files of our refs that are older than any update takes: their git is dead.

        Waits, at most as long, for younger ones to go or to grow old.
        """
        refs = self._repository.common_dir / "refs"
        until = time.monotonic() + LOCK_AGE + 1
        while True:
            locks = [lock for place in ("heads/ostinato", "ostinato") for lock in (refs / place).rglob("*.lock")]
            left = [lock for lock in locks if not removed_when_old(lock)]
            if not left or time.monotonic() > until:
                return
            time.sleep(0.05)

    def remove(self, goal: NodeId) -> None:
        """Delete the branch of a goal and what was kept for its reviews; absent ones are fine.

        Raises UsageError when the branch is checked out somewhere.
        """
        require_not_checked_out(self._git, goal)
        if self.find(goal):
            self._git.run("update-ref", "-d", self._ref(goal))
        for name in reviews_of(self._git, goal):
            self._git.run("update-ref", "-d", name)

    def _ref(self, goal: NodeId) -> str:
        return f"refs/heads/{branch_name(goal)}"


if TYPE_CHECKING:
    from ostinato.loop.ports import GoalBranch

    def _fits(branch: GitGoalBranch) -> GoalBranch:
        return branch
