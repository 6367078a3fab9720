"""What is kept for how long, as values and rules. Pure: what is taken, and when, `store.retention` does.

Facts stay for ever: nodes and edges with every change of theirs, sessions with notes and costs, verdicts, reasons, exit
codes, commits. What goes is text that grew old: what was said, what was printed, and what a commit says as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ostinato.graph.events import EventKind

NARRATED = (
    EventKind.STEP_STARTED,
    EventKind.STEP_ENDED,
    EventKind.TOOL_STARTED,
    EventKind.TOOL_ENDED,
    EventKind.CHECK_ENDED,
)
"""The events that retention may take; `retention.sql` names them too, and a test holds the two together. No rule, note
or decision record reads them: views of a run do, while it runs."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How much of one kind stays: what ended before `since` goes, then the oldest beyond `bytes`. None: no limit."""

    since: datetime | None
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Policy:
    """What stays of transcripts, of evidence (the text of changes, the output of checks), and of narrated events."""

    transcripts: Keep
    evidence: Keep
    events: Keep


@dataclass(frozen=True, slots=True)
class Share:
    """A number of things and the bytes of their text."""

    count: int = 0
    bytes: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.count + other.count, self.bytes + other.bytes)


@dataclass(frozen=True, slots=True)
class Taken:
    """What goes or went: conversations, attempts that lose the text of their evidence, events."""

    transcripts: Share = Share()
    evidence: Share = Share()
    events: Share = Share()

    @property
    def bytes(self) -> int:
        """The bytes of text in all."""
        return self.transcripts.bytes + self.evidence.bytes + self.events.bytes

    @property
    def nothing(self) -> bool:
        """True when nothing goes."""
        return not (self.transcripts.count or self.evidence.count or self.events.count)

    def __add__(self, other: Taken) -> Taken:
        return Taken(self.transcripts + other.transcripts, self.evidence + other.evidence, self.events + other.events)


def outline(diff: str) -> str:
    """Return a git diff with its files and the number of its changed lines, but without what the lines say.

    A tenth of its size or less, and it counts as the whole one does. An outline's outline is the same.
    """
    kept: list[str] = []
    inside = False
    for line in diff.splitlines():
        if line.startswith("diff --git "):
            inside = False
        elif line.startswith("@@ "):
            inside = True
        if not inside or line.startswith("@@ "):
            kept.append(line)
        elif line[:1] in ("+", "-"):
            kept.append(line[0])
    return "\n".join(kept) + "\n" if kept else ""
