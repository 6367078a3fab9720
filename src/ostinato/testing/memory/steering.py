"""A person's notes and pauses in the double, with the signatures of `store.steering`."""

from __future__ import annotations

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.events import EventKind
from ostinato.graph.steering import News, PersonNote, require_note
from ostinato.graph.types import Node, NodeType, Status
from ostinato.testing.memory.state import Memory

_LATEST = 50


class MemorySteering:
    """See `store.steering.SteeringStore`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def say(self, goal_id: NodeId, text: str, actor: Actor = PERSON) -> PersonNote:
        """Keep a note. Raises NotFoundError and RuleError."""
        require_note(text)
        goal = self._goal(goal_id)
        if goal.status is Status.CANCELLED:
            raise RuleError(f"{goal_id} is cancelled: nobody would read the note")
        made = PersonNote(len(self._memory.state.notes) + 1, goal_id, text, self._memory.now())
        self._memory.state.notes.append(made)
        self._memory.tell(EventKind.NOTE_ADDED, goal.project_id, goal_id, actor, {"note": made.seq, "text": text})
        return made

    def notes(self, goal_id: NodeId, limit: int = _LATEST) -> list[PersonNote]:
        """Return the latest notes of a goal, the newest first."""
        return [note for note in reversed(self._memory.state.notes) if note.goal_id == goal_id][:limit]

    def news(self, goal_id: NodeId, after: int) -> News:
        """Return whether the goal is paused, and the notes with a greater seq than `after`."""
        notes = (note for note in self._memory.state.notes if note.goal_id == goal_id and note.seq > after)
        return News(self.paused(goal_id), tuple(notes))

    def paused(self, goal_id: NodeId) -> bool:
        """Tell whether a goal is paused."""
        return goal_id in self._memory.state.pauses

    def paused_goals(self, project_id: ProjectId) -> list[NodeId]:
        """Return the paused goals of a project, the longest paused first."""
        found = self._memory.state.pauses
        ours = [one for one in found if self._memory.node(one).project_id == project_id]
        return sorted(ours, key=lambda one: (found[one], one))

    def pause(self, goal_id: NodeId, actor: Actor = PERSON) -> bool:
        """Pause a goal; False when it was paused already. Raises NotFoundError and RuleError."""
        goal = self._goal(goal_id)
        if goal.status in {Status.COMPLETED, Status.CANCELLED}:
            raise RuleError(f"{goal_id} is {goal.status}: there is nothing to pause")
        if self.paused(goal_id):
            return False
        self._memory.state.pauses[goal_id] = self._memory.now()
        self._memory.tell(EventKind.NODE_UPDATED, goal.project_id, goal_id, actor, {"paused": True})
        return True

    def resume(self, goal_id: NodeId, actor: Actor = PERSON) -> bool:
        """Let a paused goal go on; False when it was not paused. Raises NotFoundError and RuleError."""
        goal = self._goal(goal_id)
        if self._memory.state.pauses.pop(goal_id, None) is None:
            return False
        self._memory.tell(EventKind.NODE_UPDATED, goal.project_id, goal_id, actor, {"paused": False})
        return True

    def _goal(self, goal_id: NodeId) -> Node:
        node = self._memory.node(goal_id)
        if node.node_type is not NodeType.GOAL:
            raise RuleError(f"{goal_id} is a {node.node_type}, not a goal")
        return node
