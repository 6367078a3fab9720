"""Statuses of parents, made to agree with what lies below them: a source may call a parent done and its child not.

Pure; the same consequences as `store.transitions` draws from single changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ostinato.graph.importing.values import ImportedNode
from ostinato.graph.status import FINISHED
from ostinato.graph.types import NodeType, Status


def settled(nodes: Mapping[str, ImportedNode]) -> dict[str, Status]:
    """Return the stored statuses that must change, by key. `nodes` come parents first.

    A completed task or goal with open work below it is pending or active; a goal that is not finished is active when
    it has a task below it, and completed when all tasks and goals below it are finished.
    """
    below: dict[str | None, _Below] = {}
    found: dict[str, Status] = {}
    for key, node in reversed(list(nodes.items())):
        inside = below.pop(key, None) or _Below()
        status = _settled(node, inside)
        if status is not node.status:
            found[key] = status
        above = below.setdefault(node.parent_key, _Below())
        is_task, is_open = node.node_type is NodeType.TASK, status not in FINISHED
        above.has_task |= is_task or inside.has_task
        above.has_open_task |= (is_task and is_open) or inside.has_open_task
        above.has_open_goal |= (node.node_type is NodeType.GOAL and is_open) or inside.has_open_goal
    return found


def root_status(nodes: Mapping[str, ImportedNode]) -> Status:
    """Return the status of a goal that holds these nodes, which are settled."""
    kinds = (NodeType.TASK, NodeType.GOAL)
    work = [node for node in nodes.values() if node.node_type in kinds]
    if not any(node.node_type is NodeType.TASK for node in work):
        return Status.PENDING
    return Status.COMPLETED if all(node.status in FINISHED for node in work) else Status.ACTIVE


@dataclass(slots=True)
class _Below:
    """What lies below a node, at any depth."""

    has_task: bool = False
    has_open_task: bool = False
    has_open_goal: bool = False


def _settled(node: ImportedNode, inside: _Below) -> Status:
    if node.node_type is NodeType.TASK and node.status is Status.COMPLETED and inside.has_open_task:
        return Status.PENDING
    if node.node_type is not NodeType.GOAL or node.status is Status.CANCELLED:
        return node.status
    if inside.has_open_task:
        return Status.ACTIVE
    done = inside.has_task and not inside.has_open_goal and node.status in {Status.PENDING, Status.ACTIVE}
    return Status.COMPLETED if done else node.status
