"""Runs of checks, kept as evidence. It judges nothing: `verify` does, and the verdict stands with the iteration."""

from __future__ import annotations

from collections.abc import Iterable

from ostinato.base.ids import IterationId, NodeId, ProjectId, SessionId
from ostinato.graph.actors import Actor
from ostinato.graph.events import EventKind
from ostinato.graph.evidence import CheckPhase, CheckRun
from ostinato.store.database import Database, queries
from ostinato.store.events import EventStore
from ostinato.store.record_rows import decode_check_run
from ostinato.store.rows import encode_json


class EvidenceStore:
    """Keeps and returns check runs."""

    def __init__(self, db: Database, events: EventStore) -> None:
        self._db = db
        self._events = events
        self._sql = queries("iterations")

    def add_check_runs(
        self,
        project_id: ProjectId,
        runs: Iterable[CheckRun],
        *,
        session_id: SessionId | None = None,
        iteration_id: IterationId | None = None,
    ) -> None:
        """Keep the runs in their order, each with its event."""
        actor = Actor("loop", session_id, iteration_id)
        with self._db.transaction():
            for run in runs:
                self._db.execute(
                    self._sql["add_check_run"],
                    {
                        "project_id": project_id,
                        "session_id": session_id,
                        "iteration_id": iteration_id,
                        "owner_id": run.owner,
                        "phase": str(run.phase),
                        "command": run.command,
                        "status": str(run.status),
                        "exit_code": run.exit_code,
                        "seconds": run.seconds,
                        "output": run.output,
                        "flaky": int(run.flaky),
                        "failing_tests": encode_json(list(run.failing_tests)),
                        "at": self._db.now(),
                    },
                )
                payload = {
                    "command": run.command,
                    "status": str(run.status),
                    "exit_code": run.exit_code,
                    "seconds": run.seconds,
                    "phase": str(run.phase),
                }
                self._events.add(
                    EventKind.CHECK_ENDED, project_id=project_id, node_id=run.owner, actor=actor, payload=payload
                )

    def check_runs(
        self,
        *,
        iteration_id: IterationId | None = None,
        owner_id: NodeId | None = None,
        phase: CheckPhase | None = None,
    ) -> list[CheckRun]:
        """Return the runs that match all that is given, the oldest first."""
        rows = self._db.execute(
            self._sql["check_runs"],
            {"iteration_id": iteration_id, "owner_id": owner_id, "phase": str(phase) if phase else None},
        )
        return [decode_check_run(row) for row in rows]

    def red_commands(self, task_id: NodeId) -> set[str]:
        """Return the commands of the task that were ever red before its work: while planning, or on the base."""
        rows = self._db.execute(self._sql["red_commands"], {"task_id": task_id})
        return {row["command"] for row in rows}
