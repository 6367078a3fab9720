"""Makes what a landing brings to the person's branch, in the workshop alone. It moves nothing and proves nothing.

Merges happen between trees in the object store: no checkout is touched, no hook and no driver of the repository runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ostinato.base.errors import UsageError
from ostinato.base.text import clip, one_line, printable
from ostinato.git.commits import Author, Committer
from ostinato.git.repository import Repository, readable, worktrees_on
from ostinato.graph.types import Node
from ostinato.loop.landing import ConflictError, GoalCommit, How, MovedOnError, landing_message

_SHOWN = 3
_FIELDS = ("%H", "%P", "%an", "%ae", "%ad", "%s", "%(trailers:key=Ostinato-Task,valueonly,separator=%x20)")
_FORMAT = "%x00".join((*_FIELDS, "%(trailers:key=Ostinato-Iteration,valueonly,separator=%x20)", "%B"))
_UNDER_WAY = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the person stands: their branch and its commit."""

    branch: str
    head: str

    @property
    def ref(self) -> str:
        """The branch's full name."""
        return f"refs/heads/{self.branch}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The commit that the person's branch shall move to, and how many commits it gains; none when all is there."""

    commit: str
    how: How
    commits: int


@dataclass(frozen=True, slots=True)
class _Written:
    """A commit as it can be made again."""

    known: GoalCommit
    parents: tuple[str, ...]
    author: Author
    message: str


def require_standing(repository: Repository, goal_branch: str, *, removes: bool) -> Standing:
    """Return where the person stands. Raises UsageError with what to do when nothing can land there.

    `removes` tells whether the goal's branch will be removed, which must then be checked out nowhere.
    """
    git_dir = Path(repository.git.run("rev-parse", "--absolute-git-dir"))
    for name, what in _UNDER_WAY.items():
        if (git_dir / name).exists():
            raise UsageError(f"{what} is under way in the checkout: finish it, or abort it, then land")
    mine = repository.branch()
    if mine is None:
        raise UsageError("HEAD is detached: check out the branch that the goal shall land on")
    if mine == goal_branch:
        raise UsageError(f"{goal_branch} itself is checked out: check out the branch that the goal shall land on")
    elsewhere = worktrees_on(repository.git, mine)
    if len(elsewhere) > 1:
        raise UsageError(f"{mine} is checked out in {' and '.join(elsewhere)}: go to another branch in all but one")
    held = worktrees_on(repository.git, goal_branch) if removes else ()
    if held:
        raise UsageError(f"{goal_branch} is checked out in {held[0]}: go to another branch there, or land with --keep")
    dirty = repository.dirty()
    if dirty:
        more = " …" if len(dirty) == 20 else ""
        raise UsageError(f"the checkout has uncommitted changes: commit or stash them first ({', '.join(dirty)}{more})")
    return Standing(mine, repository.head())


