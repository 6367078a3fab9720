"""Puts back what dead processes left: claims, iterations, sessions. It only re-queues and records, and resumes nothing.

One atomic claim decides afterwards who works on what, so recovering twice, or from two processes, does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostinato.base.ids import IterationId, NodeId, ProjectId, SessionId
from ostinato.base.process import ProcessIdentity, current_process, is_dead
from ostinato.base.spending import Spending
from ostinato.graph.actors import Actor
from ostinato.graph.events import EventKind
from ostinato.graph.iterations import Ending
from ostinato.graph.sessions import Session, SessionKind
from ostinato.graph.status import HELD
from ostinato.graph.types import Status
from ostinato.store.database import Row, queries
from ostinato.store.reading import slim_row
from ostinato.store.record_rows import decode_process, encode_spending
from ostinato.store.transitions import change_status

if TYPE_CHECKING:
    from ostinato.store.store import Store

CRASHED = "crashed"
_Dead = Callable[[ProcessIdentity], bool]


@dataclass(frozen=True, slots=True)
class _Claim:
    task_id: NodeId
    token: int
    session_id: SessionId | None
    iteration_id: IterationId | None
    process: ProcessIdentity | None
    lost: bool


def recover(
    store: Store, project_id: ProjectId, *, landed: Mapping[IterationId, str], dead: _Dead = is_dead
) -> list[str]:
    """Recover a project in one transaction; return one line for each thing, [] when there is nothing to do.

    `landed` maps iterations whose commit is on their goal's branch to that commit: those that are unfinished complete
    their task. The other unfinished iterations whose claim is lost end as crashed and use up no attempt. A claim is
    lost when its process is dead or its lease has run out; claims by hand and unexpired leases of processes that may
    live are never touched. Sessions of dead processes end with their notes. Idempotent.
    """
    with store.db.transaction():
        claims = _claims(store, project_id, dead)
        return [
            *_end_iterations(store, project_id, claims, landed),
            *_free_claims(store, project_id, claims),
            *_end_sessions(store, project_id, claims, dead),
        ]


def _claims(store: Store, project_id: ProjectId, dead: _Dead) -> list[_Claim]:
    now = store.db.now()
    rows = store.db.execute(queries("iterations")["claims"], {"project_id": project_id})
    return [_claim(row, now, dead) for row in rows]


def _claim(row: Row, now: str, dead: _Dead) -> _Claim:
    process = decode_process(row)
    # A lease outlives its time when its process hangs, sleeps or is on a host that we cannot look into: the token
    # refuses whatever such a worker still writes.
    expired = row["lease_until"] is not None and row["lease_until"] <= now
    return _Claim(
        task_id=NodeId(row["task_id"]),
        token=row["token"],
        session_id=row["session_id"],
        iteration_id=row["iteration_id"],
        process=process,
        lost=expired or (process is not None and dead(process)),
    )


def _end_iterations(
    store: Store, project_id: ProjectId, claims: list[_Claim], landed: Mapping[IterationId, str]
) -> Iterator[str]:
    held = {claim.token: claim for claim in claims}
    for iteration in store.iterations.unfinished(project_id):
        claim = held.get(iteration.token)
        if claim is not None and not claim.lost:
            continue
        actor = Actor("loop", iteration.session_id, iteration.id)
        who = _whose(claim.process if claim else None)
        if iteration.id in landed:
            commit = landed[iteration.id]
            store.iterations.complete_landed(iteration.id, commit)
            line = f"{iteration.task_id}: commit {commit[:12]} of {iteration.id} was on the branch, task completed"
        else:
            ending = Ending.CLAIM_LOST if claim is None else Ending.CRASHED
            store.iterations.abandon(iteration.id, ending, f"its worker is gone{who}")
            line = f"{iteration.task_id}: {iteration.id} ended as {ending}{who}, no attempt used up"
        yield _told(store, project_id, line, actor, iteration.task_id)


def _free_claims(store: Store, project_id: ProjectId, claims: list[_Claim]) -> Iterator[str]:
    """Free the lost claims that had begun no iteration; the others went with theirs."""
    sql = queries("iterations")
    for claim in claims:
        parameters = {"task_id": claim.task_id, "token": claim.token}
        if not claim.lost or store.db.one(sql["claim"], parameters) is None:
            continue
        actor = Actor("loop", claim.session_id)
        if Status(slim_row(store.db, claim.task_id)["status"]) in HELD:
            change_status(store.db, store.events, claim.task_id, Status.PENDING, actor=actor)
        store.db.execute(sql["drop_claim"], parameters)
        yield _told(store, project_id, f"{claim.task_id}: claim freed{_whose(claim.process)}", actor, claim.task_id)


def _end_sessions(store: Store, project_id: ProjectId, claims: list[_Claim], dead: _Dead) -> Iterator[str]:
    for session, process in store.sessions.open(project_id):
        if process is None or not (dead(process) or _went_silent(session, process, claims)):
            continue
        if session.kind is SessionKind.PLAN:
            _count_conversations(store, session)
        store.sessions.end(session.id, stop_reason=CRASHED)
        line = f"{session.goal_id}: {session.kind} session {session.id} ended as {CRASHED}{_whose(process)}"
        yield _told(store, project_id, line, Actor("loop", session.id), session.goal_id)


def _count_conversations(store: Store, session: Session) -> None:
    """Take what a plan session has spent from the steps of its conversations: the last of them was never added up."""
    owners = store.db.execute(queries("iterations")["conversations_of"], {"session_id": session.id})
    steps = (step for row in owners for step in store.iterations.steps(row["owner_id"]))
    spent = sum((step.spending for step in steps), Spending())
    if spent.calls > session.spending.calls:
        parameters = {"id": session.id, "spending": encode_spending(spent)}
        store.db.execute(queries("sessions")["set_spending"], parameters)


def _went_silent(session: Session, process: ProcessIdentity, claims: list[_Claim]) -> bool:
    """Tell whether a session on another host had a lease and let it run out: all that can be known of it from here."""
    own = [claim for claim in claims if claim.session_id == session.id]
    return process.host != current_process().host and bool(own) and all(claim.lost for claim in own)


def _whose(process: ProcessIdentity | None) -> str:
    return f" (process {process.pid} on {process.host})" if process else ""


def _told(store: Store, project_id: ProjectId, line: str, actor: Actor, node_id: NodeId) -> str:
    payload = {"what": line}
    store.events.add(EventKind.RECOVERED, project_id=project_id, node_id=node_id, actor=actor, payload=payload)
    return line
