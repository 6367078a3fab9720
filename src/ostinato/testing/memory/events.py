"""The stream of events of the double, with the signatures of `store.events`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ostinato.base.ids import NodeId, ProjectId, SessionId
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.events import Event, EventKind
from ostinato.testing.memory.state import Memory

_STARTS = {EventKind.SESSION_STARTED, EventKind.ITERATION_STARTED}


class MemoryEvents:
    """See `store.events.EventStore`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def add(
        self,
        kind: EventKind,
        *,
        project_id: ProjectId | None,
        node_id: NodeId | None = None,
        actor: Actor = PERSON,
        payload: Mapping[str, Any] | None = None,
    ) -> None:
        """Append one event at the present time."""
        self._memory.tell(kind, project_id, node_id, actor, payload)

    def after(
        self, seq: int, *, project_id: ProjectId | None = None, goal_id: NodeId | None = None, limit: int = 1000
    ) -> list[Event]:
        """Return at most `limit` events with a greater seq, in order; of a goal those of what is below it too."""
        found = [e for e in self._memory.state.events if e.seq > seq and project_id in {None, e.project_id}]
        if goal_id is not None:
            nodes = {goal_id, *(node.id for node in self._memory.below(goal_id))}
            sessions = {s.id for s in self._memory.state.sessions.values() if s.goal_id == goal_id}
            found = [event for event in found if event.node_id in nodes or event.session_id in sessions]
        return found[:limit]

    def before_latest(self, session_id: SessionId) -> int:
        """Return the seq before the session's newest iteration began, or before the session itself did."""
        starts = [e.seq for e in self._memory.state.events if e.session_id == session_id and e.kind in _STARTS]
        return max(starts) - 1 if starts else 0

    def last_seq(self) -> int:
        """Return the seq of the newest event, 0 when there is none."""
        return self._memory.state.events[-1].seq if self._memory.state.events else 0
