"""Makes commits as the person would (their name, their signature) and brings them into their repository. Moves no ref.

Commits are made in the workshop, the harness's own git directory, where no hook and no driver of the repository runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ostinato.git.repository import Repository
from ostinato.git.run import Git, GitError, Setting
from ostinato.git.signing import NOBODY_TO_ASK, SIGNING_TIMEOUT, SigningError, signing_of_person

# What a commit needs is on the disk before a branch names it.
DURABLE: tuple[Setting, ...] = (("core.fsync", "committed,loose-object,reference"),)


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a commit and when; `date` as git takes it (`@seconds +zone`)."""

    name: str
    email: str
    date: str


class Committer:
    """Commits of one person in one repository; what their configuration says is read once."""

    def __init__(self, repository: Repository, workshop: Path) -> None:
        self._repository = repository
        self._workshop = Git(workshop, {"GIT_DIR": str(workshop)})
        self._identity: tuple[str, str] | None = None
        self._signing = signing_of_person(Git(repository.top, own_config=True))

    @property
    def git(self) -> Git:
        """Git in the workshop, which sees the person's objects and its own."""
        return self._workshop

    def commit(self, tree: str, parents: tuple[str, ...], message: str, author: Author | None = None) -> str:
        """Make a commit in the workshop. Raises SigningError, and UsageError when git does not know who this is."""
        name, email = self._identity = self._identity or self._repository.identity()
        written = author or Author(name, email, "")
        git = self._workshop.with_variables(
            GIT_AUTHOR_NAME=written.name,
            GIT_AUTHOR_EMAIL=written.email,
            GIT_COMMITTER_NAME=name,
            GIT_COMMITTER_EMAIL=email,
            **({"GIT_AUTHOR_DATE": written.date} if written.date else {}),
        )
        arguments = ["commit-tree", tree, *(word for parent in parents for word in ("-p", parent)), "-F", "-"]
        text = message.encode("utf-8", "replace")
        if not self._signing.wanted:
            return git.run(*arguments, stdin=text)
        code, commit, said = git.with_variables(**NOBODY_TO_ASK).alone(
            *arguments, "-S", stdin=text, config=self._signing.settings, timeout=SIGNING_TIMEOUT
        )
        if code:
            raise SigningError(said)
        return commit

    def require_signing(self) -> None:
        """Sign something small where the person signs commits, so that a locked key is known before any work."""
        if self._signing.wanted:
            empty = self._workshop.run("mktree", stdin=b"")
            self.commit(empty, (), "A signature to see whether the key is there\n")

    def bring(self, commit: str, *known: str) -> None:
        """Bring a commit, and what it needs beyond the commits in `known`, into the person's object store."""
        revisions = "".join(f"{line}\n" for line in (commit, *(f"^{one}" for one in known))).encode()
        pack = self._workshop.raw("pack-objects", "--revs", "--stdout", "-q", stdin=revisions)
        self._repository.git.raw("unpack-objects", "-q", stdin=pack, config=DURABLE)

    def merged_tree(self, ours: str, theirs: str) -> tuple[str, tuple[str, ...]]:
        """Merge two commits in the object store alone: the tree, and the paths that conflict (then it is no result)."""
        arguments = ("merge-tree", "--write-tree", "--no-messages", "--name-only", "-z", ours, theirs)
        code, out = self._workshop.code(*arguments)
        if code not in {0, 1} or not out:
            raise GitError(arguments, code, "git 2.38 or newer is needed" if code == 129 else out)
        tree, *paths = [part for part in out.split("\0") if part]
        return tree, tuple(dict.fromkeys(paths))
