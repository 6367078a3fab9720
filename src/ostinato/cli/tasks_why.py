"""How `tasks why` tells why a task is not ready: all that it waits for, and the way to the nearest obstacle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ostinato.base.ids import NodeId
from ostinato.cli.context import Invocation
from ostinato.cli.output import answer, clean, columns, short_time
from ostinato.graph.types import Node, Status
from ostinato.graph.why import CONTAINS, DEPENDS_ON, LIES_IN, Step
from ostinato.store.store import Store
from ostinato.store.why import TaskWhy, read_why

_HOW = {DEPENDS_ON: "depends on", LIES_IN: "lies in", CONTAINS: "contains"}


def print_why(invocation: Invocation, store: Store, task_id: NodeId) -> None:
    """Print why a task is not ready; with --json `waits_for` and `chain` are lists of steps, empty where none is."""
    found = read_why(store.db, task_id)
    waits, chain = (found.why.waits, found.why.chain) if found.why else ((), ())
    document = {
        "id": found.task.id,
        "title": found.task.title,
        "status": found.task.status,
        "ready": found.task.status is Status.READY,
        "reason": _reason(found),
        "waits_for": [_document(step, found) for step in waits],
        "chain": [_document(step, found) for step in chain],
        "obstacle": chain[-1].id if chain else None,
    }
    answer(invocation, document, _lines(document, found, waits, chain))


def _document(step: Step, found: TaskWhy) -> dict[str, Any]:
    return {"by": step.by, "how": step.how, "id": step.id, "status": step.status, "title": found.named[step.id].title}


def _lines(document: dict[str, Any], found: TaskWhy, waits: Sequence[Step], chain: Sequence[Step]) -> Iterator[str]:
    yield clean(f"{document['id']}: {document['title']} [{document['status']}]")
    yield clean(f"  {document['reason']}")
    if waits:
        yield from ("", "waits for")
        yield from columns([_row(step, found) for step in waits])
    if len(chain) > 1:
        yield from ("", "the way to the nearest obstacle")
        yield from columns([_row(step, found) for step in chain])


def _row(step: Step, found: TaskWhy) -> tuple[object, ...]:
    return f"  {step.by}", _HOW[step.how], step.id, step.status, found.named[step.id].title


def _reason(found: TaskWhy) -> str:
    """Return why the task is not ready, in one sentence; nothing in it is escaped."""
    task = found.task
    if task.status is Status.READY:
        return "it is ready: nothing holds it up"
    if found.why is None:
        return _settled(task)
    if not found.why.chain:
        return "it waits for nothing"
    last = found.named[found.why.chain[-1].id]
    cause = f", for this reason: {last.blocked_reason}" if last.blocked_reason else ""
    return f"what holds it up is {last.id} ({last.status}){cause}"


def _settled(task: Node) -> str:
    said = {
        Status.CLAIMED: f"{task.assigned_to} has claimed it",
        Status.IN_PROGRESS: f"{task.assigned_to} works on it",
        Status.REVIEW: "it is done and waits for a review: `ostinato approvals` shows it",
        Status.COMPLETED: f"it was completed at {short_time(task.completed_at)} UTC",
        Status.CANCELLED: "it is cancelled",
        Status.FAILED: "it failed",
        Status.BLOCKED: "it was blocked",
    }
    reason = f": {task.blocked_reason}" if task.blocked_reason else ""
    return said[task.status] + reason
