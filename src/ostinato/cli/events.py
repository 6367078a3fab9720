"""`ostinato events`: the stream of what happened, from the database. It keeps no state of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from ostinato.base.errors import NotFoundError
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, Scope, pass_invocation
from ostinato.cli.documents import event_document
from ostinato.cli.output import clean, json_line, remark, short_time
from ostinato.graph.events import Event

if TYPE_CHECKING:
    from ostinato.store.store import Store

_PAGE = 1000
_POLL_SECONDS = 0.2


@click.command(
    cls=Command,
    examples=("ostinato events --goal os-1a2b3c4d --limit 20", "ostinato events --follow --json"),
)
@click.option("--follow", is_flag=True, help="Go on with what happens; without --after, from now on. Ctrl-C ends it.")
@click.option("--after", type=click.IntRange(min=0), metavar="SEQ", help="Only events with a greater number.")
@click.option("--goal", metavar="ID", help="Only events of this goal and what it contains.")
@click.option("--limit", type=click.IntRange(min=1), help="End after so many.")
@pass_invocation
def events(invocation: Invocation, follow: bool, after: int | None, goal: str | None, limit: int | None) -> None:
    """Print what happened, the oldest first, one event per line."""
    store = invocation.reading()
    scope = invocation.scope(store, goal)
    if scope is None:
        if follow:
            raise NotFoundError("nothing to follow: this repository is not registered yet, `ostinato plan` does that")
        remark(invocation, "no events")
        return
    start = after if after is not None else (store.events.last_seq() if follow else 0)
    found = _followed(store, scope, start) if follow else _stored(store, scope, start)
    for count, event in enumerate(found, start=1):
        if invocation.json:
            json_line(event_document(event))
        else:
            click.echo(_line(event))
        if count == limit:
            return


def _stored(store: Store, scope: Scope, seq: int) -> Iterator[Event]:
    while page := store.events.after(seq, project_id=scope.project_id, goal_id=scope.goal_id, limit=_PAGE):
        yield from page
        seq = page[-1].seq


def _followed(store: Store, scope: Scope, seq: int) -> Iterator[Event]:
    """Yield stored events, then each new one soon after it was committed; ends only from outside."""
    while True:
        # Read before the events: a commit in between is then seen in the next round, never lost.
        version = store.db.data_version()
        for event in _stored(store, scope, seq):
            seq = event.seq
            yield event
        while store.db.data_version() == version:
            time.sleep(_POLL_SECONDS)


def _line(event: Event) -> str:
    about = event.node_id or event.iteration_id or event.session_id or ""
    facts = " ".join(
        f"{name}={value}" for name, value in event.payload.items() if name != "v" and value not in (None, "", [], {})
    )
    return clean(f"{event.seq:>5}  {short_time(event.at)}  {event.kind:<16}  {about}  {facts}".rstrip())
