"""A person's notes to the agents of a goal, and the goals that are paused. Who heeds them is the loop's business."""

from __future__ import annotations

from ostinato.base.clock import parse_time
from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.events import EventKind
from ostinato.graph.steering import News, PersonNote, require_note
from ostinato.graph.types import NodeType, Status
from ostinato.store.database import Database, Row, queries
from ostinato.store.events import EventStore
from ostinato.store.reading import slim_row

_LATEST = 50


class SteeringStore:
    """Every method that writes is one transaction with its event."""

    def __init__(self, db: Database, events: EventStore) -> None:
        self._db = db
        self._events = events
        self._sql = queries("steering")

    def say(self, goal_id: NodeId, text: str, actor: Actor = PERSON) -> PersonNote:
        """Keep a note. Raises NotFoundError, and RuleError for an empty or too long text and a cancelled goal."""
        require_note(text)
        with self._db.transaction():
            row = self._goal(goal_id)
            if row["status"] == Status.CANCELLED:
                raise RuleError(f"{goal_id} is cancelled: nobody would read the note")
            parameters = {"goal_id": goal_id, "text": text, "at": self._db.now()}
            made = _note(self._db.execute(self._sql["add_note"], parameters)[0])
            self._tell(row, EventKind.NOTE_ADDED, actor, {"note": made.seq, "text": text})
            return made

    def notes(self, goal_id: NodeId, limit: int = _LATEST) -> list[PersonNote]:
        """Return the latest notes of a goal, the newest first."""
        return [_note(row) for row in self._db.execute(self._sql["notes"], {"goal_id": goal_id, "limit": limit})]

    def news(self, goal_id: NodeId, after: int) -> News:
        """Return whether the goal is paused, and the notes with a greater seq than `after`."""
        with self._db.reading():
            rows = self._db.execute(self._sql["notes_after"], {"goal_id": goal_id, "seq": after})
            return News(self.paused(goal_id), tuple(_note(row) for row in rows))

    def paused(self, goal_id: NodeId) -> bool:
        """Tell whether a goal is paused."""
        return self._db.one(self._sql["paused"], {"goal_id": goal_id}) is not None

    def paused_goals(self, project_id: ProjectId) -> list[NodeId]:
        """Return the paused goals of a project, the longest paused first."""
        rows = self._db.execute(self._sql["paused_goals"], {"project_id": project_id})
        return [NodeId(row["goal_id"]) for row in rows]

    def pause(self, goal_id: NodeId, actor: Actor = PERSON) -> bool:
        """Pause a goal; False when it was paused already. Raises NotFoundError, RuleError for a finished goal."""
        with self._db.transaction():
            row = self._goal(goal_id)
            if row["status"] in {Status.COMPLETED, Status.CANCELLED}:
                raise RuleError(f"{goal_id} is {row['status']}: there is nothing to pause")
            made = self._db.execute(self._sql["pause"], {"goal_id": goal_id, "at": self._db.now()})
            if made:
                self._tell(row, EventKind.NODE_UPDATED, actor, {"paused": True})
            return bool(made)

    def resume(self, goal_id: NodeId, actor: Actor = PERSON) -> bool:
        """Let a paused goal go on; False when it was not paused. Raises NotFoundError."""
        with self._db.transaction():
            row = self._goal(goal_id)
            gone = self._db.execute(self._sql["resume"], {"goal_id": goal_id})
            if gone:
                self._tell(row, EventKind.NODE_UPDATED, actor, {"paused": False})
            return bool(gone)

    def _goal(self, goal_id: NodeId) -> Row:
        row = slim_row(self._db, goal_id)
        if row["node_type"] != NodeType.GOAL:
            raise RuleError(f"{goal_id} is a {row['node_type']}, not a goal")
        return row

    def _tell(self, row: Row, kind: EventKind, actor: Actor, payload: dict[str, object]) -> None:
        self._events.add(
            kind, project_id=ProjectId(row["project_id"]), node_id=NodeId(row["id"]), actor=actor, payload=payload
        )


def _note(row: Row) -> PersonNote:
    return PersonNote(row["seq"], NodeId(row["goal_id"]), row["text"], parse_time(row["at"]))
