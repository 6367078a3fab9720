"""Reads why a task is not ready. The reasons are those of `graph.why`; here they get their titles."""

from __future__ import annotations

from typing import NamedTuple

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.types import Node, NodeType, Status
from ostinato.graph.why import Why, why_waiting
from ostinato.store.database import Database, queries
from ostinato.store.derive import situation_upstream
from ostinato.store.reading import decode_rows, require_node, slim_row
from ostinato.store.rows import encode_json


class TaskWhy(NamedTuple):
    """A task with its reasons, which are None for a task that waits for nothing by the rules, and the named nodes."""

    task: Node
    why: Why | None
    named: dict[NodeId, Node]


def read_why(db: Database, task_id: NodeId) -> TaskWhy:
    """Return why a task is not ready, from one state of the graph. Raises NotFoundError, RuleError for another type."""
    with db.reading():
        task = require_node(db, task_id)
        if task.node_type is not NodeType.TASK:
            raise RuleError(f"{task_id} is a {task.node_type}: only a task can be ready")
        if slim_row(db, task_id)["status"] != Status.PENDING:
            return TaskWhy(task, None, {})
        why = why_waiting(situation_upstream(db, task_id), task_id)
        ids = {node_id for step in (*why.waits, *why.chain) for node_id in (step.by, step.id)}
        rows = db.execute(queries("looking")["nodes"], {"ids": encode_json(sorted(ids))})
        return TaskWhy(task, why, {node.id: node for node in decode_rows(rows)})
