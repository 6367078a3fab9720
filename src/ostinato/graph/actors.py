"""Who changes the graph, as events tell it. A value only.

It is a NamedTuple since every command makes the class at its start, at a quarter of a dataclass's cost.
"""

from __future__ import annotations

from typing import NamedTuple

from ostinato.base.ids import IterationId, SessionId


class Actor(NamedTuple):
    """Who writes: `person`, `loop` or `agent:<name>`, and for which session and iteration. Goes into events."""

    by: str = "person"
    session_id: SessionId | None = None
    iteration_id: IterationId | None = None

    @property
    def is_person(self) -> bool:
        """Whether a person does it, not the loop or an agent."""
        return self.by == "person"


PERSON = Actor()
