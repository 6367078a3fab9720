"""Looking back over a whole goal or project: each question is one statement, however many tasks there are.

It writes nothing and judges nothing; `app.report` and `app.standing` make of it what a person wants to know.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ostinato.base.clock import format_time, parse_time
from ostinato.base.ids import IterationId, NodeId, ProjectId, SessionId
from ostinato.base.spending import Spending
from ostinato.graph.types import NodeType, Status
from ostinato.store.database import Database, Row, queries
from ostinato.store.rows import encode_json

if TYPE_CHECKING:
    from ostinato.graph.approvals import Approval
    from ostinato.graph.budgets import Account, Budget
    from ostinato.graph.edges import Edge
    from ostinato.graph.evidence import CheckRun
    from ostinato.graph.iterations import Iteration
    from ostinato.graph.types import Node

_TAIL = 2000
_NEAR = 6


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task or goal of a project in short. `status` and `reason` are the derived ones."""

    id: NodeId
    node_type: NodeType
    title: str
    status: Status
    reason: str | None
    parent_id: NodeId | None
    started_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """An iteration in short; `decision` is None while it runs."""

    id: IterationId
    session_id: SessionId
    goal_id: NodeId
    task_id: NodeId
    attempt: int
    commit: str | None
    decision: str | None
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepsCost:
    """What the steps of one conversation cost with one model on one day (UTC). `model` is "" where none was kept."""

    owner_id: str
    model: str
    day: str
    spending: Spending


@dataclass(frozen=True, slots=True)
class LastSign:
    """The newest event of a session."""

    at: datetime
    kind: str


