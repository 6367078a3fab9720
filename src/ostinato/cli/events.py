"""`ostinato events`: the stream of what happened, from the database. It keeps no state of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from ostinato.base.errors import UsageError
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, Scope, pass_invocation
from ostinato.cli.documents import EVENT_FIELDS, event_document
from ostinato.cli.listing import Listing, listing
from ostinato.cli.output import clean, remark, short_time
from ostinato.graph.events import Event, EventKind

if TYPE_CHECKING:
    from ostinato.store.store import Store

_PAGE = 1000
_POLL_SECONDS = 0.2


@click.command(
    cls=Command,
    examples=(
        "ostinato events --goal os-1a2b3c4d --limit 20",
        "ostinato events --follow",
        "ostinato events --kind iteration --kind commit --readable",
        "ostinato events --follow --json --fields seq,kind,node_id",
    ),
)
@click.option("--follow", is_flag=True, help="Go on with what happens; without --after, from now on. Ctrl-C ends it.")
@click.option("--after", type=click.IntRange(min=0), metavar="SEQ", help="Only events with a greater number.")
@click.option("--goal", metavar="ID", help="Only events of this goal and what it contains.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only these: check.ended, or check for all such.")
@click.option(
    "--readable/--raw",
    default=None,
    help="Lines as `ralph` shows them, or each event with all its facts; by default readable with --follow only.",
)
@listing(EVENT_FIELDS)
@pass_invocation
def events(
    invocation: Invocation,
    follow: bool,
    after: int | None,
    goal: str | None,
    kinds: tuple[str, ...],
    readable: bool | None,
    wanted: Listing,
) -> None:
    """Print what happened, the oldest first, one event per line.

    With --follow it waits for a project that is not registered yet, and for a database that is not there.
    """
    of_kinds = _of_kinds(kinds)
    store = invocation.reading()
    scope = invocation.scope(store, goal)
    if scope is None and not follow:
        remark(invocation, "no events")
        return
    if scope is None:
        store, scope = _awaited(invocation)
        after = after or 0
    start = after if after is not None else (store.events.last_seq() if follow else 0)
    found = _followed(store, scope, start) if follow else _stored(store, scope, start)
    show = _shower(invocation, store, wanted, readable=follow if readable is None else readable)
    count = 0
    for event in found:
        if of_kinds is not None and event.kind not in of_kinds:
            continue
        if count == wanted.limit:
            wanted.say_more(invocation)
            return
        show(event)
        count += 1
        if follow and count == wanted.limit:
            return


def _shower(invocation: Invocation, store: Store, wanted: Listing, *, readable: bool) -> Callable[[Event], None]:
    """Return what prints one event: as JSON, as the lines of the live progress, or whole on one line."""
    if invocation.json or wanted.fields is not None or not readable:
        return lambda event: wanted.show_one(invocation, event_document(event), lambda: [event_line(event)])
    # Late: programs that read the stream want no words.
    from ostinato.cli.event_story import Story

    story = Story(store)

    def show(event: Event) -> None:
        for line in story.of(event):
            click.echo(f"{event.at:%H:%M:%S} {line}")

    return show


def _of_kinds(kinds: tuple[str, ...]) -> frozenset[EventKind] | None:
    """Return the kinds that were named, whole or by the word before the full stop. Raises UsageError."""
    if not kinds:
        return None
    found: set[EventKind] = set()
    for name in kinds:
        those = {kind for kind in EventKind if name in {kind.value, kind.value.partition(".")[0]}}
        if not those:
            raise UsageError(f"there are no events of the kind {name}: {', '.join(kind.value for kind in EventKind)}")
        found |= those
    return frozenset(found)


def _awaited(invocation: Invocation) -> tuple[Store, Scope]:
    """Wait until the present project is registered; all its events are still to come then."""
    remark(invocation, "this repository is not registered yet: waiting until something happens (Ctrl-C ends it)")
    while True:
        time.sleep(_POLL_SECONDS)
        # A database that was not there reads as an empty one for ever: it must be opened again.
        invocation.close()
        store = invocation.reading()
        scope = invocation.scope(store, None)
        if scope is not None:
            return store, scope


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


def event_line(event: Event) -> str:
    """Return an event with all its facts on one line."""
    about = event.node_id or event.iteration_id or event.session_id or ""
    facts = " ".join(
        f"{name}={value}" for name, value in event.payload.items() if name != "v" and value not in (None, "", [], {})
    )
    return clean(f"{event.seq:>5}  {short_time(event.at)}  {event.kind:<16}  {about}  {facts}".rstrip())
