"""`ostinato report`: what was asked, what came of it and how it was proven, for a terminal, as Markdown or as a page.

The values come from `app.report`, the forms from `cli.report_*`. It changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ostinato.base.errors import MachineError, NotFoundError, UsageError
from ostinato.base.ids import NodeId, SessionId
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, goal_node, pass_invocation
from ostinato.cli.output import exact, json_line, remark

if TYPE_CHECKING:
    from ostinato.app.report_values import Report
    from ostinato.graph.sessions import Session
    from ostinato.graph.types import Node
    from ostinato.store.store import Store

_ENDINGS = {".md": "md", ".markdown": "md", ".html": "html", ".htm": "html", ".txt": "terminal"}


@click.command(
    cls=Command,
    examples=(
        "ostinato report",
        "ostinato report os-1a2b3c4d --output night.html",
        "ostinato report sess-0f3c9a1b --format md",
    ),
)
@click.argument("identifier", metavar="[GOAL|SESSION]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "md", "html"]),
    help="By default as the name of --output ends (.md, .html), else for the terminal.",
)
@click.option("--output", metavar="FILE", type=click.Path(dir_okay=False), help="Write it there, over what is there.")
@click.option("--full", is_flag=True, help="Leave nothing out, however long it gets.")
@pass_invocation
def report(invocation: Invocation, identifier: str | None, form: str | None, output: str | None, full: bool) -> None:
    """Tell what was asked, what was done, decided and learned, what failed and why, what waits, and what it cost.

    Without GOAL or SESSION: of the goal that is open, else of the latest. The page (html) is one file that needs
    nothing from elsewhere. With --json everything is one document.
    """
    store = invocation.reading()
    found = _read(invocation, store, identifier)
    if invocation.json and form is not None:
        raise UsageError("--json and --format exclude each other")
    if output is None:
        _print(invocation, found, form or "terminal", full=full)
        return
    text = _json_text(found) if invocation.json else _text(found, form or _form_of(output), full=full)
    write_text(output, text)
    if invocation.json:
        json_line({"output": output})
    else:
        remark(invocation, f"written to {output}")


def _read(invocation: Invocation, store: Store, identifier: str | None) -> Report:
    from ostinato.app.report import read_report

    with store.db.reading():
        goal, session = _subject(invocation, store, identifier)
        return read_report(store, goal, session)


def _subject(invocation: Invocation, store: Store, identifier: str | None) -> tuple[Node, Session | None]:
    """Return the goal, and the session when one is named. Raises NotFoundError, UsageError for another node."""
    if identifier is None:
        return present_goal(invocation, store), None
    if identifier.startswith("sess-"):
        session = store.sessions.get(SessionId(identifier))
        return store.graph.get(session.goal_id), session
    if store.graph.find(NodeId(identifier)) is None:
        listed = "`ostinato status` lists goals, `ostinato sessions list` sessions"
        raise NotFoundError(f"no goal or session {identifier}: {listed}")
    return goal_node(store, identifier), None


def present_goal(invocation: Invocation, store: Store) -> Node:
    """Return the goal that is open, else the latest. Raises NotFoundError when there is none."""
    from ostinato.base.ids import natural_key
    from ostinato.graph.requests import NodeFilter
    from ostinato.graph.types import NodeType, Status

    project = invocation.project(store)
    goals = []
    if project is not None:
        goals = store.graph.query(NodeFilter(project_id=project.id, node_type=NodeType.GOAL))
    if not goals:
        raise NotFoundError("there is no goal yet: `ostinato plan` makes one")
    still_open = [goal for goal in goals if goal.status in {Status.PENDING, Status.ACTIVE}]
    return max(still_open or goals, key=lambda goal: (goal.created_at, natural_key(goal.id)))


def _print(invocation: Invocation, found: Report, form: str, *, full: bool) -> None:
    if invocation.json:
        from ostinato.cli.looking_documents import report_document

        json_line(report_document(found))
        return
    if form != "terminal":
        exact(_text(found, form, full=full))
        return
    from ostinato.cli.report_text import text_lines

    for line in text_lines(found, full=full):
        click.echo(line)


def _text(found: Report, form: str, *, full: bool) -> str:
    """Return the whole report in a form. Each is imported only where it is wanted."""
    if form == "md":
        from ostinato.cli.report_markdown import markdown_text

        return markdown_text(found, full=full)
    if form == "html":
        from ostinato.cli.report_html import html_text

        return html_text(found, full=full)
    from ostinato.cli.report_text import text_lines

    return click.unstyle("\n".join(text_lines(found, full=full))) + "\n"


def _json_text(found: Report) -> str:
    import json

    from ostinato.cli.looking_documents import report_document

    return json.dumps(report_document(found), ensure_ascii=False, indent=1) + "\n"


def _form_of(output: str) -> str:
    """Return the form that a file's name asks for. Raises UsageError where it asks for none."""
    ending = output[output.rfind(".") :].lower()
    if ending not in _ENDINGS:
        raise UsageError(f"which form shall {output} have? say --format md, html or terminal")
    return _ENDINGS[ending]


def write_text(output: str, text: str) -> None:
    """Write a text that was asked for to a file. Raises MachineError that names the place."""
    # Late: a report for a terminal writes no file.
    from pathlib import Path

    try:
        Path(output).write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise MachineError(f"cannot write {output} ({error.strerror}): name another place with --output") from error
