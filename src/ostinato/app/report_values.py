"""What came of a goal or of one session on it, as values for every renderer. `app.report` makes them from the store;
nothing here reads, and nothing is escaped: that is each renderer's duty."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ostinato.base.diffstat import FileChange
from ostinato.base.ids import NodeId
from ostinato.base.spending import Spending
from ostinato.graph.approvals import Approval
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.iterations import Ending, Iteration
from ostinato.graph.projects import Project
from ostinato.graph.rules import stands_still
from ostinato.graph.sessions import Session
from ostinato.graph.steering import HINT
from ostinato.graph.types import Node, Status


@dataclass(frozen=True, slots=True)
class AttemptReport:
    """One attempt at a task: its record, without its diff, and the runs of the task's and the project's checks."""

    iteration: Iteration
    runs: tuple[CheckRun, ...] = ()

    @property
    def red_runs(self) -> tuple[CheckRun, ...]:
        """The runs on the attempt that did not pass."""
        return tuple(
            run for run in self.runs if run.phase is not CheckPhase.BASE and run.status is not CheckStatus.PASSED
        )


@dataclass(frozen=True, slots=True)
class TaskReport:
    """A task with its attempts, the oldest first. `commit` and `files` are of the attempt that was committed; `parts`
    counts its child tasks, `approved` says that a person approved what it came to."""

    node: Node
    attempts: tuple[AttemptReport, ...] = ()
    commit: str | None = None
    files: tuple[FileChange, ...] = ()
    approved: bool = False
    parts: int = 0
    spending: Spending = field(default_factory=Spending)

    @property
    def done(self) -> bool:
        """True when the task is completed."""
        return self.node.status is Status.COMPLETED

    @property
    def tries(self) -> int:
        """The number of the attempt that ended it; those that do not count (interrupted, crashed) are not in it."""
        return self.attempts[-1].iteration.attempt if self.attempts else 0

    @property
    def proofs(self) -> tuple[CheckRun, ...]:
        """The last run of each check that passed on what was done, in the order of the checks."""
        last = {run.command: run for run in self.attempts[-1].runs} if self.done and self.attempts else {}
        return tuple(run for run in last.values() if run.status is CheckStatus.PASSED)

    @property
    def was_red(self) -> frozenset[str]:
        """The commands that were red before the work."""
        runs = (run for attempt in self.attempts for run in attempt.runs)
        return frozenset(r.command for r in runs if r.phase is CheckPhase.BASE and r.status is CheckStatus.FAILED)

    @property
    def judged_by(self) -> str:
        """Who or what says that the task is done, "" while it is not."""
        if not self.done:
            return ""
        if self.approved:
            return "a person approved it"
        if not self.attempts and self.parts:
            return "its parts are done"
        if not self.attempts:
            return "set by hand, without evidence"
        if self.attempts[-1].iteration.ending is Ending.NONE:
            return "already satisfied by another task's work"
        if self.proofs:
            return "checks"
        # Research and reviews leave no change that a check could show.
        last = self.attempts[-1].iteration
        recorded = last.decision == "done" and last.commit is None
        return "what it recorded in the graph" if recorded else "set by hand, without evidence"


@dataclass(frozen=True, slots=True)
class OptionReport:
    """An alternative of a decision; `reason` is why it was chosen or rejected, "" where nobody said."""

    node: Node
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DecisionReport:
    """A decision with its options; `chosen` is the one that was taken."""

    node: Node
    chosen: OptionReport | None = None
    others: tuple[OptionReport, ...] = ()


@dataclass(frozen=True, slots=True)
class Learned:
    """An observation and the nodes that it is about."""

    node: Node
    about: tuple[NodeId, ...] = ()

    @property
    def title(self) -> str:
        """Its title; a person's hint is called one."""
        return f"Hint: {self.node.title}" if HINT in self.node.labels else self.node.title

    @property
    def told(self) -> str:
        """Its description, "" where that says no more than the title, as a hint in one short line does."""
        told = self.node.description.strip()
        return "" if told == self.node.title.strip() else told


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent under one heading: a model or a day."""

    name: str
    spending: Spending


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the time line; `mark` is one of done, failed, waits, person, session, note."""

    at: datetime
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report tells. `session` is set when it is about one session only; `at` is when it was made.

    The tasks are in the order in which they were made, the sessions and the time line the oldest first.
    """

    project: Project
    goal: Node
    at: datetime
    session: Session | None = None
    sessions: tuple[Session, ...] = ()
    tasks: tuple[TaskReport, ...] = ()
    decisions: tuple[DecisionReport, ...] = ()
    learned: tuple[Learned, ...] = ()
    waiting: tuple[Approval, ...] = ()
    by_model: tuple[Spent, ...] = ()
    by_day: tuple[Spent, ...] = ()
    spending: Spending = field(default_factory=Spending)
    timeline: tuple[Moment, ...] = ()

    @property
    def branch(self) -> str:
        """The goal's branch, whether or not it still is there."""
        return f"ostinato/{self.goal.id}/main"

    @property
    def asked(self) -> str:
        """What was asked, without a title that stands on top of it as a paragraph of its own."""
        whole = self.goal.description.strip()
        first, _, rest = whole.partition("\n")
        own = first.strip() == self.goal.title.strip() and (not rest or not rest.partition("\n")[0].strip())
        return rest.strip() if own else whole

    @property
    def discarded(self) -> str | None:
        """Where git keeps the commits of a goal that was given up, None for every other."""
        return f"refs/ostinato/discarded/{self.goal.id}" if "discarded_commit" in self.goal.metadata else None

    @property
    def landed(self) -> str | None:
        """The commit that was landed, None before."""
        return self.goal.metadata.get("landed_commit")

    @property
    def done(self) -> tuple[TaskReport, ...]:
        """The completed tasks."""
        return tuple(task for task in self.tasks if task.done)

    @property
    def failed(self) -> tuple[TaskReport, ...]:
        """The tasks that failed, or that are blocked for a reason of their own."""
        return tuple(task for task in self.tasks if stands_still(task.node.status, task.node.blocked_reason))

    @property
    def left(self) -> tuple[TaskReport, ...]:
        """The tasks that are neither done nor failed nor cancelled, in review or waiting ones among them."""
        failed = {task.node.id for task in self.failed}
        over = {Status.COMPLETED, Status.CANCELLED}
        return tuple(task for task in self.tasks if task.node.status not in over and task.node.id not in failed)

    @property
    def counts(self) -> dict[Status, int]:
        """How many tasks there are of each status."""
        found: dict[Status, int] = {}
        for task in self.tasks:
            found[task.node.status] = found.get(task.node.status, 0) + 1
        return found

    @property
    def whole(self) -> int:
        """How many tasks count: all but the cancelled."""
        return sum(task.node.status is not Status.CANCELLED for task in self.tasks)

    @property
    def changed(self) -> tuple[FileChange, ...]:
        """What the commits changed, summed by file, by path."""
        found: dict[str, FileChange] = {}
        for change in (one for task in self.tasks for one in task.files):
            before = found.get(change.path, FileChange(change.path, 0, 0))
            added, removed = before.added + change.added, before.removed + change.removed
            found[change.path] = FileChange(change.path, added, removed)
        return tuple(found[path] for path in sorted(found))
