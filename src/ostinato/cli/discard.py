"""`ostinato discard`: gives a goal up. It asks first, and says where the commits can still be found."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ostinato.base.errors import UsageError
from ostinato.base.text import many
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, goal_node, pass_invocation
from ostinato.cli.layout import look_of, somebody_there
from ostinato.cli.output import answer, clean

if TYPE_CHECKING:
    from ostinato.app.discard import Discarded


@click.command(cls=Command, examples=("ostinato discard os-1f0c9a2e", "ostinato discard os-1f0c9a2e --json"))
@click.argument("goal")
@click.option("--yes", is_flag=True, help="Discard without asking.")
@pass_invocation
def discard(invocation: Invocation, goal: str, yes: bool) -> None:
    """Give GOAL up: its branch is dropped, the goal and its open tasks are cancelled, its questions withdrawn.

    What was completed stays in the graph as history, and what has landed stays where it is. The commits stay findable
    under `refs/ostinato/discarded/GOAL` until you remove that. Refused while a session works on the goal.
    """
    import asyncio

    from ostinato.app.discard import Discarding

    store = invocation.store_to_write()
    work = Discarding(store, goal_node(store, goal))
    asyncio.run(work.recover())
    seen = work.outlook()
    if seen.nothing:
        answer(invocation, _document(seen), [clean(f"Nothing is left of {goal} to discard.")])
        return
    if not yes:
        _ask(invocation, seen)
    done = work.carry_out()
    answer(invocation, _document(done), _told(done))


def _ask(invocation: Invocation, seen: Discarded) -> None:
    """Ask the person at the terminal. Raises UsageError where there is none, and for a no."""
    if invocation.json or not somebody_there():
        raise UsageError(f"discarding {seen.goal.id} asks first, so nothing was done: --yes answers it")
    look = look_of(sys.stderr)
    for line in _lines(f"{seen.goal.id} {seen.goal.title}", seen):
        lead = " " * (len(line) - len(line.lstrip()))
        click.echo("\n".join(look.lines(line.lstrip(), lead, f"{lead}  ")), err=True)
    if not click.confirm("Discard it?", default=False, err=True):
        raise UsageError("not discarded")


def _lines(head: str, seen: Discarded) -> Iterator[str]:
    going = seen.going
    yield clean(head)
    if seen.tip:
        yield clean(f"  branch {seen.branch} with {many(seen.commits, 'commit')} that no branch of yours has")
    if seen.reviews:
        yield f"  {many(seen.reviews, 'change')} kept for a review"
    if going.open_nodes:
        yield f"  {many(len(going.open_nodes), 'open task')} cancelled: {_few([n.id for n in going.open_nodes])}"
    if going.draft:
        yield "  a plan that waits to be accepted"
    if going.questions:
        yield f"  {many(going.questions, 'question')} withdrawn"
    if going.completed:
        yield f"  {many(going.completed, 'completed task')} in the graph: they stay as history"


def _told(done: Discarded) -> Iterator[str]:
    yield from _lines(f"Discarded {done.goal.id} {done.goal.title}", done)
    if done.kept:
        yield f"  the commits are kept: git branch NAME {done.kept} brings them back"


def _document(done: Discarded) -> dict[str, Any]:
    return {
        "goal_id": done.goal.id,
        "status": done.goal.status,
        "branch": done.branch if done.tip else None,
        "commit": done.tip,
        "commits": done.commits,
        "kept": done.kept,
        "reviews": done.reviews,
        "cancelled": [node.id for node in done.going.open_nodes],
        "completed": done.going.completed,
        "questions": done.going.questions,
        "draft": done.going.draft,
    }


def _few(names: list[Any]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
