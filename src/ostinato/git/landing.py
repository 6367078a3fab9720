"""Brings the goal's branch into the person's by fast-forward. It proves nothing: `loop.landing` has done that."""

from __future__ import annotations

from ostinato.base.errors import UsageError
from ostinato.git.repository import Repository
from ostinato.git.run import Git, neutral_drivers


def require_landable(repository: Repository, tip: str, branch: str) -> tuple[str, str, int]:
    """Return the person's branch, its commit and how many commits would land. Raises UsageError with what to do."""
    mine = repository.branch()
    if mine is None:
        raise UsageError("HEAD is detached: check out the branch that the goal shall land on")
    if mine == branch:
        raise UsageError(f"{branch} itself is checked out: check out the branch that the goal shall land on")
    dirty = repository.dirty()
    if dirty:
        more = " …" if len(dirty) == 20 else ""
        raise UsageError(f"the checkout has uncommitted changes: commit or stash them first ({', '.join(dirty)}{more})")
    head = repository.head()
    if not repository.git.succeeds("merge-base", "--is-ancestor", head, tip):
        lacks = repository.git.run("rev-list", "--count", f"{tip}..{head}")
        raise UsageError(
            f"{mine} has {lacks} {'commit' if lacks == '1' else 'commits'} that {branch} lacks, so it cannot be "
            "fast-forwarded: "
            f"rebase {branch} onto {mine} yourself and land again, or go back to the commit that the goal started from"
        )
    return mine, head, int(repository.git.run("rev-list", "--count", f"{head}..{tip}"))


def fast_forward(repository: Repository, tip: str) -> None:
    """Move the present branch and the checkout to `tip`; no hook and no filter of the repository runs."""
    git = Git(repository.top, own_config=True)
    options = ("--ff-only", "-q", "--no-verify-signatures", "--no-autostash", "--no-overwrite-ignore")
    git.run("merge", *options, tip, config=neutral_drivers(git))
