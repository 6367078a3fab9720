"""`ostinato prune`: throws away the text of past work that is older, or more, than the settings keep. It asks first."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from ostinato.app.health.finding import size_text
from ostinato.base.errors import UsageError
from ostinato.base.text import many
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation, repository_top
from ostinato.cli.layout import look_of, somebody_there
from ostinato.cli.output import answer
from ostinato.cli.since import Since
from ostinato.graph.retention import Policy, Share, Taken


@click.command(
    cls=Command,
    examples=(
        "ostinato prune --dry-run",
        "ostinato prune --older-than 90d",
        "ostinato prune --older-than 90d --compact",
    ),
)
@click.option("--older-than", type=Since(), metavar="TIME", help="Take all that ended before: 90d, 12w or 2026-05-01.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--compact", is_flag=True, help="Give the space back to the disk; writers wait meanwhile.")
@click.option("--yes", is_flag=True, help="Take it without asking.")
@pass_invocation
def prune(
    invocation: Invocation, older_than: datetime | timedelta | None, dry_run: bool, compact: bool, yes: bool
) -> None:
    """Throw away what `retention` in your configuration no longer keeps: old conversations, outputs, step events.

    Each run that ends takes some of it by itself; this takes all. The graph, its history, decisions, handoff notes,
    verdicts, costs and commits always stay, and so does all that an open session, an unfinished task or a plan under
    way still needs. It is about all projects of the database.
    """
    store = invocation.reading() if dry_run else invocation.store_to_write()
    policy = _policy(older_than)
    due = store.retention.due(policy)
    before = store.retention.used()
    taken = Taken() if dry_run else due
    if not dry_run and not due.nothing:
        if not yes:
            _ask(invocation, due)
        taken = store.retention.prune(policy)
    if compact and not dry_run:
        store.db.compact()
    document = {
        "dry_run": dry_run,
        "due": _document(due),
        "taken": _document(taken),
        "used_bytes": {"before": before, "after": store.retention.used()},
        "compacted": compact and not dry_run,
    }
    answer(invocation, document, _told(due, taken, dry_run=dry_run, compact=compact))


def _policy(older_than: datetime | timedelta | None) -> Policy:
    from ostinato.app.tidying import policy_of
    from ostinato.config.load import load_settings
    from ostinato.config.paths import user_config_file

    top = repository_top(Path.cwd())
    loaded = load_settings(Path(top) if top else None, user_config_file(os.environ), os.environ)
    now = datetime.now(UTC)
    age = now - older_than if isinstance(older_than, datetime) else older_than
    return policy_of(loaded.settings.retention, now, older_than=age)


def _ask(invocation: Invocation, due: Taken) -> None:
    """Ask the person at the terminal. Raises UsageError where there is none, and for a no."""
    if invocation.json or not somebody_there():
        raise UsageError("pruning asks first, so nothing was taken: --yes answers it, --dry-run shows what would go")
    for line in _lines(due):
        click.echo("\n".join(look_of(sys.stderr).lines(line, hang="  ")), err=True)
    if not click.confirm("Throw this away for ever?", default=False, err=True):
        raise UsageError("nothing was taken")


def _told(due: Taken, taken: Taken, *, dry_run: bool, compact: bool) -> Iterator[str]:
    if due.nothing:
        yield "Nothing is older, or more, than is kept."
    elif dry_run:
        yield "This would go:"
        yield from (f"  {line}" for line in _lines(due))
    else:
        yield "Gone for ever:"
        yield from (f"  {line}" for line in _lines(taken))
        if not compact:
            yield "  the space is used again by what comes next; --compact gives it back to the disk"


def _lines(share: Taken) -> Iterator[str]:
    for part, singular in (
        (share.transcripts, "conversation"),
        (share.evidence, "attempt's change and output"),
        (share.events, "event of steps, tools and checks"),
    ):
        if part.count:
            yield f"{_many(part.count, singular)}, {size_text(part.bytes)} of text"


def _many(count: int, singular: str) -> str:
    plural = {
        "attempt's change and output": "attempts' changes and outputs",
        "event of steps, tools and checks": "events of steps, tools and checks",
    }
    return f"{count:,} {plural[singular]}" if count != 1 and singular in plural else many(count, singular)


def _document(taken: Taken) -> dict[str, Any]:
    def share(part: Share) -> dict[str, int]:
        return {"count": part.count, "bytes": part.bytes}

    return {
        "transcripts": share(taken.transcripts),
        "evidence": share(taken.evidence),
        "events": share(taken.events),
        "bytes": taken.bytes,
    }