class LookingStore:
    """Every method is one read. Call several inside `db.reading()` to see one state."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sql = queries("looking")

    def nodes_of_goal(self, goal_id: NodeId) -> list[Node]:
        """Return the tasks, decisions, options and observations below a goal, by created_at and natural id."""
        from ostinato.store.reading import decode_rows

        with self._db.reading():
            return decode_rows(self._db.execute(self._sql["nodes_of_goal"], {"goal_id": goal_id}))

    def nodes(self, ids: Iterable[NodeId]) -> list[Node]:
        """Return the nodes with these ids, by created_at and natural id; unknown ones are left out."""
        from ostinato.store.reading import decode_rows

        with self._db.reading():
            return decode_rows(self._db.execute(self._sql["nodes"], {"ids": encode_json(list(ids))}))

    def edges_of_goal(self, goal_id: NodeId) -> list[Edge]:
        """Return the chosen, rejected, informs and supersedes edges from nodes below a goal, the oldest first."""
        from ostinato.store.edge_rows import decode_edge

        return [decode_edge(row) for row in self._db.execute(self._sql["edges_of_goal"], {"goal_id": goal_id})]

    def iterations_of_goal(self, goal_id: NodeId) -> list[Iteration]:
        """Return the iterations of a goal's sessions, the oldest first, all with an empty diff."""
        from ostinato.store.record_rows import decode_iteration

        rows = self._db.execute(self._sql["iterations_of_goal"], {"goal_id": goal_id})
        return [decode_iteration(row) for row in rows]

    def committed_diffs(self, goal_id: NodeId) -> dict[str, str]:
        """Return iteration id → diff of what was committed for a goal."""
        return dict(self._db.tuples(self._sql["committed_diffs"], {"goal_id": goal_id}))

    def check_runs_of_goal(self, goal_id: NodeId) -> dict[str, list[CheckRun]]:
        """Return iteration id → runs of the task's own and the project's checks in it, the oldest first.

        What others' checks showed is left out. Outputs are ends of at most 2,000 characters, empty for passed runs.
        """
        from ostinato.store.record_rows import decode_check_run

        found: dict[str, list[CheckRun]] = defaultdict(list)
        parameters = {"goal_id": goal_id, "tail": _TAIL}
        for row in self._db.execute(self._sql["check_runs_of_goal"], parameters):
            found[row["iteration_id"]].append(decode_check_run(row))
        return dict(found)

    def steps_of(self, owners: Iterable[str]) -> list[StepsCost]:
        """Return what the model calls of these iterations and sessions cost, by conversation, model and day."""
        rows = self._db.execute(self._sql["steps_of"], {"owners": encode_json(list(owners))})
        return [_steps_cost(row) for row in rows]

    def talks_of(self, sessions: Iterable[SessionId]) -> list[str]:
        """Return the owners of the conversations inside sessions beside the main one, such as a plan's critics."""
        rows = self._db.execute(self._sql["talks_of"], {"sessions": encode_json(list(sessions))})
        return [row["owner_id"] for row in rows]

    def approvals_of_goal(self, goal_id: NodeId) -> list[Approval]:
        """Return the questions about a goal and what is below it, answered or not, the oldest first."""
        from ostinato.store.record_rows import decode_approval

        return [decode_approval(row) for row in self._db.execute(self._sql["approvals_of_goal"], {"goal_id": goal_id})]

    def paused(self, project_id: ProjectId | None = None) -> dict[NodeId, datetime]:
        """Return the paused goals and since when they are."""
        rows = self._db.execute(self._sql["paused"], {"project_id": project_id})
        return {NodeId(row["goal_id"]): parse_time(row["at"]) for row in rows}

    def budgets(self, project_id: ProjectId) -> dict[NodeId, tuple[Budget, Account]]:
        """Return the budgets and accounts of the goals with a budget of their own or a call that was never settled.

        The accounts tell no models.
        """
        from ostinato.graph.budgets import Account, Budget, Used

        found = {}
        for row in self._db.execute(self._sql["budgets"], {"project_id": project_id}):
            used = Used(row["calls"], row["tokens"], row["cost_usd"], row["unpriced"], row["seconds"])
            held = Used(row["held_calls"], row["held_tokens"], row["held_cost"], row["held_unpriced"])
            own = Budget(row["most_tokens"], row["most_cost"], row["most_seconds"])
            found[NodeId(row["id"])] = (own, Account({"": used}, held))
        return found

    def tasks_and_goals(self, project_id: ProjectId) -> list[TaskLine]:
        """Return all tasks and goals of a project in short, in no order."""
        with self._db.reading():
            rows = self._db.execute(self._sql["tasks_and_goals"], {"project_id": project_id})
        return [_task_line(row) for row in rows]

    def iterations_since(self, project_id: ProjectId, since: datetime) -> list[AttemptLine]:
        """Return the iterations of a project that run, or ended at `since` or later, the oldest first."""
        parameters = {"project_id": project_id, "since": format_time(since)}
        return [_attempt_line(row) for row in self._db.execute(self._sql["iterations_since"], parameters)]

    def last_sign(self, session_id: SessionId) -> LastSign | None:
        """Return the newest event of a session, or None."""
        row = self._db.one(self._sql["last_event"], {"session_id": session_id})
        return None if row is None else LastSign(parse_time(row["at"]), row["kind"])

    def last_step(self, owner_id: str) -> int:
        """Return the number of a conversation's newest step, 0 before the first."""
        row = self._db.one(self._sql["last_step"], {"owner_id": owner_id})
        return int(row["step"] or 0) if row else 0

    def near_ids(self, beginning: str, limit: int = _NEAR) -> list[str]:
        """Return at most `limit` ids of nodes, sessions, iterations and questions that begin like this (not empty)."""
        if not beginning.isascii():
            return []
        # A range, which the indexes of the ids serve: everything from the beginning on, before the next text as long.
        behind = beginning[:-1] + chr(ord(beginning[-1]) + 1)
        parameters = {"beginning": beginning, "behind": behind, "limit": limit}
        return [row["id"] for row in self._db.execute(self._sql["near"], parameters)]

    def iterations_of_commit(self, beginning: str, limit: int = _NEAR) -> list[IterationId]:
        """Return the iterations whose commit begins like this, the newest first."""
        parameters = {"beginning": beginning, "length": len(beginning), "limit": limit}
        return [IterationId(row["id"]) for row in self._db.execute(self._sql["of_commit"], parameters)]


def _task_line(row: Row) -> TaskLine:
    return TaskLine(
        id=NodeId(row["id"]),
        node_type=NodeType(row["node_type"]),
        title=row["title"],
        status=Status(row["spoken_status"]),
        reason=row["spoken_reason"],
        parent_id=NodeId(row["parent_id"]) if row["parent_id"] else None,
        started_at=_moment(row["started_at"]),
        completed_at=_moment(row["completed_at"]),
    )


def _attempt_line(row: Row) -> AttemptLine:
    return AttemptLine(
        id=IterationId(row["id"]),
        session_id=SessionId(row["session_id"]),
        goal_id=NodeId(row["goal_id"]),
        task_id=NodeId(row["task_id"]),
        attempt=row["attempt"],
        commit=row["commit_id"],
        decision=row["decision"],
        started_at=parse_time(row["started_at"]),
        ended_at=_moment(row["ended_at"]),
    )


def _steps_cost(row: Row) -> StepsCost:
    kinds = ("input", "cached_input", "cache_write", "output", "reasoning", "calls")
    cost = None if row["unknown"] else float(row["cost_usd"] or 0.0)
    spending = Spending(**{kind: int(row[kind]) for kind in kinds}, cost_usd=cost)
    return StepsCost(row["owner_id"], row["model"], row["day"], spending)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)
