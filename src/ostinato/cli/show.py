"""`ostinato show`: one command that shows whatever an id names. What is shown of each kind stands in `cli.show_*`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from ostinato.base.errors import NotFoundError, UsageError
from ostinato.base.ids import IterationId, NodeId, SessionId
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation

if TYPE_CHECKING:
    from ostinato.graph.types import Node
    from ostinato.store.store import Store

_LEAST_COMMIT = 7


class Parts(NamedTuple):
    """What is asked for: everything folded, everything `full`, or the parts that are named."""

    transcript: bool
    diff: bool
    evidence: bool
    tokens: bool
    full: bool

    @property
    def named(self) -> bool:
        """True when some part was named: then only those are shown."""
        return self.transcript or self.diff or self.evidence or self.tokens


@click.command(
    cls=Command,
    examples=(
        "ostinato show os-1a2b3c4d.2",
        "ostinato show iter-0f3c9a1b",
        "ostinato show iter-0f3c9a1b --transcript --full",
        "ostinato show iter-0f3c9a1b --tokens",
        "ostinato show 3f9c2ab81d   (the attempt that made a commit)",
    ),
)
@click.argument("identifier", metavar="ID")
@click.option("--transcript", is_flag=True, help="Of an attempt or session: only the conversation.")
@click.option("--diff", is_flag=True, help="Of an attempt: only what it changed.")
@click.option("--evidence", is_flag=True, help="Of an attempt: only the runs of checks.")
@click.option("--tokens", is_flag=True, help="Of an attempt or session: only the size of each request by section.")
@click.option("--full", is_flag=True, help="Fold and clip nothing.")
@pass_invocation
def show(
    invocation: Invocation, identifier: str, transcript: bool, diff: bool, evidence: bool, tokens: bool, full: bool
) -> None:
    """Show a goal, task, decision or any other node, an attempt (iteration), a session or a question.

    The beginning of an id is enough where only one begins like that; a commit names the attempt that made it.
    """
    parts = Parts(transcript, diff, evidence, tokens, full)
    store = invocation.reading()
    with store.db.reading():
        _show(invocation, store, _meant(store, identifier.strip()), parts)


def _show(invocation: Invocation, store: Store, identifier: str, parts: Parts) -> None:
    if identifier.startswith("iter-"):
        from ostinato.cli.show_iteration import show_iteration

        show_iteration(invocation, store, IterationId(identifier), parts)
        return
    if identifier.startswith("sess-"):
        from ostinato.cli.show_session import show_session

        show_session(invocation, store, SessionId(identifier), parts)
        return
    if parts.named:
        raise UsageError(f"{identifier} has no transcript, diff or evidence of its own: show one of its attempts")
    if identifier.startswith("appr-"):
        from ostinato.cli.show_session import show_question

        show_question(invocation, store, identifier)
        return
    _show_node(invocation, store, store.graph.get(NodeId(identifier)), full=parts.full)


def _show_node(invocation: Invocation, store: Store, node: Node, *, full: bool) -> None:
    """Show a node by its type: those that have a view of their own, and all others as `node show` does."""
    if node.node_type.value == "task":
        from ostinato.cli.show_task import show_task

        show_task(invocation, store, node, full=full)
    elif node.node_type.value == "goal":
        from ostinato.cli.show_goal import show_goal

        show_goal(invocation, store, node, full=full)
    elif node.node_type.value == "decision":
        from ostinato.cli.decision_view import show_decision

        show_decision(invocation, store, node.id)
    else:
        from ostinato.cli.node_view import print_node

        print_node(invocation, store, node.id)


def _meant(store: Store, identifier: str) -> str:
    """Return the one id that `identifier` is, begins, or that made it (a commit). Raises NotFoundError."""
    if not identifier:
        raise NotFoundError("which one? `ostinato status` lists goals, `ostinato tasks list` tasks")
    near = store.looking.near_ids(identifier)
    if identifier in near or (store.graph.find(NodeId(identifier)) is not None):
        return identifier
    # A goal's tasks begin like the goal: what all others lie below is meant.
    if near and all(other.startswith(f"{near[0]}.") for other in near[1:]):
        return near[0]
    if not near and len(identifier) >= _LEAST_COMMIT and set(identifier) <= set("0123456789abcdef"):
        made = store.looking.iterations_of_commit(identifier)
        if made:
            return made[0]
    raise NotFoundError(_unknown(store, identifier, near))


def _unknown(store: Store, identifier: str, near: list[str]) -> str:
    if near:
        return f"several ids begin with {identifier}: {', '.join(near)}"
    beginning = identifier
    while len(beginning) > identifier.find("-") + 3 and not near:
        beginning = beginning[:-1]
        near = store.looking.near_ids(beginning)
    if near:
        return f"there is no {identifier}; near are {', '.join(near)}"
    lists = {"iter-": "`ostinato show TASK` lists its attempts", "sess-": "`ostinato sessions list` lists them"}
    lists["appr-"] = "`ostinato approvals` lists what is open"
    usual = "`ostinato tasks list` lists tasks, `ostinato search` finds nodes by their words"
    told = next((text for kind, text in lists.items() if identifier.startswith(kind)), usual)
    return f"there is no {identifier}: {told}"
