"""What the drafts of an accepted plan become in the graph. Pure; `store.plans` makes it."""

from __future__ import annotations

from ostinato.base.ids import NodeId
from ostinato.graph.actors import Actor
from ostinato.graph.plan import TaskDraft
from ostinato.graph.requests import NewNode
from ostinato.graph.types import NodeType, TaskDetails

SEEN_RED = "red on the base when the plan was checked"
"""The output that is kept with a check which was red before the plan was accepted."""


def task_node(task: TaskDraft, parent_id: NodeId, actor: Actor) -> NewNode:
    """Return the task that a draft asks for; what it depends on and replaces is joined when all tasks are there."""
    return NewNode(
        NodeType.TASK,
        task.title,
        task.description,
        parent_id=parent_id,
        priority=task.priority,
        created_by=actor.by,
        details=TaskDetails(
            acceptance_criteria=task.acceptance_criteria,
            checks=task.checks,
            file_scope=task.file_scope,
            complexity=task.complexity,
            profile=task.profile,
            judge=task.judge,
        ),
    )
