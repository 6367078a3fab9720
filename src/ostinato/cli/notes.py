"""`ostinato notes`: the handoff notes as they would be now, byte for byte. Other programs check these bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ostinato.base.errors import NotFoundError
from ostinato.base.ids import NodeId, natural_key
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, goal_node, pass_invocation
from ostinato.cli.output import exact, json_line
from ostinato.graph.requests import NodeFilter
from ostinato.graph.types import NodeType, Status

if TYPE_CHECKING:
    from ostinato.store.store import Store


@click.command(cls=Command, examples=("ostinato notes", "ostinato notes --goal os-1a2b3c4d"))
@click.option("--goal", metavar="ID", help="Of this goal; without it the only open goal, else the latest.")
@pass_invocation
def notes(invocation: Invocation, goal: str | None) -> None:
    """Print what the next session must know: done, remaining, blocked, decisions made.

    The text is exact and made for agents as well; nothing in it is shortened or escaped.
    """
    store = invocation.reading()
    goal_id = _present_goal(invocation, store) if goal is None else goal_node(store, goal).id
    text = store.graph.notes(goal_id)
    if invocation.json:
        json_line({"goal_id": goal_id, "notes": text})
    else:
        exact(text)


def _present_goal(invocation: Invocation, store: Store) -> NodeId:
    project = invocation.project(store)
    goals = []
    if project is not None:
        goals = store.graph.query(NodeFilter(project_id=project.id, node_type=NodeType.GOAL))
    if not goals:
        raise NotFoundError("there is no goal yet: `ostinato plan` makes one")
    still_open = [goal for goal in goals if goal.status in {Status.PENDING, Status.ACTIVE}]
    return max(still_open or goals, key=lambda goal: (goal.created_at, natural_key(goal.id))).id
