"""Sessions of the double, with the signatures of `store.sessions`."""

from __future__ import annotations

from dataclasses import replace

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import NodeId, ProjectId, SessionId
from ostinato.base.process import ProcessIdentity, current_process, is_dead
from ostinato.base.spending import Spending
from ostinato.graph.actors import Actor
from ostinato.graph.events import EventKind
from ostinato.graph.sessions import Session, SessionKind
from ostinato.graph.types import Node, NodeType, Status
from ostinato.testing.memory.reading import handoff_notes
from ostinato.testing.memory.state import Memory
from ostinato.testing.memory.transitions import change_status

Sessions = list[Session]
OpenSessions = list[tuple[Session, ProcessIdentity | None]]
LiveSessions = list[tuple[Session, ProcessIdentity]]


class MemorySessions:
    """See `store.sessions.SessionStore`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def start(
        self,
        project_id: ProjectId,
        goal_id: NodeId,
        kind: SessionKind,
        *,
        process: ProcessIdentity | None = None,
        agent_ids: tuple[str, ...] = (),
    ) -> Session:
        """Open a session on a goal. Raises NotFoundError and RuleError."""
        memory = self._memory
        with memory.transaction():
            goal = self._goal(project_id, goal_id)
            if process is not None:
                self._refuse_second(goal_id, kind, process)
            made = memory.fresh("sess-", memory.state.sessions, SessionId)
            agents = tuple(dict.fromkeys(agent_ids))
            memory.state.sessions[made] = Session(made, project_id, goal_id, kind, memory.now(), agent_ids=agents)
            memory.state.owners[made] = process
            actor = Actor("person" if process is None else "loop", made)
            memory.tell(EventKind.SESSION_STARTED, project_id, goal_id, actor, {"kind": str(kind)})
            if kind is SessionKind.RALPH and goal.status is Status.PENDING:
                change_status(memory, goal_id, Status.ACTIVE, actor=actor)
            return self.get(made)

    def end(self, session_id: SessionId, *, stop_reason: str | None = None, summary: str | None = None) -> Session:
        """Write the end and the handoff notes together. Raises NotFoundError, RuleError when it has ended."""
        with self._memory.transaction():
            session = self.get(session_id)
            if session.ended_at is not None:
                raise RuleError(f"session {session_id} has ended already; its notes stay as they are")
            self._memory.state.sessions[session_id] = replace(
                session,
                ended_at=self._memory.now(),
                handoff_notes=handoff_notes(self._memory, session.goal_id),
                stop_reason=stop_reason,
                summary=session.summary if summary is None else summary,
            )
            actor = Actor("person" if stop_reason is None else "loop", session_id)
            said = {"kind": str(session.kind), "stop_reason": stop_reason}
            self._memory.tell(EventKind.SESSION_ENDED, session.project_id, session.goal_id, actor, said)
            return self.get(session_id)

    def get(self, session_id: SessionId) -> Session:
        """Return a session. Raises NotFoundError."""
        found = self.find(session_id)
        if found is None:
            raise NotFoundError(f"no session {session_id}: list them with `ostinato sessions list`")
        return found

    def find(self, session_id: SessionId) -> Session | None:
        """Return a session, or None."""
        return self._memory.state.sessions.get(session_id)

    def last_notes(self, goal_id: NodeId) -> str:
        """Return the handoff notes of the goal's newest ended session, "" without one."""
        return next((session.handoff_notes for session in self.list(goal_id) if session.handoff_notes), "")

    def list(self, goal_id: NodeId | None = None, project_id: ProjectId | None = None) -> Sessions:
        """Return sessions, the newest first, those of the same moment by id."""
        by_id = sorted(self._memory.state.sessions.values(), key=lambda session: session.id)
        newest = sorted(by_id, key=lambda session: session.started_at, reverse=True)
        return [s for s in newest if goal_id in {None, s.goal_id} and project_id in {None, s.project_id}]

    def owner(self, session_id: SessionId) -> ProcessIdentity | None:
        """Return the process that runs or ran a session, or None."""
        return self._memory.state.owners.get(session_id)

    def open(self, project_id: ProjectId) -> OpenSessions:
        """Return the sessions that have not ended with their process, the oldest first."""
        found = [s for s in self.list(project_id=project_id) if s.ended_at is None]
        return [(s, self.owner(s.id)) for s in sorted(found, key=lambda s: (s.started_at, s.id))]

    def live(self, goal_id: NodeId) -> LiveSessions:
        """Return the open sessions of a goal whose process may still work, the oldest first."""
        found = [s for s in self.list(goal_id) if s.ended_at is None]
        owned = ((s, self.owner(s.id)) for s in sorted(found, key=lambda s: (s.started_at, s.id)))
        return [(session, owner) for session, owner in owned if owner and self._lives(session.id, owner)]

    def add_agent(self, session_id: SessionId, agent_id: str) -> None:
        """Note that an agent took part. Raises NotFoundError."""
        session = self.get(session_id)
        agents = tuple(dict.fromkeys((*session.agent_ids, agent_id)))
        self._memory.state.sessions[session_id] = replace(session, agent_ids=agents)

    def add_spending(self, session_id: SessionId, spending: Spending) -> None:
        """Add to what the session spent. Raises NotFoundError."""
        session = self.get(session_id)
        self._memory.state.sessions[session_id] = replace(session, spending=session.spending + spending)

    def _goal(self, project_id: ProjectId, goal_id: NodeId) -> Node:
        node = self._memory.state.nodes.get(goal_id)
        if node is None:
            raise NotFoundError(f"no goal {goal_id}: list goals with `ostinato status`")
        if node.node_type is not NodeType.GOAL:
            raise RuleError(f"{goal_id} is a {node.node_type}: a session is for a goal")
        if node.project_id != project_id:
            raise RuleError(f"goal {goal_id} belongs to another project ({node.project_id})")
        return node

    def _refuse_second(self, goal_id: NodeId, kind: SessionKind, process: ProcessIdentity) -> None:
        doing = "works on" if kind is SessionKind.RALPH else "plans"
        for session, owner in self.live(goal_id):
            if session.kind is kind and owner != process:
                raise RuleError(f"process {owner.pid} on {owner.host} already {doing} {goal_id} (session {session.id})")

    def _lives(self, session_id: SessionId, owner: ProcessIdentity) -> bool:
        if owner.host == current_process().host:
            return not is_dead(owner)
        now = self._memory.now()
        claims = self._memory.state.claims.values()
        return any(h.session_id == session_id and h.lease_until is not None and h.lease_until > now for h in claims)
