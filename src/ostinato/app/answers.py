"""A person's answers to the harness's questions, carried out at once where that needs no command to be run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ostinato.app import open_store_for
from ostinato.base.errors import ClaimLostError, RuleError, UsageError
from ostinato.base.ids import IterationId
from ostinato.base.text import many
from ostinato.graph.approvals import HELP, Approval
from ostinato.graph.types import Node, Status

if TYPE_CHECKING:
    from ostinato.store.store import Store


def approve_question(database: Path | None, identifier: str, words: str | None = None) -> tuple[Approval, str]:
    """Approve an open question (its id, or its goal's or task's), or answer it in words where it asks for them.

    Returns it and one line on what follows. Raises UsageError for words where none are asked for, and without them
    where they are.
    """
    store = open_store_for(database, create=True)
    try:
        with store.db.transaction():
            settled = store.approvals.answer(identifier, "approved" if words is None else "answered", words)
            if (settled.kind in {"question", HELP}) is not (words is not None):
                raise UsageError(_answer_wanted(settled))
            if settled.kind == "question":
                return settled, f"Answered. Next: ostinato plan --goal {settled.node_id}"
            if settled.kind == HELP:
                store.tasks.retry(settled.node_id, words)
                return settled, f"Answered; {settled.node_id} is free again, and its next attempt has your answer."
            if settled.kind == "plan":
                goal = settled.node_id
                tasks = many(len(store.plans.accept(goal)), "task")
                return settled, f"Accepted: {goal} has {tasks}. Next: ostinato ralph {goal}"
        return settled, _complete_if_unmoved(store, settled)
    finally:
        store.close()


def reject_question(database: Path | None, identifier: str, reason: str) -> tuple[Approval, str]:
    """Reject an open question with a reason; return it and one line on what follows."""
    store = open_store_for(database, create=True)
    try:
        with store.db.transaction():
            settled = store.approvals.answer(identifier, "rejected", reason)
            if settled.kind == "plan":
                store.plans.reject(settled.node_id, reason)
                return settled, rejected_words(store.graph.get(settled.node_id))
            if settled.kind == "question":
                return settled, f"Not answered, with your reason. Next: ostinato plan --goal {settled.node_id}"
            if settled.kind == HELP:
                return settled, _left_blocked(settled.node_id)
            iteration = IterationId(str(settled.payload["iteration"]))
            node = store.reviews.reject(settled.node_id, iteration, reason, _attempts(store, settled))
            what = "has failed" if node.status is Status.FAILED else "goes back to work with your reason"
            return settled, f"Rejected; {settled.node_id} {what}."
    finally:
        store.close()


def _left_blocked(task_id: str) -> str:
    retry, drop = f"`ostinato tasks retry {task_id}`", f"`ostinato node set {task_id} --status cancelled`"
    return f"Not answered; {task_id} stays blocked: {retry} frees it, {drop} drops it."


def rejected_words(goal: Node) -> str:
    """Return what became of the goal whose plan was rejected, as one line."""
    what = "is cancelled" if goal.status is Status.CANCELLED else "goes on with the work that it has"
    return f"Rejected; {goal.id} {what}."


def _answer_wanted(asked: Approval) -> str:
    if asked.kind == HELP:
        return f"{asked.id} asks what the next attempt should know, answer it with --answer TEXT: {asked.question}"
    if asked.kind == "question":
        options = ", ".join(map(str, asked.payload.get("options", ())))
        listed = f" (options: {options})" if options else ""
        return f"{asked.id} is a question, answer it with --answer TEXT: {asked.question}{listed}"
    return f"{asked.id} asks for a decision, not for words: leave out --answer"


def _complete_if_unmoved(store: Store, settled: Approval) -> str:
    """Commit approved work whose base is still the tip; what has moved on is proven again by the next ralph run."""
    from ostinato.git.goal_branch import GitGoalBranch
    from ostinato.git.repository import Repository
    from ostinato.loop.review import approve_as_it_is

    goal = store.graph.goal_of(settled.node_id)
    if goal is None:
        raise RuleError(f"{settled.node_id} belongs to no goal any more")
    branch = GitGoalBranch(Repository.find(Path(store.projects.get(settled.project_id).path)))
    later = f"Approved; the goal's branch has moved on, so the next `ostinato ralph {goal.id}` proves it again first."
    if settled.payload["commit"] and branch.find(goal.id) != settled.payload["base"]:
        return later
    try:
        approve_as_it_is(store, branch, goal, store.graph.get(settled.node_id), settled)
    except ClaimLostError:
        return later
    return f"Approved; {settled.node_id} is completed."


def _attempts(store: Store, settled: Approval) -> int:
    import os

    from ostinato.config.load import load_settings
    from ostinato.config.paths import user_config_file

    path = Path(store.projects.get(settled.project_id).path)
    return load_settings(path, user_config_file(os.environ), os.environ).settings.limits.attempts
