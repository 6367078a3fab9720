"""`ostinato decisions`: decisions by hand, what holds today, and their records in the repository.

What follows from a choice is the store's business (`store.reasoning`), one transaction for each command.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from ostinato.base.errors import NotFoundError, UsageError
from ostinato.base.ids import NodeId
from ostinato.cli.command import Group
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.documents import MOMENT_FIELDS, RECORD_FIELDS
from ostinato.cli.listing import Listing, listing
from ostinato.cli.output import answer, clean, remark, short_path
from ostinato.graph.decisions import DecisionRecord, Standing

if TYPE_CHECKING:
    from ostinato.app.adr_files import Exported
    from ostinato.graph.plan import DecisionDraft
    from ostinato.store.store import Store

_TODAY = frozenset({Standing.HOLDS, Standing.OPEN, Standing.UNACCEPTED})

because = click.option("--because", metavar="TEXT", help="Why that one.")
reject = click.option(
    "--reject", multiple=True, metavar="OPTION=REASON", help="Why not another one; may be given for each."
)


@click.group(
    cls=Group,
    examples=(
        "ostinato decisions now",
        "ostinato decisions log 'One HTTP client' --choose httpx --option requests --because 'it is async'",
        "ostinato decisions export",
    ),
)
def decisions() -> None:
    """Log, choose and revisit decisions, see what holds, and keep records of them.

    A decision may forbid paths and dependencies: an attempt that goes against it fails until you accept a decision that
    supersedes it.
    """


@decisions.command(
    "log",
    examples=(
        "ostinato decisions log 'Which database' --option SQLite --option PostgreSQL --parent os-1a2b3c4d",
        "ostinato decisions log 'One HTTP client' --choose httpx --forbid-dependency requests --because 'it is async'",
        "ostinato decisions log 'No vendored code' --choose packages --forbid-path 'vendor/**'",
        "ostinato decisions log 'Two HTTP clients' --choose both --supersedes os-1a2b3c4d.3",
    ),
)
@click.argument("title")
@click.option("--context", default="", metavar="TEXT", help="What the question is, in full.")
@click.option("--option", "options", multiple=True, metavar="TITLE", help="An alternative; once for each.")
@click.option("--choose", metavar="TITLE", help="The one that is taken; it need not be named as --option too.")
@because
@click.option("--pro", multiple=True, metavar="OPTION=TEXT", help="What speaks for an option.")
@click.option("--con", multiple=True, metavar="OPTION=TEXT", help="What speaks against an option.")
@reject
@click.option("--forbid-path", multiple=True, metavar="GLOB", help="Files that no work may add or change.")
@click.option("--forbid-dependency", multiple=True, metavar="NAME", help="A package that no work may add.")
@click.option("--parent", metavar="ID", help="The goal or task that it is about; without it, the whole project.")
@click.option("--supersedes", multiple=True, metavar="ID", help="A decision whose place it takes.")
@pass_invocation
def log(invocation: Invocation, title: str, **given: Any) -> None:
    """Log a decision and print its id.

    With --choose it is decided at once. With --json the decision is printed.
    """
    if given["choose"] is None and (given["because"] is not None or given["reject"]):
        raise UsageError("--because and --reject go with --choose: name the option that is taken")
    draft = _draft(title, given)
    reasons = _pairs("--reject", given["reject"], [option.title for option in draft.options])
    with invocation.writing() as store:
        parent = None if given["parent"] is None else NodeId(given["parent"])
        project = None if parent is not None else invocation.required_project(store).id
        made = store.reasoning.log_decision(parent, draft, project_id=project)
        for option, why in reasons:
            store.reasoning.reject_option(made.id, option, why)
        record = store.decisions.record(made.id)
    _say(invocation, record, [made.id])


@decisions.command(
    "choose",
    examples=("ostinato decisions choose os-1a2b3c4d.3 SQLite --because 'no server' --reject 'PostgreSQL=a server'",),
)
@click.argument("identifier", metavar="ID")
@click.argument("option")
@because
@reject
@pass_invocation
def choose(invocation: Invocation, identifier: str, option: str, because: str | None, reject: tuple[str, ...]) -> None:
    """Decide for an option and reject the others.

    OPTION is its id or its exact title.
    What an agent has chosen you accept by choosing the same. Another choice needs `revisit` first.
    """
    with invocation.writing() as store:
        store.reasoning.choose_option(NodeId(identifier), option, because)
        known = [one.node.title for one in store.decisions.record(NodeId(identifier)).options]
        for rejected, why in _pairs("--reject", reject, known):
            store.reasoning.reject_option(NodeId(identifier), rejected, why)
        record = store.decisions.record(NodeId(identifier))
    taken = record.chosen.node.title if record.chosen else option
    _say(invocation, record, [clean(f"{identifier}: {record.node.title} → {taken}")])


@decisions.command(
    "revisit",
    examples=(
        "ostinato decisions revisit os-1a2b3c4d.3 --reason 'the file locks over NFS'",
        "ostinato decisions revisit os-1a2b3c4d.3.4 --reason 'too slow' --new 'Which database, again'",
    ),
)
@click.argument("identifier", metavar="OUTCOME|DECISION")
@click.option("--reason", metavar="TEXT", required=True, help="Why it has to be thought about again.")
@click.option("--new", metavar="TITLE", help="A new decision that takes its place, still to be made.")
@pass_invocation
def revisit(invocation: Invocation, identifier: str, reason: str, new: str | None) -> None:
    """Open a decision again, or replace it.

    Records why, and prints the id of the decision to make.
    Opened by you it forbids nothing any more; with --new what it forbids holds until you have chosen in the new one.
    """
    with invocation.writing() as store:
        made = store.reasoning.revisit(NodeId(identifier), reason, new)
        edges = store.graph.edges_of(made.id)
        led = next((edge.to_id for edge in edges if edge.from_id == made.id), None)
        record = None if led is None else store.decisions.record(led)
    if record is None:
        remark(invocation, "no decision stands above that outcome: --new makes one")
        answer(invocation, None, [made.id])
        return
    _say(invocation, record, [record.node.id])


@decisions.command("supersede", examples=("ostinato decisions supersede os-1a2b3c4d.3 os-1a2b3c4d.9",))
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@pass_invocation
def supersede(invocation: Invocation, old: str, new: str) -> None:
    """Let the decision NEW take the place of OLD.

    What OLD forbids holds until NEW is decided by you, as `choose` does it.
    """
    with invocation.writing() as store:
        store.reasoning.supersede(NodeId(old), NodeId(new))
        record = store.decisions.record(NodeId(new))
        held = store.decisions.record(NodeId(old)).in_force
    _say(invocation, record, [clean(f"{new}: {record.node.title}, in the place of {old}")])
    if held:
        remark(invocation, f"what {old} forbids holds until you have chosen in {new}")


@decisions.command("now", examples=("ostinato decisions now", "ostinato decisions now --goal os-1a2b3c4d --json"))
@click.option("--goal", metavar="ID", help="Only decisions of this goal.")
@listing(RECORD_FIELDS)
@pass_invocation
def now(invocation: Invocation, wanted: Listing, goal: str | None) -> None:
    """List what holds today.

    With what is forbidden; what is still open is marked.
    """
    from ostinato.cli.decision_view import now_lines, record_document

    found = [record for record in _records(invocation, goal) if record.standing in _TODAY]
    wanted.show_lines(invocation, found, record_document, now_lines, "no decision holds")


@decisions.command("history", examples=("ostinato decisions history", "ostinato decisions history os-1a2b3c4d.3"))
@click.argument("identifier", metavar="[ID]", required=False)
@listing(MOMENT_FIELDS)
@pass_invocation
def history(invocation: Invocation, wanted: Listing, identifier: str | None) -> None:
    """Tell how decisions came to be.

    Of one, with all that it supersedes and that supersedes it.
    """
    from ostinato.cli.decision_view import moment_document, moment_lines

    store = invocation.reading()
    if identifier is not None:
        node = store.graph.get(NodeId(identifier))
        moments, named = store.decisions.history(node.project_id, node.id)
    else:
        project = invocation.project(store)
        moments, named = ([], {}) if project is None else store.decisions.history(project.id)
    wanted.show_lines(
        invocation,
        moments,
        lambda moment: moment_document(moment, named),
        lambda shown: moment_lines(shown, named),
        "no decisions",
    )


@decisions.command("show", examples=("ostinato decisions show os-1a2b3c4d.3",))
@click.argument("identifier", metavar="ID")
@pass_invocation
def show(invocation: Invocation, identifier: str) -> None:
    """Show one decision with all of it.

    Its options and reasons, what it forbids, what took its place, what came of it.
    """
    from ostinato.cli.decision_view import show_decision

    show_decision(invocation, invocation.reading(), NodeId(identifier))


@decisions.command(
    "export", examples=("ostinato decisions export", "ostinato decisions export --output docs/architecture/decisions")
)
@click.option("--output", metavar="DIR", type=click.Path(), help="Where; by default docs/adr ([decisions] output).")
@pass_invocation
def export(invocation: Invocation, output: str | None) -> None:
    """Write and update their records (ADR).

    One file for each decision of the project, NNN-slug.md.
    Numbers stay. Files that you have edited and files of others are left alone, and named.
    """
    from pathlib import Path

    from ostinato.app.adr_files import export_decisions, export_folder

    store = invocation.reading()
    project = invocation.project(store)
    if project is None:
        raise NotFoundError("this repository is not registered: `ostinato project add` registers it")
    folder = export_folder(Path(project.path), output)
    done = export_decisions(store.decisions.records(project.id), folder)
    answer(invocation, _export_document(done), _export_lines(done))
    for name, why in done.kept.items():
        remark(invocation, f"{name}: {why}")


def _draft(title: str, given: dict[str, Any]) -> DecisionDraft:
    """Return the decision of the options given. Raises UsageError for an argument about an option that is not named."""
    from ostinato.graph.plan import DecisionDraft, OptionDraft

    if not title.strip():
        raise UsageError("a title cannot be empty")
    titles = list(given["options"])
    if given["choose"] is not None and given["choose"] not in titles:
        titles.insert(0, given["choose"])
    pros, cons = (_pairs(f"--{name}", given[name], titles) for name in ("pro", "con"))
    return DecisionDraft(
        title,
        given["context"],
        tuple(OptionDraft(one, "", _of(one, pros), _of(one, cons)) for one in titles),
        given["choose"],
        given["because"] or "",
        given["forbid_path"],
        given["forbid_dependency"],
        given["supersedes"],
    )


def _pairs(option: str, texts: Iterable[str], titles: Iterable[str]) -> list[tuple[str, str]]:
    """Return (title, text) for each TITLE=TEXT; a title may hold an equals sign itself."""
    known = sorted(titles, key=len, reverse=True)
    found = []
    for text in texts:
        title = next((one for one in known if text.startswith(f"{one}=") and len(text) > len(one) + 1), None)
        if title is None:
            raise UsageError(f"{option} is written OPTION=TEXT with the title of an option, not {text[:80]!r}")
        found.append((title, text[len(title) + 1 :]))
    return found


def _of(title: str, pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(text for one, text in pairs if one == title)


def _records(invocation: Invocation, goal: str | None) -> list[DecisionRecord]:
    store: Store = invocation.reading()
    scope = invocation.scope(store, goal)
    if scope is None:
        return []
    if scope.goal_id is not None:
        return store.decisions.records(store.graph.get(scope.goal_id).project_id, scope.goal_id)
    return [] if scope.project_id is None else store.decisions.records(scope.project_id)


def _say(invocation: Invocation, record: DecisionRecord, lines: Iterable[str]) -> None:
    # Late: a person who logs a decision by hand reads one line.
    from ostinato.cli.decision_view import record_document

    answer(invocation, record_document(record) if invocation.json else None, lines)


def _export_document(done: Exported) -> dict[str, Any]:
    return {
        "output": str(done.folder),
        "written": list(done.written),
        "unchanged": list(done.unchanged),
        "removed": list(done.removed),
        "kept": [{"file": name, "why": why} for name, why in done.kept.items()],
    }


def _export_lines(done: Exported) -> Iterator[str]:
    for what, names in (("written", done.written), ("removed", done.removed)):
        yield from (clean(f"{what}  {short_path(done.folder / name)}") for name in names)
    if not (done.written or done.removed):
        yield clean(f"{short_path(done.folder)}: nothing to do, {len(done.unchanged)} up to date")
