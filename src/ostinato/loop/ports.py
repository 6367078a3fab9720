"""What the two modes need from outside, on one screen. Store methods are synchronous; `Bridge` calls them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from ostinato.base.ids import IterationId, NodeId, SessionId
from ostinato.loop.store_ports import StorePort
from ostinato.verify.types import Change

T = TypeVar("T")


class Bridge(Protocol):
    """The one way from asyncio to the store: runs `work` on the store's own thread, in order."""

    async def __call__(self, work: Callable[[StorePort], T]) -> T:
        """Return what `work(store)` returns; its exceptions come through. Cancelling waits for the work to end."""
        ...


class Checkout(Protocol):
    """One of a worker's two trees outside the person's repository; `path` is mounted at /work in the sandbox."""

    path: Path

    async def reset(self, commit: str) -> None:
        """Make the tree equal `commit`: tracked files restored, untracked removed, ignored and setup's files kept."""
        ...

    async def reset_to_tree(self, tree: str, parent: str) -> None:
        """The same for a tree object, with HEAD at `parent`, so that git in a check sees the change uncommitted."""
        ...


class Checkouts(Protocol):
    """A worker's place: `work` for the agent, `proof` for the harness alone. Held by an OS lock while in use."""

    work: Checkout
    proof: Checkout

    async def harvest(self, base: str, scope: tuple[str, ...], written: frozenset[str] = frozenset()) -> Change:
        """Take the tree out of `work` with the harness's own git directory and index; nothing of work's .git counts.

        New untracked files outside `scope` (when there is one) that are not in `written` (what the agent's tools
        wrote) are left out and named in `Change.dropped`; so are nested repositories and what setup made.
        """
        ...

    async def ensure_setup(self, checkout: Checkout) -> None:
        """Run the setup commands in `checkout` unless they ran for this digest. Raises MachineError."""
        ...

    def release(self) -> None:
        """Give the place back; its directories stay for reuse."""
        ...


class GoalBranch(Protocol):
    """The branch `ostinato/<goal>/main` in the person's repository."""

    async def tip(self, goal: NodeId) -> str:
        """Return the commit of the branch, creating it at the person's HEAD when it does not exist yet."""
        ...

    async def prepare_commit(self, tree: str, parent: str, message: str) -> str:
        """Make a commit object with the person's identity and bring it into the person's repository. Moves nothing."""
        ...

    def advance(self, goal: NodeId, old: str, new: str) -> None:
        """Move the branch by compare-and-swap; raises ClaimLostError when it is not at `old`. Synchronous on purpose:
        it runs inside the transaction that checks the claim's token."""
        ...

    async def keep(self, iteration: IterationId, commit: str) -> None:
        """Hold a commit under `refs/ostinato/review/<iteration>` so that git's clean-up does not take it."""
        ...

    async def merged(self, tip: str, commit: str) -> Change | None:
        """Merge `commit` onto `tip` without touching a checkout: the change against `tip`, None on a conflict."""
        ...

    def clear_stale_locks(self) -> None:
        """Remove lock files of our own refs that a dead git left behind."""
        ...

    async def iterations_on(self, goal: NodeId) -> dict[str, str]:
        """Return iteration id → commit for every commit on the branch that carries our trailers."""
        ...


class Asker(Protocol):
    """The person, as the planner may ask: one question at a time."""

    async def ask(self, question: str, options: tuple[str, ...]) -> str:
        """Return the answer, one of `options` or any other words. Raises `loop.plan.Left` when the person goes away."""
        ...


class Progress(Protocol):
    """Told what is running now; events in the store are the record, this is for the eye only."""

    def __call__(self, what: str, session: SessionId | None = None) -> None:
        """Show one short line."""
        ...
