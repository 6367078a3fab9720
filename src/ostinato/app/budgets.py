"""The budgets that the configuration gives to goals and tasks without numbers of their own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ostinato.config.load import load_settings
from ostinato.config.paths import user_config_file
from ostinato.config.settings import LimitSettings
from ostinato.graph.budgets import Budget
from ostinato.graph.types import Node, NodeType

if TYPE_CHECKING:
    from ostinato.store.store import Store


def goal_budget(limits: LimitSettings) -> Budget:
    """Return what `[limits] goal_…` gives each goal."""
    return Budget(limits.goal_tokens, limits.goal_cost, _seconds(limits.goal_minutes))


def task_budget(limits: LimitSettings) -> Budget:
    """Return what `[limits] task_…` gives each task."""
    return Budget(limits.task_tokens, limits.task_cost, _seconds(limits.task_minutes))


def default_budget(store: Store, node: Node) -> Budget:
    """Return what the settings of the node's project give it; the person's alone where its repository is gone."""
    path = next((Path(one.path) for one in store.projects.list() if one.id == node.project_id), None)
    here = path if path is not None and path.is_dir() else None
    limits = load_settings(here, user_config_file(os.environ), os.environ).settings.limits
    return goal_budget(limits) if node.node_type is NodeType.GOAL else task_budget(limits)


def _seconds(minutes: float | None) -> float | None:
    return None if minutes is None else minutes * 60
