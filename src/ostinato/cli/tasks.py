"""`ostinato tasks`: the ready list, claims by hand, retries. The order and the rules are the store's.

`next` is the command that other programs ask most: what it does not need is imported by the commands that do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from ostinato.base.ids import NodeId
from ostinato.cli.command import Group
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.documents import NODE_FIELDS, node_document
from ostinato.cli.listing import Listing, listing
from ostinato.cli.output import answer, clean, columns, remark
from ostinato.cli.tasks_tree import TREE_FIELDS, print_tree
from ostinato.graph.types import Node, NodeType, Priority, Status

NOTHING = 3
"""Exit code of `next` and `claim` when no task is ready."""

_HEADS = ("id", "status", "priority", "title")
_STATUSES = [status.value for status in Status]

goal_option = click.option("--goal", metavar="ID", help="Only tasks of this goal.")


@click.group(cls=Group, examples=("ostinato tasks ready", "ostinato tasks next --json", "ostinato tasks tree"))
def tasks() -> None:
    """List, claim, release and retry tasks."""


@tasks.command("list", examples=("ostinato tasks list", "ostinato tasks list --status failed --goal os-1a2b3c4d"))
@click.option("--status", type=click.Choice(_STATUSES), help="Only tasks with this status.")
@click.option("--priority", type=click.Choice([one.value for one in Priority]), help="Only tasks with this priority.")
@click.option("--label", metavar="TEXT", help="Only tasks with this label.")
@goal_option
@listing(NODE_FIELDS)
@pass_invocation
def list_(invocation: Invocation, wanted: Listing, goal: str | None, **given: Any) -> None:
    """List tasks in the order of their making."""
    from ostinato.graph.requests import NodeFilter

    store = invocation.reading()
    scope = invocation.scope(store, goal)
    found: list[Node] = []
    if scope is not None:
        conditions = NodeFilter(
            project_id=scope.project_id,
            goal_id=scope.goal_id,
            node_type=NodeType.TASK,
            status=None if given["status"] is None else Status(given["status"]),
            priority=None if given["priority"] is None else Priority(given["priority"]),
            label=given["label"],
            limit=wanted.probe,
        )
        found = store.graph.query(conditions)
    wanted.show(invocation, found, node_document, _row, heads=_HEADS, nothing="no tasks")


@tasks.command("ready", examples=("ostinato tasks ready --limit 5", "ostinato tasks ready --fields id,title --json"))
@goal_option
@listing(NODE_FIELDS)
@pass_invocation
def ready(invocation: Invocation, goal: str | None, wanted: Listing) -> None:
    """List the ready tasks, the next one first."""
    store = invocation.reading()
    scope = invocation.scope(store, goal)
    found: list[Node] = []
    if scope is not None:
        found = store.tasks.ready(project_id=scope.project_id, goal_id=scope.goal_id, limit=wanted.probe)
    wanted.show(invocation, found, node_document, _row, heads=_HEADS, nothing="no task is ready")


@tasks.command("next", examples=("ostinato tasks next", "ostinato tasks next --json"))
@goal_option
@pass_invocation
def next_(invocation: Invocation, goal: str | None) -> int:
    """Show the task to work on next. Exit code 3 when none is ready (with --json: null)."""
    store = invocation.reading()
    scope = invocation.scope(store, goal)
    found = None
    if scope is not None:
        found = store.tasks.next(project_id=scope.project_id, goal_id=scope.goal_id)
    return _print_one(invocation, found)


@tasks.command(
    "tree", examples=("ostinato tasks tree", "ostinato tasks tree --goal os-1a2b3c4d --fields id,status,title")
)
@click.option("--goal", metavar="ID", help="Only this goal.")
@listing(TREE_FIELDS)
@pass_invocation
def tree(invocation: Invocation, goal: str | None, wanted: Listing) -> None:
    """Show goals with their tasks beneath. With --json each node has its tasks under `children`.

    With --fields that leave `children` out it is one flat list in the order of the tree.
    """
    from ostinato.graph.requests import NodeFilter

    store = invocation.reading()
    scope = invocation.scope(store, goal)
    goals: list[Node] = []
    if scope is not None and scope.goal_id is not None:
        goals = [store.graph.get(scope.goal_id)]
    elif scope is not None:
        found = store.graph.query(NodeFilter(project_id=scope.project_id, node_type=NodeType.GOAL))
        # A goal in another one stands in the tree of that.
        goals = [goal for goal in found if goal.parent_id is None]
    print_tree(invocation, wanted, [(top, store.graph.descendants(top.id)) for top in goals])


@tasks.command("why", examples=("ostinato tasks why os-1a2b3c4d.2", "ostinato tasks why os-1a2b3c4d.2 --json"))
@click.argument("identifier", metavar="ID")
@pass_invocation
def why(invocation: Invocation, identifier: str) -> None:
    """Say why a task is not ready.

    It names all that the task waits for, and the way to the nearest obstacle.
    """
    from ostinato.cli.tasks_why import print_why

    print_why(invocation, invocation.reading(), NodeId(identifier))


@tasks.command(
    "claim",
    examples=("ostinato tasks claim --agent me", "ostinato tasks claim os-1a2b3c4d.2 --agent me --json"),
)
@click.argument("identifier", metavar="[ID]", required=False)
@click.option("--agent", metavar="NAME", required=True, help="Who claims it.")
@goal_option
@pass_invocation
def claim(invocation: Invocation, identifier: str | None, agent: str, goal: str | None) -> int:
    """Claim a task for work by hand. Without ID it is the next ready one; exit code 3 when none is ready.

    Exactly one claimant gets a task. Such a claim has no lease: `ostinato tasks release` gives it back.
    """
    with invocation.writing() as store:
        if identifier is not None:
            found = store.tasks.claim(agent, task_id=NodeId(identifier))
        else:
            scope = invocation.scope(store, goal)
            found = None
            if scope is not None:
                found = store.tasks.claim(agent, project_id=scope.project_id, goal_id=scope.goal_id)
    return _print_one(invocation, found)


@tasks.command("release", examples=("ostinato tasks release os-1a2b3c4d.2",))
@click.argument("identifier", metavar="ID")
@pass_invocation
def release(invocation: Invocation, identifier: str) -> None:
    """Give a claimed task back."""
    with invocation.writing() as store:
        store.tasks.release(NodeId(identifier))
        node = store.graph.get(NodeId(identifier))
    _print_changed(invocation, node)


@tasks.command("retry", examples=("ostinato tasks retry os-1a2b3c4d.2 --hint 'the port is 8081'",))
@click.argument("identifier", metavar="ID")
@click.option("--hint", metavar="TEXT", help="What the next attempt should know.")
@pass_invocation
def retry(invocation: Invocation, identifier: str, hint: str | None) -> None:
    """Let a failed or blocked task be tried again. It has all its attempts again, and --hint stands beside it."""
    with invocation.writing() as store:
        node = store.tasks.retry(NodeId(identifier), hint)
    _print_changed(invocation, node)


@tasks.command("reopen", examples=("ostinato tasks reopen os-1a2b3c4d.2",))
@click.argument("identifier", metavar="ID")
@pass_invocation
def reopen(invocation: Invocation, identifier: str) -> None:
    """Open a completed task again."""
    with invocation.writing() as store:
        node = store.tasks.reopen(NodeId(identifier))
    _print_changed(invocation, node)


def _print_one(invocation: Invocation, node: Node | None) -> int:
    if node is None:
        remark(invocation, "no task is ready")
        answer(invocation, None, ())
        return NOTHING
    answer(invocation, node_document(node), _table([node]))
    return 0


def _print_changed(invocation: Invocation, node: Node) -> None:
    answer(invocation, node_document(node), [clean(f"{node.id}: {node.status}")])


def _table(nodes: Sequence[Node]) -> Iterator[str]:
    """Yield the lines for a person: laid out only when they are read, which --json does not."""
    yield from columns([_row(node) for node in nodes])


def _row(node: Node) -> tuple[object, ...]:
    reason = f" — {node.blocked_reason}" if node.blocked_reason else ""
    return node.id, node.status, node.priority or "-", node.title + reason
