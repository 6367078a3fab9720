"""`ostinato sessions`: work periods by hand, and a look at all of them. The loop makes its own."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ostinato.base.ids import SessionId
from ostinato.cli.command import Group
from ostinato.cli.context import Invocation, goal_node, pass_invocation
from ostinato.cli.documents import SESSION_FIELDS, session_document
from ostinato.cli.listing import Listing, listing
from ostinato.cli.output import answer, remark
from ostinato.graph.sessions import Session, SessionKind

NOTHING = 3
"""Exit code of `latest` when there is no session."""


@click.group(cls=Group, examples=("ostinato sessions list", "ostinato sessions latest --goal os-1a2b3c4d"))
def sessions() -> None:
    """Start, end and look at sessions."""


@sessions.command("start", examples=("ostinato sessions start --goal os-1a2b3c4d --agent me",))
@click.option("--goal", metavar="ID", required=True, help="What the session is about.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in SessionKind]),
    default="ralph",
    show_default=True,
    help="What is done in it.",
)
@click.option("--agent", multiple=True, metavar="NAME", help="Who takes part.")
@pass_invocation
def start(invocation: Invocation, goal: str, kind: str, agent: tuple[str, ...]) -> None:
    """Start a session by hand and print its id. With --json the session is printed."""
    with invocation.writing() as store:
        node = goal_node(store, goal)
        session = store.sessions.start(node.project_id, node.id, SessionKind(kind), agent_ids=agent)
    answer(invocation, session_document(session), [session.id])


@sessions.command("end", examples=("ostinato sessions end sess-1a2b3c4d --summary 'the parser is done'",))
@click.argument("identifier", metavar="ID")
@click.option("--summary", metavar="TEXT", help="What was reached.")
@pass_invocation
def end(invocation: Invocation, identifier: str, summary: str | None) -> None:
    """End a session: its handoff notes are made and kept. Ending twice is refused."""
    with invocation.writing() as store:
        session = store.sessions.end(SessionId(identifier), summary=summary)
    answer(invocation, session_document(session), _session_lines(invocation, session))


@sessions.command(
    "list", examples=("ostinato sessions list --goal os-1a2b3c4d", "ostinato sessions list --limit 5 --json")
)
@click.option("--goal", metavar="ID", help="Only sessions of this goal.")
@listing(SESSION_FIELDS)
@pass_invocation
def list_(invocation: Invocation, goal: str | None, wanted: Listing) -> None:
    """List sessions, the newest first."""
    found = _sessions(invocation, goal, wanted.probe)
    heads = ("id", "goal", "started", "took", "cost", "kind and end")
    wanted.show(invocation, found, session_document, session_row, heads=heads, nothing="no sessions")


@sessions.command("latest", examples=("ostinato sessions latest --json",))
@click.option("--goal", metavar="ID", help="Of this goal; without it, of the project.")
@pass_invocation
def latest(invocation: Invocation, goal: str | None) -> int:
    """Show the newest session. Exit code 3 when there is none (with --json: null)."""
    found = _sessions(invocation, goal, 1)
    if not found:
        remark(invocation, "no session yet")
        answer(invocation, None, ())
        return NOTHING
    answer(invocation, session_document(found[0]), _session_lines(invocation, found[0]))
    return 0


@sessions.command("show", examples=("ostinato sessions show sess-1a2b3c4d",))
@click.argument("identifier", metavar="ID")
@click.option("--full", is_flag=True, help="Fold and clip nothing.")
@pass_invocation
def show(invocation: Invocation, identifier: str, full: bool) -> None:
    """Show a session: why it stopped, attempts, spending, notes."""
    from ostinato.cli.show import Parts
    from ostinato.cli.show_session import show_session

    parts = Parts(transcript=False, diff=False, evidence=False, tokens=False, full=full)
    show_session(invocation, invocation.reading(), SessionId(identifier), parts)


def session_row(session: Session) -> tuple[object, ...]:
    """Return the cells of a session in a list."""
    from ostinato.cli.screen import length, money

    ended = session.ended_at
    state = "it is open" if ended is None else (session.stop_reason or "ended by hand").replace("_", " ")
    took = "-" if ended is None else length((ended - session.started_at).total_seconds())
    cost = money(session.spending.cost_usd) if session.spending.calls else "-"
    return session.id, session.goal_id, f"{session.started_at:%Y-%m-%d %H:%M}", took, cost, f"{session.kind}: {state}"


def _sessions(invocation: Invocation, goal: str | None, limit: int | None) -> list[Session]:
    store = invocation.reading()
    scope = invocation.scope(store, goal)
    if scope is None:
        return []
    return store.sessions.list(goal_id=scope.goal_id, project_id=scope.project_id, limit=limit)


def _session_lines(invocation: Invocation, session: Session) -> Iterator[str]:
    # Late: only a person reads them.
    from ostinato.cli.show import Parts
    from ostinato.cli.show_session import session_lines

    parts = Parts(transcript=False, diff=False, evidence=False, tokens=False, full=False)
    yield from session_lines(invocation.reading(), session.id, parts)
