"""Keeps a new plan from proposing again what has failed: the same work with the same proof is the same. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ostinato.base.text import clip, one_line
from ostinato.graph.plan import Finding, PlanDraft, TaskDraft
from ostinato.graph.replacing import Standing
from ostinato.graph.types import Node, Status

_GAVE_UP = frozenset({Status.FAILED, Status.BLOCKED, Status.CANCELLED})


def check_tried(draft: PlanDraft, standing: Standing) -> list[Finding]:
    """Return a finding for each task of the draft that is one whose attempts failed, unchanged.

    Unchanged is the same description with the same checks; another title alone makes no other task of it.
    """
    failed = [task for task in standing.tasks.values() if task.status in _GAVE_UP and task.task.attempts]
    return [finding for task in draft.tasks for finding in _again(task, failed)]


def _again(task: TaskDraft, failed: list[Node]) -> Iterator[Finding]:
    for old in failed:
        if _wanted(task) == _was(old):
            used, why = old.task.attempts, f" ({clip(one_line(old.blocked_reason), 200)})" if old.blocked_reason else ""
            said = (
                f"this is {old.id} unchanged, which failed {used} times{why}: propose another way to do it, in smaller "
                "tasks or with another check, or leave it to the person"
            )
            yield Finding("tried", said, task.key)
            return


def _wanted(task: TaskDraft) -> tuple[str, list[str]]:
    return _same(task.description or task.title), sorted(check.command.strip() for check in task.checks)


def _was(task: Node) -> tuple[str, list[str]]:
    return _same(task.description or task.title), sorted(check.command.strip() for check in task.task.checks)


def _same(text: str) -> str:
    return " ".join(text.split()).casefold()
