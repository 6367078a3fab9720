"""Rows of sessions, iterations, check runs and approvals to values and back. No SQL lives here.

Decoding is strict: a row that cannot be read raises DatabaseError, and no value is ever guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ostinato.base.clock import parse_time
from ostinato.base.errors import DatabaseError
from ostinato.base.ids import ApprovalId, IterationId, NodeId, ProjectId, SessionId
from ostinato.base.process import ProcessIdentity
from ostinato.base.spending import Spending
from ostinato.graph.approvals import Approval
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.iterations import Ending, Iteration
from ostinato.graph.sessions import Session, SessionKind
from ostinato.store.database import Row
from ostinato.store.rows import encode_json


def decode_session(row: Row) -> Session:
    """Return the session of a whole `sessions` row."""
    with _readable("session", row):
        return Session(
            id=SessionId(row["id"]),
            project_id=ProjectId(row["project_id"]),
            goal_id=NodeId(row["goal_id"]),
            kind=SessionKind(row["kind"]),
            started_at=parse_time(row["started_at"]),
            ended_at=_moment(row["ended_at"]),
            handoff_notes=row["handoff_notes"],
            agent_ids=decode_texts(row["agent_ids"]),
            summary=row["summary"],
            stop_reason=row["stop_reason"],
            spending=decode_spending(row["spending"]),
        )


def decode_iteration(row: Row) -> Iteration:
    """Return the iteration of a whole `iterations` row."""
    with _readable("iteration", row):
        return Iteration(
            id=IterationId(row["id"]),
            session_id=SessionId(row["session_id"]),
            task_id=NodeId(row["task_id"]),
            attempt=row["attempt"],
            token=row["token"],
            base_commit=row["base_commit"],
            started_at=parse_time(row["started_at"]),
            ended_at=_moment(row["ended_at"]),
            ending=Ending(row["ending"]) if row["ending"] is not None else None,
            ending_message=row["ending_message"],
            verdict=row["verdict"],
            decision=row["decision"],
            reasons=decode_texts(row["reasons"]),
            commit=row["commit_id"],
            diff=row["diff"],
            fingerprint=row["fingerprint"],
            steps=row["steps"],
            spending=decode_spending(row["spending"]),
            transcript_gone_at=_moment(row["transcript_gone_at"]),
            evidence_gone_at=_moment(row["evidence_gone_at"]),
        )


def decode_check_run(row: Row) -> CheckRun:
    """Return the run of a whole `check_runs` row."""
    with _readable("check run", row):
        return CheckRun(
            command=row["command"],
            status=CheckStatus(row["status"]),
            exit_code=row["exit_code"],
            seconds=row["seconds"],
            output=row["output"],
            phase=CheckPhase(row["phase"]),
            owner=NodeId(row["owner_id"]) if row["owner_id"] is not None else None,
            flaky=bool(row["flaky"]),
            failing_tests=decode_texts(row["failing_tests"]),
        )


def decode_approval(row: Row) -> Approval:
    """Return the approval of a whole `approvals` row."""
    with _readable("approval", row):
        payload = json.loads(row["payload"])
        if not isinstance(payload, dict):
            raise ValueError("the payload is not an object")
        return Approval(
            id=ApprovalId(row["id"]),
            project_id=ProjectId(row["project_id"]),
            node_id=NodeId(row["node_id"]),
            kind=row["kind"],
            question=row["question"],
            payload=payload,
            asked_at=parse_time(row["asked_at"]),
            answered_at=_moment(row["answered_at"]),
            answer=row["answer"],
            reason=row["reason"],
        )


def decode_process(row: Row) -> ProcessIdentity | None:
    """Return the process of a row with the columns host, boot, pid and started; None when it names none."""
    if row["pid"] is None:
        return None
    return ProcessIdentity(row["host"], row["boot"], row["pid"], row["started"])


def process_columns(process: ProcessIdentity | None) -> dict[str, Any]:
    """Return the same four columns of a process, all None without one."""
    if process is None:
        return {"host": None, "boot": None, "pid": None, "started": None}
    return asdict(process)


def encode_spending(spending: Spending) -> str:
    """Return spending as JSON text."""
    return encode_json(asdict(spending))


def decode_spending(text: str) -> Spending:
    """Return the spending of JSON text, `{}` for none. Raises ValueError or TypeError for anything else."""
    found = json.loads(text)
    if not isinstance(found, dict) or not all(isinstance(v, int | float) or v is None for v in found.values()):
        raise ValueError(f"no spending: {text[:80]!r}")
    return Spending(**found)


def decode_texts(text: str) -> tuple[str, ...]:
    """Return a JSON list of texts. Raises ValueError for anything else."""
    found = json.loads(text)
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise ValueError(f"no list of texts: {text[:80]!r}")
    return tuple(found)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)


@contextmanager
def _readable(what: str, row: Row) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError) as error:
        raise DatabaseError(f"{what} {row['id']} cannot be read ({error}): restore a backup") from error
