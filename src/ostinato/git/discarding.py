"""What a discarded goal's branch holds, and the ref under which its commits stay findable. It decides nothing."""

from __future__ import annotations

from ostinato.git.repository import Repository

_KEPT = "refs/ostinato/discarded/"


def commits_of_its_own(repository: Repository, tip: str) -> int:
    """Return how many commits of `tip` no branch of the person's has."""
    others = ("--not", "HEAD", "--exclude=ostinato/*", "--branches")
    return int(repository.git.run("rev-list", "--count", tip, *others))


def keep_discarded(repository: Repository, goal: str, tip: str) -> str:
    """Hold `tip` under a ref of ours that no branch shows, and return its name; one that is kept already stays.

    It is kept until the person removes it: git's clean-up takes no commit that a ref names.
    """
    git, number = repository.git, 1
    while True:
        ref = f"{_KEPT}{goal}" if number == 1 else f"{_KEPT}{goal}-{number}"
        code, present = git.code("rev-parse", "--verify", "--quiet", ref)
        if code != 0:
            git.run("update-ref", ref, tip, "")
            return ref
        if present == tip:
            return ref
        number += 1
