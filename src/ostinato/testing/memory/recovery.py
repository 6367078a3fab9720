"""What the double puts back after dead processes: the same answers as `store.recovery`, in plain steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ostinato.base.ids import IterationId, NodeId, ProjectId
from ostinato.base.process import ProcessIdentity, current_process
from ostinato.base.spending import Spending
from ostinato.graph.actors import Actor
from ostinato.graph.events import EventKind
from ostinato.graph.iterations import Ending
from ostinato.graph.sessions import Session, SessionKind
from ostinato.graph.types import Status
from ostinato.testing.memory.iterations import MemoryIterations
from ostinato.testing.memory.sessions import MemorySessions
from ostinato.testing.memory.state import Held, Memory
from ostinato.testing.memory.transitions import change_status

Dead = Callable[[ProcessIdentity], bool]


class Recovery:
    """One recovery of one project. `dead` says whether a process has certainly ended."""

    def __init__(
        self, memory: Memory, sessions: MemorySessions, iterations: MemoryIterations, project_id: ProjectId, dead: Dead
    ) -> None:
        self._memory = memory
        self._sessions = sessions
        self._iterations = iterations
        self._project_id = project_id
        self._dead = dead
        self._claims = self._held()
        self._lost = {token: self._is_lost(held) for token, (_, held) in self._claims.items()}

    def run(self, landed: Mapping[IterationId, str]) -> list[str]:
        """Put everything back and return a line for each thing."""
        with self._memory.transaction():
            return [*self._end_iterations(landed), *self._free_claims(), *self._end_sessions()]

    def _held(self) -> dict[int, tuple[NodeId, Held]]:
        """Return the loop's claims of the project by token; those by hand have none."""
        found = {}
        for task_id, held in self._memory.state.claims.items():
            if held.token is not None and self._memory.node(task_id).project_id == self._project_id:
                found[held.token] = (task_id, held)
        return dict(sorted(found.items()))

    def _is_lost(self, held: Held) -> bool:
        expired = held.lease_until is not None and held.lease_until <= self._memory.now()
        return expired or (held.process is not None and self._dead(held.process))

    def _end_iterations(self, landed: Mapping[IterationId, str]) -> list[str]:
        lines = []
        for iteration in self._iterations.unfinished(self._project_id):
            if not self._lost.get(iteration.token, True):
                continue
            _, held = self._claims.get(iteration.token, (None, None))
            who = _whose(held.process if held else None)
            if iteration.id in landed:
                commit = landed[iteration.id]
                self._iterations.complete_landed(iteration.id, commit)
                line = f"{iteration.task_id}: commit {commit[:12]} of {iteration.id} was on the branch, task completed"
            else:
                ending = Ending.CLAIM_LOST if held is None else Ending.CRASHED
                self._iterations.abandon(iteration.id, ending, f"its worker is gone{who}")
                line = f"{iteration.task_id}: {iteration.id} ended as {ending}{who}, no attempt used up"
            lines.append(self._told(line, Actor("loop", iteration.session_id, iteration.id), iteration.task_id))
        return lines

    def _free_claims(self) -> list[str]:
        lines = []
        for token, (task_id, held) in self._claims.items():
            present = self._memory.state.claims.get(task_id)
            if not self._lost[token] or present is None or present.token != token:
                continue
            actor = Actor("loop", held.session_id)
            if self._memory.node(task_id).status in {Status.CLAIMED, Status.IN_PROGRESS}:
                change_status(self._memory, task_id, Status.PENDING, actor=actor)
            self._memory.state.claims.pop(task_id, None)
            lines.append(self._told(f"{task_id}: claim freed{_whose(held.process)}", actor, task_id))
        return lines

    def _end_sessions(self) -> list[str]:
        lines = []
        for session, process in self._sessions.open(self._project_id):
            if process is None:
                continue
            own = [token for token, (_, held) in self._claims.items() if held.session_id == session.id]
            elsewhere = process.host != current_process().host
            silent = elsewhere and bool(own) and all(self._lost[token] for token in own)
            if self._dead(process) or silent:
                if session.kind is SessionKind.PLAN:
                    self._count_conversations(session)
                self._sessions.end(session.id, stop_reason="crashed")
                line = f"{session.goal_id}: {session.kind} session {session.id} ended as crashed{_whose(process)}"
                lines.append(self._told(line, Actor("loop", session.id), session.goal_id))
        return lines

    def _count_conversations(self, session: Session) -> None:
        """Take what a plan session has spent from the steps of its conversations, its critics' too."""
        owners = [one for one in self._memory.state.steps if one == session.id or one.startswith(f"{session.id}/")]
        spent = sum((step.spending for one in owners for step in self._iterations.steps(one)), Spending())
        if spent.calls > session.spending.calls:
            self._memory.state.sessions[session.id] = replace(session, spending=spent)

    def _told(self, line: str, actor: Actor, node_id: NodeId) -> str:
        self._memory.tell(EventKind.RECOVERED, self._project_id, node_id, actor, {"what": line})
        return line


def _whose(process: ProcessIdentity | None) -> str:
    return f" (process {process.pid} on {process.host})" if process else ""
