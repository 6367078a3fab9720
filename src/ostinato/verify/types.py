"""What verification works on and what it answers. Values and the one port it needs; no rule lives here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from ostinato.graph.evidence import CheckRun


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command did. `exit_code` is None when the time limit ended it, negative for a signal.

    `stdout` and `stderr` hold head and tail only, whatever the command printed; `seconds` is wall time.
    """

    exit_code: int | None
    stdout: str
    stderr: str
    seconds: float
    truncated: bool = False


class OutputSink(Protocol):
    """Is given all that a command prints, piece by piece, as it comes. It must not raise."""

    def stdout(self, data: bytes, /) -> None: ...
    def stderr(self, data: bytes, /) -> None: ...


class CommandRunner(Protocol):
    """Runs one shell command in a checkout, inside the sandbox."""

    async def run(
        self,
        command: str,
        checkout: Path,
        *,
        timeout: float,
        working_dir: str | None = None,
        sink: OutputSink | None = None,
    ) -> CommandResult:
        """Run `command` with `sh -c` in `checkout`, seen as /work. No descendant survives the call.

        Raises MachineError when the sandbox itself cannot run. Cancellation kills the command.
        """
        ...


class VerdictKind(StrEnum):
    """What the harness found."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Change:
    """What an attempt changed against its base. `paths` are relative, sorted; `dropped` were left out of the tree."""

    base_tree: str
    tree: str
    diff: str
    paths: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """True when the tree is the base's."""
        return self.tree == self.base_tree


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one attempt with its evidence. `fingerprint` is equal for the same failure of the same diff.

    `ever_red` tells whether any check of the task was red before the work: without it the pass proves nothing.
    `notes` say what was not looked at.
    """

    kind: VerdictKind
    reasons: tuple[str, ...] = ()
    runs: tuple[CheckRun, ...] = ()
    fingerprint: str = ""
    ever_red: bool = False
    flaky: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = ()


class Files(Protocol):
    """Reads the person's objects: what a tree holds."""

    async def paths(self, tree: str) -> frozenset[str]:
        """Return every file of the tree, relative."""
        ...

    async def blobs(self, tree: str) -> dict[str, str]:
        """Return the id of each regular file's content, by path."""
        ...

    async def read(self, tree: str, paths: tuple[str, ...]) -> dict[str, str | None]:
        """Return each file's text (bounded, undecodable bytes replaced), or None where the tree does not hold it."""
        ...
