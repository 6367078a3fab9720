"""Discarding a goal: its branch goes, the graph is settled, and the commits stay findable under a ref of ours.

It needs neither model nor sandbox, and touches no branch of the person's: what has landed stays landed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ostinato.git.discarding import commits_of_its_own, keep_discarded
from ostinato.git.goal_branch import GitGoalBranch, require_not_checked_out, reviews_of
from ostinato.git.repository import Repository
from ostinato.graph.types import Node, Status
from ostinato.loop.bridge import ThreadBridge
from ostinato.loop.recover import recover_project
from ostinato.store.discarding import Going, discard, going, refuse_live

if TYPE_CHECKING:
    from ostinato.store.store import Store


@dataclass(frozen=True, slots=True)
class Discarded:
    """What goes, or went. `tip` is the branch's last commit, None without a branch; `commits` are its own alone.

    `cancels` tells whether the goal is cancelled; `kept` is the ref that holds the commits once they are discarded.
    """

    goal: Node
    branch: str
    tip: str | None
    commits: int
    reviews: int
    cancels: bool
    going: Going
    kept: str | None = None

    @property
    def nothing(self) -> bool:
        """True when there is nothing left to discard."""
        going = self.going
        return not (self.tip or self.reviews or self.cancels or going.open_nodes or going.questions or going.draft)


class Discarding:
    """Discards one goal of one store; the two steps are apart so that a person can be asked between them."""

    def __init__(self, store: Store, goal: Node) -> None:
        self._store = store
        self._goal = goal
        self._repository = Repository.find(Path(store.projects.get(goal.project_id).path))
        self._branch = GitGoalBranch(self._repository)

    async def recover(self) -> None:
        """Put back what dead processes left, so that what they completed stays completed."""
        bridge = ThreadBridge(self._store)
        try:
            await recover_project(bridge, self._branch, self._goal.project_id)
        finally:
            bridge.close()

    def outlook(self) -> Discarded:
        """Return what would go. Raises UsageError when the branch is checked out or somebody works on the goal."""
        goal = self._store.graph.get(self._goal.id)
        refuse_live(self._store, goal.id)
        require_not_checked_out(self._repository.git, goal.id)
        tip = self._branch.find(goal.id)
        commits = commits_of_its_own(self._repository, tip) if tip else 0
        landed = goal.status is Status.COMPLETED and (not commits or "landed_commit" in goal.metadata)
        return Discarded(
            goal=goal,
            branch=self._branch.name(goal.id),
            tip=tip,
            commits=commits,
            reviews=len(reviews_of(self._repository.git, goal.id)),
            cancels=not landed and goal.status is not Status.CANCELLED,
            going=going(self._store, goal),
        )

    def carry_out(self) -> Discarded:
        """Discard and return what went. Raises RuleError while somebody works on the goal; nothing has changed then."""
        seen = self.outlook()
        kept = keep_discarded(self._repository, seen.goal.id, seen.tip) if seen.tip and seen.commits else None
        went = discard(
            self._store,
            seen.goal.id,
            cancel=seen.cancels,
            commit=seen.tip if kept else None,
            before_commit=lambda: self._branch.remove(seen.goal.id),
        )
        goal = self._store.graph.get(seen.goal.id)
        return Discarded(goal, seen.branch, seen.tip, seen.commits, seen.reviews, seen.cancels, went, kept)
