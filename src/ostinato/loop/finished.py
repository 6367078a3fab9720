"""What the loop hands to the store when an iteration ends, and what that says in the graph. A value and its words."""

from __future__ import annotations

from dataclasses import dataclass, field

from ostinato.base.spending import Spending
from ostinato.base.text import clip, one_line
from ostinato.graph.events import EventKind
from ostinato.graph.iterations import Ending
from ostinato.graph.tried import changed_words
from ostinato.graph.types import Node, Status
from ostinato.loop.decide import Action, Decision
from ostinato.verify.types import Verdict, VerdictKind

BECOMES = {
    Action.DONE: Status.COMPLETED,
    Action.REVIEW: Status.REVIEW,
    Action.RETRY: Status.PENDING,
    Action.RELEASE: Status.PENDING,
    Action.SPLIT: Status.PENDING,
    Action.FAIL: Status.FAILED,
    Action.BLOCK: Status.BLOCKED,
    Action.PARK: Status.BLOCKED,
}
"""The stored status that each action gives the task."""

_TITLE = 160


@dataclass(frozen=True, slots=True)
class FinishedIteration:
    """The record of an ended iteration; the store turns `decision` into the task's status in the same transaction."""

    ending: Ending
    message: str
    decision: Decision
    verdict: Verdict | None = None
    commit: str | None = None
    diff: str = ""
    steps: int = 0
    spending: Spending = field(default_factory=Spending)
    outcome_title: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the work was good."""
        judged = self.verdict is not None and self.verdict.kind is VerdictKind.PASSED
        return judged or self.decision.action is Action.DONE

    @property
    def why(self) -> str:
        """What the outcome says, and the observation that a failed task leaves behind."""
        # Where the agent's word is the reason it is said once.
        parts = [self.decision.reason, self.message]
        if self.decision.uses_attempt:
            parts += [f"Tried: {changed_words(self.diff)}", self.decision.note]
        return "\n".join(dict.fromkeys(part for part in parts if part))

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons to keep with the iteration."""
        judged = self.verdict.reasons if self.verdict else ()
        said = (judged or tuple(filter(None, (self.decision.reason,)))) + (self.verdict.notes if self.verdict else ())
        return (*said, *filter(None, (self.decision.note,)))

    def outcome_of(self, attempt: int, task: Node) -> str:
        """Return the title of the outcome of this attempt."""
        default = f"Attempt {attempt} {'passed' if self.passed else 'did not pass'}: {task.title}"
        return clip(one_line(self.outcome_title or default), _TITLE)

    def announced(self) -> list[tuple[EventKind, dict[str, object]]]:
        """Return the events that tell of the end, in their order."""
        facts: list[tuple[EventKind, dict[str, object]]] = []
        if self.verdict is not None:
            judged = {"verdict": str(self.verdict.kind), "reasons": list(self.verdict.reasons)}
            facts.append((EventKind.VERDICT, {**judged}))
        if self.commit:
            facts.append((EventKind.COMMIT, {"commit": self.commit}))
        ended = {
            "ending": str(self.ending),
            "decision": str(self.decision.action),
            "reason": self.decision.reason,
            "steps": self.steps,
            "tokens": self.spending.tokens,
            "cost_usd": self.spending.cost_usd,
        }
        if self.decision.note:
            ended["circling"] = self.decision.note
        return [*facts, (EventKind.ITERATION_ENDED, {**ended})]


def failure_title(task: Node) -> str:
    """Return the title of the observation that a failed task leaves behind."""
    return clip(one_line(f"{task.id} failed: {task.title}"), _TITLE)
