"""`ostinato say`, `pause` and `resume`: steering a goal from another terminal, through the database alone."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from ostinato.base.errors import UsageError
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.output import answer, folded

if TYPE_CHECKING:
    from ostinato.graph.types import Node
    from ostinato.store.store import Store

_GOAL_ID = re.compile(r"os-[0-9a-f]{8}")


@click.command(
    cls=Command,
    examples=(
        'ostinato say "the port is 8081, not 8080"',
        'ostinato say os-1f0c9a2e "leave the old flag working"',
        "ostinato say os-1f0c9a2e - < remarks.txt",
    ),
)
@click.argument("words", metavar="[GOAL] TEXT", nargs=-1, required=True)
@pass_invocation
def say(invocation: Invocation, words: tuple[str, ...]) -> None:
    """Tell the agents of GOAL something; TEXT `-` is read from standard input.

    A running conversation hears it before its next model call, later ones in their briefing. Without GOAL it is about
    the project's only open goal. To one task, say it with `ostinato tasks retry ID --hint TEXT`.
    """
    named, text = _goal_and_text(words)
    with invocation.writing() as store:
        goal = _goal(invocation, store, named)
        note = store.steering.say(goal.id, text)
        live = store.sessions.live(goal.id)
    session = live[0][0].id if live else None
    heard = f"session {session} hears it before its next step" if session else "the next briefing has it"
    document = {"goal_id": goal.id, "note": note.seq, "text": note.text, "session_id": session}
    answer(invocation, document, folded([f"Noted for {goal.id}: {heard}."]))


@click.command(cls=Command, examples=("ostinato pause", "ostinato pause os-1f0c9a2e --json"))
@click.argument("goal", required=False)
@pass_invocation
def pause(invocation: Invocation, goal: str | None) -> None:
    """Let GOAL wait (without it, the project's only open goal): no model call is made and no task is claimed.

    A running session finishes its step, keeps its task, and goes on after `ostinato resume`; the wait counts against
    no time limit. `ostinato ralph` starts nothing on a paused goal.
    """
    with invocation.writing() as store:
        found = _goal(invocation, store, goal)
        changed = store.steering.pause(found.id)
        running = bool(store.sessions.live(found.id))
    after = "; the running session waits after its present step" if running else ""
    said = f"{found.id} is paused{after}." if changed else f"{found.id} was paused already."
    answer(invocation, _document(found, paused=True, changed=changed), folded([said]))


@click.command(cls=Command, examples=("ostinato resume", "ostinato resume os-1f0c9a2e --json"))
@click.argument("goal", required=False)
@pass_invocation
def resume(invocation: Invocation, goal: str | None) -> None:
    """Let GOAL go on (without it, the project's only paused goal)."""
    with invocation.writing() as store:
        found = _goal(invocation, store, goal or _only_paused(invocation, store))
        changed = store.steering.resume(found.id)
        running = bool(store.sessions.live(found.id))
    after = "" if running else f" Nothing works on it now: ostinato ralph {found.id}"
    said = f"{found.id} goes on.{after}" if changed else f"{found.id} was not paused."
    answer(invocation, _document(found, paused=False, changed=changed), folded([said]))


def _document(goal: Node, *, paused: bool, changed: bool) -> dict[str, Any]:
    return {"goal_id": goal.id, "paused": paused, "changed": changed}


def _goal(invocation: Invocation, store: Store, named: str | None) -> Node:
    from ostinato.app.goals import open_goal

    return open_goal(store, invocation.required_project(store).id, named)


def _only_paused(invocation: Invocation, store: Store) -> str | None:
    """Return the project's paused goal when there is one; None leaves the choice to the open goals."""
    paused = store.steering.paused_goals(invocation.required_project(store).id)
    if len(paused) > 1:
        raise UsageError(f"several goals are paused, name one: {', '.join(paused)}")
    return paused[0] if paused else None


def _goal_and_text(words: tuple[str, ...]) -> tuple[str | None, str]:
    """Return the goal, None where it was left out, and the text. Raises UsageError."""
    if len(words) == 1:
        if _GOAL_ID.fullmatch(words[0]):
            raise UsageError(f'say what? ostinato say {words[0]} "TEXT", or - for standard input')
        return None, _text(words[0])
    if len(words) > 2 or not words[0].startswith("os-"):
        raise UsageError('put the text into quotes: ostinato say [GOAL] "TEXT"')
    return words[0], _text(words[1])


def _text(word: str) -> str:
    if word != "-":
        return word
    from ostinato.graph.steering import LONGEST_NOTE, require_short

    # One byte more than is kept tells that it is too much, however long the rest may be.
    raw = sys.stdin.buffer.read(LONGEST_NOTE + 1)
    require_short(len(raw))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("standard input is not UTF-8 text") from error
