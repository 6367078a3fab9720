"""What a person says to the agents of a goal while they work, as values and rules. It reaches nobody by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.texts import require_text

LONGEST_NOTE = 64 * 1024
"""Bytes of UTF-8: a note goes whole into a running conversation, and a file is better left where an agent reads it."""

HINT = "hint"
"""The label of an observation that a person gave with `tasks retry --hint`."""


@dataclass(frozen=True, slots=True)
class PersonNote:
    """What a person said about a goal; `seq` grows over all goals."""

    seq: int
    goal_id: NodeId
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class News:
    """What a running conversation has to know before its next step; `notes` are new to it, the oldest first."""

    paused: bool = False
    notes: tuple[PersonNote, ...] = ()


def require_note(text: str) -> None:
    """Raise RuleError for a note that says nothing, is too long, or cannot be kept."""
    require_text("a note", text)
    if not text.strip():
        raise RuleError("the note is empty: say in words what the agents should know")
    require_short(len(text.encode()))


def require_short(size: int) -> None:
    """Raise RuleError for a note of more than LONGEST_NOTE bytes."""
    if size > LONGEST_NOTE:
        raise RuleError(
            f"the note is longer than {LONGEST_NOTE // 1024} kB: put the text where the agents can read it, "
            "and say where that is"
        )