class Landing:
    """One goal's branch `name` with its `tip`, to be brought to where the person stands."""

    def __init__(self, commits: Committer, goal: Node, name: str, tip: str, standing: Standing) -> None:
        self._commits = commits
        self._git = commits.git
        name_and_mail = dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "Ostinato")
        name_and_mail |= dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "agent@ostinato.invalid")
        self._nameless = commits.git.with_variables(**name_and_mail)
        self._goal = goal
        self._name = name
        self._tip = tip
        self._at = standing

    def prepare(self, how: How) -> Prepared:
        """Make the result and bring it into the person's object store.

        Raises MovedOnError and ConflictError, which say what to do, and SigningError.
        """
        head, tip = self._at.head, self._tip
        forward = self._is_ancestor(head, tip)
        if tip == head or (forward and how in {How.FF, How.REBASE}):
            return self._prepared(tip, How.FF)
        tree, conflicts = self._commits.merged_tree(head, tip)
        if not conflicts and tree == self._tree(head):
            return Prepared(head, how, 0)
        if how is How.FF:
            raise MovedOnError(self._moved_on())
        if how is How.REBASE:
            return self._brought(self._replayed(), how)
        if conflicts:
            raise ConflictError(self._conflict(conflicts, self._touching(f"{head}..{tip}", conflicts)))
        goals = [written.known for written in self._written()]
        message = landing_message(self._goal.title, self._goal.id, goals, how)
        parents = (head, tip) if how is How.MERGE else (head,)
        return self._brought(self._commits.commit(tree, parents, message), how)

    def advice_when_red(self, prepared: Prepared) -> str:
        """Return where it is red when the result is not proven, and what to do so that ralph sees it."""
        if prepared.commit == self._tip:
            return f"it is red on {self._name} itself"
        return f"it is red together with what {self._at.branch} has: {self._take_in()}"

    def _replayed(self) -> str:
        """Make each commit again on top of the person's branch; those that change nothing there are left out."""
        onto = self._at.head
        for written in self._written():
            if len(written.parents) != 1:
                raise UsageError(
                    f"{self._name} holds a merge ({written.known.commit[:10]}), which cannot be replayed: "
                    "land with --merge or --squash"
                )
            # merge-tree has no way to name the base in older versions of git: a commit in between gives it.
            between = self._nameless.run("commit-tree", self._tree(onto), "-p", written.parents[0], stdin=b"")
            tree, conflicts = self._commits.merged_tree(between, written.known.commit)
            if conflicts:
                raise ConflictError(self._conflict(conflicts, [written.known]))
            if tree != self._tree(onto):
                onto = self._commits.commit(tree, (onto,), written.message, written.author)
        return onto

    def _brought(self, commit: str, how: How) -> Prepared:
        if commit != self._at.head:
            self._commits.bring(commit, self._at.head, self._tip)
        return self._prepared(commit, how)

    def _prepared(self, commit: str, how: How) -> Prepared:
        return Prepared(commit, how, int(self._git.run("rev-list", "--count", f"{self._at.head}..{commit}")))

    def _written(self) -> list[_Written]:
        """Return the commits that the person's branch lacks, the oldest first."""
        span = f"{self._at.head}..{self._tip}"
        out = self._git.raw("log", "-z", "--reverse", "--topo-order", "--date=raw", f"--format=tformat:{_FORMAT}", span)
        fields = out.decode("utf-8", "surrogateescape").split("\0")
        wide = len(_FIELDS) + 2
        found = []
        for start in range(0, len(fields) - wide + 1, wide):
            commit, parents, name, email, date, subject, task, iteration, message = fields[start : start + wide]
            known = GoalCommit(commit, subject, task, iteration)
            found.append(_Written(known, tuple(parents.split()), Author(name, email, f"@{date}"), message))
        return found

    def _touching(self, span: str, paths: Iterable[str]) -> list[GoalCommit]:
        out = self._git.run("log", "-z", f"--format=tformat:{_FORMAT}", span, "--", *(f":(literal){p}" for p in paths))
        fields, wide = out.split("\0"), len(_FIELDS) + 2
        return [GoalCommit(fields[at], fields[at + 5], fields[at + 6]) for at in range(0, len(fields) - wide + 1, wide)]

    def _conflict(self, paths: tuple[str, ...], ours: list[GoalCommit]) -> str:
        mine = self._at.branch
        theirs = self._touching(f"{self._tip}..{self._at.head}", paths)
        return (
            f"{self._goal.id} is not landed, {_listed([readable(p) for p in paths])} conflicts: "
            f"changed by {_named(ours)}, and on {mine} by {_named(theirs)}; nothing was changed: "
            f"{self._take_in()}, then land again"
        )

    def _moved_on(self) -> str:
        mine, lacks = self._at.branch, self._git.run("rev-list", "--count", f"{self._tip}..{self._at.head}")
        return (
            f"{mine} has {lacks} {'commit' if lacks == '1' else 'commits'} that {self._name} lacks, so it cannot be "
            "fast-forwarded: `ostinato land --rebase` replays the goal's commits on top, --merge makes one merge "
            "commit, --squash one plain commit; each proves the result first ([land] how sets the default)"
        )

    def _take_in(self) -> str:
        mine = self._at.branch
        steps = f"git switch {self._name}, git merge {mine}, git switch {mine}"
        return f"take {mine} into the goal's branch yourself ({steps})"

    def _is_ancestor(self, one: str, other: str) -> bool:
        return self._git.succeeds("merge-base", "--is-ancestor", one, other)

    def _tree(self, commit: str) -> str:
        return self._git.run("rev-parse", "--verify", f"{commit}^{{tree}}")


def _named(commits: list[GoalCommit]) -> str:
    said = [f"{c.task or c.commit[:10]} ({clip(printable(one_line(c.subject)), 50)})" for c in commits]
    return _listed(said) if said else "commits of its own"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
