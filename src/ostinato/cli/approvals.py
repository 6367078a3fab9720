"""`ostinato approvals`, `approve` and `reject`: what the harness asks a person, and the answers."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from ostinato.base.errors import UsageError
from ostinato.cli.answering import how_to_answer
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.documents import APPROVAL_FIELDS, approval_document
from ostinato.cli.layout import look_of
from ostinato.cli.listing import Listing, listing
from ostinato.cli.output import answer, clean, folded, short_time

if TYPE_CHECKING:
    from ostinato.graph.approvals import Approval


@click.command(cls=Command, examples=["ostinato approvals", "ostinato approvals --goal os-1f0c9a2e --json"])
@click.option("--goal", metavar="ID", help="Only questions about this goal and what it contains.")
@listing(APPROVAL_FIELDS)
@pass_invocation
def approvals(invocation: Invocation, goal: str | None, wanted: Listing) -> None:
    """List the questions that wait for an answer, oldest first, each with the commands that answer it."""
    store = invocation.reading()
    scope = invocation.scope(store, goal)
    asked = [] if scope is None else store.approvals.open(project_id=scope.project_id, goal_id=scope.goal_id)
    wanted.show_lines(invocation, asked, approval_document, _lines, "nothing waits for you")


def _lines(asked: Sequence[Approval]) -> Iterator[str]:
    """Yield each question with the commands that answer it."""
    look = look_of(sys.stdout)
    for one in asked:
        yield clean(f"{one.id}  {one.kind}  {one.node_id}  {short_time(one.asked_at)}")
        yield from look.lines(clean(one.question), "  ")
        yield from (clean(f"    {command}") for command in how_to_answer(one))


@click.command(
    cls=Command,
    examples=[
        "ostinato approve os-1f0c9a2e",
        "ostinato approve os-1f0c9a2e.3",
        'ostinato approve appr-5b21d6f0 --answer "keep the old flag"',
    ],
)
@click.argument("identifier", metavar="ID")
@click.option("--answer", "words", metavar="TEXT", help="The answer to a question that wants words.")
@pass_invocation
def approve(invocation: Invocation, identifier: str, words: str | None) -> None:
    """Approve the open question ID: its own id, or that of the goal (a plan) or task (a review) that it is about.

    A question of the planner wants --answer; `ostinato plan --goal` goes on with it. So does one about a task that goes
    in circles: the task is free again, and its next attempt is told the answer.
    """
    from ostinato.app.answers import approve_question

    invocation.touched = True
    if words is not None and not words.strip():
        raise UsageError("the answer is empty: say it in words")
    settled, said = approve_question(invocation.database, identifier, words and words.strip())
    answer(invocation, approval_document(settled), folded([clean(said)]))


@click.command(cls=Command, examples=['ostinato reject os-1f0c9a2e.3 --reason "it must keep the old flag working"'])
@click.argument("identifier", metavar="ID")
@click.option("--reason", required=True, help="Why; a rejected task's next attempt is told.")
@pass_invocation
def reject(invocation: Invocation, identifier: str, reason: str) -> None:
    """Reject the open question ID: a plan's goal is cancelled, a task goes back to work with the reason.

    A goal with accepted work keeps it: only the new plan is dropped. A question of the planner stays without an
    answer, and the planner is told the reason. A task that goes in circles stays blocked.
    """
    from ostinato.app.answers import reject_question

    invocation.touched = True
    settled, said = reject_question(invocation.database, identifier, reason)
    answer(invocation, approval_document(settled), folded([clean(said)]))
