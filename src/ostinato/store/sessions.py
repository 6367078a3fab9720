"""Sessions: starting, ending with handoff notes, looking back, spending. It runs nothing and recovers nothing."""

from __future__ import annotations

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import NodeId, ProjectId, SessionId, random_hex
from ostinato.base.process import ProcessIdentity, current_process, is_dead
from ostinato.base.spending import Spending
from ostinato.graph.actors import Actor
from ostinato.graph.events import EventKind
from ostinato.graph.sessions import Session, SessionKind
from ostinato.graph.types import NodeType, Status
from ostinato.store.database import Database, queries
from ostinato.store.events import EventStore
from ostinato.store.new_ids import NewId, insert_with_new_id
from ostinato.store.notes import handoff_notes
from ostinato.store.record_rows import (
    decode_process,
    decode_session,
    encode_spending,
    process_columns,
)
from ostinato.store.rows import encode_json
from ostinato.store.transitions import change_status

_WATCH = "`ostinato ralph --attach {goal}` shows it, --stop ends it"

Sessions = list[Session]
OpenSessions = list[tuple[Session, ProcessIdentity | None]]
LiveSessions = list[tuple[Session, ProcessIdentity]]


class SessionStore:
    """Every method that writes is one transaction, and joins one that is open already."""

    def __init__(self, db: Database, events: EventStore, new_id: NewId = random_hex) -> None:
        self._db = db
        self._events = events
        self._new_id = new_id
        self._sql = queries("sessions")

    def start(
        self,
        project_id: ProjectId,
        goal_id: NodeId,
        kind: SessionKind,
        *,
        process: ProcessIdentity | None = None,
        agent_ids: tuple[str, ...] = (),
    ) -> Session:
        """Open a session on a goal; a ralph session makes a pending goal active.

        Raises NotFoundError without such a goal, and RuleError when the node is no goal of the project or another live
        process has a session of that kind open on it. A session without a process is one by hand and hinders nobody.
        """
        with self._db.transaction():
            status = self._goal_status(project_id, goal_id)
            if process is not None:
                self._refuse_second(goal_id, kind, process)
            parameters = {
                "project_id": project_id,
                "goal_id": goal_id,
                "kind": str(kind),
                "at": self._db.now(),
                "agent_ids": encode_json(list(dict.fromkeys(agent_ids))),
                **process_columns(process),
            }
            made = SessionId(insert_with_new_id(self._db, self._sql["insert"], "sess-", parameters, self._new_id))
            actor = Actor("person" if process is None else "loop", made)
            self._events.add(
                EventKind.SESSION_STARTED,
                project_id=project_id,
                node_id=goal_id,
                actor=actor,
                payload={"kind": str(kind)},
            )
            if kind is SessionKind.RALPH and status is Status.PENDING:
                change_status(self._db, self._events, goal_id, Status.ACTIVE, actor=actor)
            return self.get(made)

    def end(self, session_id: SessionId, *, stop_reason: str | None = None, summary: str | None = None) -> Session:
        """Write the end and the handoff notes together. Raises RuleError, changing nothing, when it has ended."""
        with self._db.transaction():
            session = self.get(session_id)
            if session.ended_at is not None:
                raise RuleError(f"session {session_id} has ended already; its notes stay as they are")
            self._db.execute(
                self._sql["end"],
                {
                    "id": session_id,
                    "at": self._db.now(),
                    "notes": handoff_notes(self._db, session.goal_id),
                    "stop_reason": stop_reason,
                    "summary": summary,
                },
            )
            self._events.add(
                EventKind.SESSION_ENDED,
                project_id=session.project_id,
                node_id=session.goal_id,
                actor=Actor("person" if stop_reason is None else "loop", session_id),
                payload={"kind": str(session.kind), "stop_reason": stop_reason},
            )
            return self.get(session_id)

    def get(self, session_id: SessionId) -> Session:
        """Return a session. Raises NotFoundError."""
        found = self.find(session_id)
        if found is None:
            raise NotFoundError(f"no session {session_id}: list them with `ostinato sessions list`")
        return found

    def find(self, session_id: SessionId) -> Session | None:
        """Return a session, or None."""
        row = self._db.one(self._sql["get"], {"id": session_id})
        return decode_session(row) if row else None

    def last_notes(self, goal_id: NodeId) -> str:
        """Return the handoff notes of the goal's newest ended session, "" without one."""
        row = self._db.one(self._sql["last_notes"], {"goal_id": goal_id})
        return str(row["handoff_notes"]) if row else ""

    def list(
        self, goal_id: NodeId | None = None, project_id: ProjectId | None = None, limit: int | None = None
    ) -> Sessions:
        """Return sessions, the newest first, those of the same moment by id; at most `limit`."""
        most = -1 if limit is None else limit
        rows = self._db.execute(self._sql["list"], {"goal_id": goal_id, "project_id": project_id, "limit": most})
        return [decode_session(row) for row in rows]

    def owner(self, session_id: SessionId) -> ProcessIdentity | None:
        """Return the process that runs or ran a session, None for one by hand and for an unknown one."""
        row = self._db.one(self._sql["get"], {"id": session_id})
        return decode_process(row) if row else None

    def open(self, project_id: ProjectId) -> OpenSessions:
        """Return the sessions that have not ended with the process that runs them, the oldest first."""
        rows = self._db.execute(self._sql["open"], {"project_id": project_id})
        return [(decode_session(row), decode_process(row)) for row in rows]

    def live(self, goal_id: NodeId) -> LiveSessions:
        """Return the open sessions of a goal whose process may still work, the oldest first; those by hand are not."""
        rows = self._db.execute(self._sql["open_of_goal"], {"goal_id": goal_id})
        owned = ((decode_session(row), decode_process(row)) for row in rows)
        return [(session, owner) for session, owner in owned if owner and self._lives(session.id, owner)]

    def add_agent(self, session_id: SessionId, agent_id: str) -> None:
        """Note that an agent took part; each is kept once, in the order of their coming. Raises NotFoundError."""
        with self._db.transaction():
            agents = self.get(session_id).agent_ids
            if agent_id not in agents:
                text = encode_json([*agents, agent_id])
                self._db.execute(self._sql["set_agents"], {"id": session_id, "agent_ids": text})

    def add_spending(self, session_id: SessionId, spending: Spending) -> None:
        """Add to what the session spent; concurrent additions are never lost. Raises NotFoundError."""
        with self._db.transaction():
            total = self.get(session_id).spending + spending
            self._db.execute(self._sql["set_spending"], {"id": session_id, "spending": encode_spending(total)})

    def _goal_status(self, project_id: ProjectId, goal_id: NodeId) -> Status:
        row = self._db.one(self._sql["node"], {"id": goal_id})
        if row is None:
            raise NotFoundError(f"no goal {goal_id}: list goals with `ostinato status`")
        if row["node_type"] != NodeType.GOAL:
            raise RuleError(f"{goal_id} is a {row['node_type']}: a session is for a goal")
        if row["project_id"] != project_id:
            raise RuleError(f"goal {goal_id} belongs to another project ({row['project_id']})")
        return Status(row["status"])

    def _refuse_second(self, goal_id: NodeId, kind: SessionKind, process: ProcessIdentity) -> None:
        doing = "works on" if kind is SessionKind.RALPH else "plans"
        for session, owner in self.live(goal_id):
            if session.kind is kind and owner != process:
                raise RuleError(
                    f"process {owner.pid} on {owner.host} already {doing} {goal_id} (session {session.id}): "
                    + (_WATCH.format(goal=goal_id) if kind is SessionKind.RALPH else "wait for it, or stop it first")
                )

    def _lives(self, session_id: SessionId, owner: ProcessIdentity) -> bool:
        """Tell whether the process may still work. Of another host only a lease that it renews bears witness."""
        if owner.host == current_process().host:
            return not is_dead(owner)
        row = self._db.one(self._sql["leases"], {"id": session_id, "now": self._db.now()})
        return bool(row and row["held"])
