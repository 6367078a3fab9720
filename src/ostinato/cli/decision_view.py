"""How decisions are shown to a person and to programs: one with all of it, what holds, how it came to be."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ostinato.base.clock import format_time
from ostinato.base.ids import NodeId
from ostinato.cli.context import Invocation
from ostinato.cli.documents import node_document
from ostinato.cli.layout import look_of
from ostinato.cli.output import answer, clean, clean_block, columns, short_time
from ostinato.cli.screen import heading, painted, wrapped
from ostinato.graph.decision_history import Moment
from ostinato.graph.decisions import DecisionRecord, OptionRecord, Standing
from ostinato.graph.details import OptionDetails, OutcomeDetails, RevisitDetails
from ostinato.graph.prohibitions import forbidden_words
from ostinato.graph.types import Node, Status

if TYPE_CHECKING:
    from ostinato.store.store import Store

_STANDINGS = {
    Standing.HOLDS: "holds",
    Standing.OPEN: "open",
    Standing.SUPERSEDED: "superseded",
    Standing.GIVEN_UP: "given up with its goal",
}
_MARKS = {Status.CHOSEN: ("✔", "green"), Status.REJECTED: ("✗", None), Status.ABANDONED: ("✗", None)}
_WHAT = {
    "logged": "was logged",
    "chosen": "was decided for",
    "rejected": "was decided against",
    "decided": "was decided",
    "accepted": "was accepted by a person",
    "opened": "was opened again",
    "revisited": "was asked for by",
    "superseded": "was superseded by",
    "changed": "was changed",
}


def show_decision(invocation: Invocation, store: Store, decision_id: NodeId) -> None:
    """Print a decision; with --json its document."""
    record = store.decisions.record(decision_id)
    answer(invocation, record_document(record), record_lines(record))


def record_document(record: DecisionRecord) -> dict[str, Any]:
    """Return a decision as an object: its node, how it stands, and ids or short objects of what belongs to it.

    `chosen` is the id of the option that was taken; `in_force` tells whether what it forbids holds now, `accepted`
    whether a person stands behind it.
    """
    return {
        **node_document(record.node),
        "number": record.number,
        "standing": record.standing,
        "accepted": record.accepted,
        "in_force": record.in_force,
        "chosen": record.chosen.node.id if record.chosen else None,
        "options": [{**node_document(one.node), "reason": one.reason} for one in record.options],
        "supersedes": [node.id for node in record.supersedes],
        "superseded_by": [node.id for node in record.superseded_by],
        "outcomes": [node_document(node) for node in record.outcomes],
        "revisits": [node_document(node) for node in record.revisits],
        "tasks": [
            {"id": task.id, "title": task.title, "status": task.status, "relation": relation}
            for relation, task in record.tasks
        ],
    }


def now_lines(records: Sequence[DecisionRecord]) -> Iterator[str]:
    """Yield a line for each decision, below it why, and what it forbids."""
    look = look_of(sys.stdout)
    for record in records:
        taken = f" → {record.chosen.node.title}" if record.chosen else ""
        mark = "" if (words := _standing(record)) == "holds" else f"  [{words}]"
        yield from look.lines(clean(f"{record.node.id}: {record.node.title}{taken}{mark}"), "", "    ")
        if record.chosen and record.chosen.reason.strip():
            yield from look.lines(clean(f"because {record.chosen.reason}"), "    ")
        if forbids := _forbids(record):
            yield from look.lines(clean(forbids), "    ", "      ")


def record_lines(record: DecisionRecord) -> Iterator[str]:
    """Yield all of one decision."""
    node = record.node
    yield painted(clean(f"{node.id}: {node.title}"), bold=True)
    when = f", {short_time(node.completed_at)} UTC" if node.completed_at else ""
    by = f", logged by {clean(node.created_by)}" if node.created_by else ""
    yield f"  number {record.number}, {_standing(record)}{when}{by}"
    if node.status in {Status.DECIDED, Status.SUPERSEDED} and not record.accepted:
        yield "  no person has accepted it yet: `ostinato decisions choose` with the same option does"
    if forbids := _forbids(record):
        yield from wrapped(clean(forbids), "  ", "    ")
    if node.description.strip():
        yield from ("", *clean_block(node.description.strip()))
    for option in record.options:
        yield ""
        yield from _option(option)
    yield from _named("supersedes", record.supersedes)
    yield from _named("superseded by", record.superseded_by)
    yield from _listed("outcomes", [_outcome(node) for node in record.outcomes])
    yield from _listed("revisited", [_revisit(node) for node in record.revisits])
    if record.tasks:
        yield from ("", heading("tasks"))
        yield from columns([(f"  {task.id}", task.status, how, task.title) for how, task in record.tasks])


def moment_document(moment: Moment, named: Mapping[str, Node]) -> dict[str, Any]:
    """Return one step: when, who, which decision, what, and the node and the reason that go with it."""
    return {
        "at": format_time(moment.at),
        "by": moment.by,
        "decision_id": moment.decision,
        "title": _title(moment.decision, named),
        "what": moment.what,
        "other_id": moment.other,
        "other_title": None if moment.other is None else _title(moment.other, named),
        "reason": moment.reason or None,
    }


def moment_lines(moments: Sequence[Moment], named: Mapping[str, Node]) -> Iterator[str]:
    """Yield a line for each step; a title stands where its decision is named for the first time."""
    look, seen = look_of(sys.stdout), set[NodeId]()
    for moment in moments:
        title = "" if moment.decision in seen else f" “{_title(moment.decision, named)}”"
        seen.add(moment.decision)
        other = "" if moment.other is None else f" “{_title(moment.other, named)}”"
        other += f" ({moment.other})" if moment.what in {"superseded", "revisited"} else ""
        reason = f": {moment.reason}" if moment.reason else ""
        by = f", by {moment.by}" if moment.by else ""
        said = f"{moment.decision}{title} {_WHAT[moment.what]}{other}{by}{reason}"
        yield from look.lines(clean(said), f"{short_time(moment.at)}  ")


def _standing(record: DecisionRecord) -> str:
    if record.standing is Standing.UNACCEPTED:
        return f"superseded by {', '.join(node.id for node in record.superseded_by)}, which you have not accepted"
    if record.standing is Standing.HOLDS and not record.accepted:
        return "holds, decided by an agent"
    return _STANDINGS[record.standing]


def _forbids(record: DecisionRecord) -> str:
    words = forbidden_words(record.details.forbids_paths, record.details.forbids_dependencies)
    return words and f"{'forbids' if record.in_force else 'forbids nothing now; it named'} {words}"


def _option(option: OptionRecord) -> Iterator[str]:
    node = option.node
    mark, colour = _MARKS.get(node.status, ("·", None))
    status = "undecided" if node.status in {Status.ACTIVE, Status.PENDING} else node.status
    yield from (painted(line, colour) for line in wrapped(f"{clean(node.title)}  [{status}]", f"  {mark} "))
    if option.reason.strip():
        yield from wrapped(f"because {clean(option.reason)}", "    ")
    if node.description.strip():
        yield from clean_block(node.description.strip(), "    ")
    details = node.details if isinstance(node.details, OptionDetails) else OptionDetails()
    for sign, texts in (("+", details.pros), ("−", details.cons)):
        for text in texts:
            yield from wrapped(clean(text), f"    {sign} ")


def _named(title: str, nodes: Sequence[Node]) -> Iterator[str]:
    yield from _listed(title, [f"{node.id}: {node.title}" for node in nodes])


def _listed(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield from ("", heading(title))
        for text in texts:
            yield from wrapped(clean(text), "  ", "    ")


def _outcome(node: Node) -> str:
    good = isinstance(node.details, OutcomeDetails) and node.details.success
    said = f": {node.description}" if node.description.strip() else ""
    return f"{node.id} {'went well' if good else 'went badly'}: {node.title}{said}"


def _revisit(node: Node) -> str:
    reason = node.details.pivot_reason if isinstance(node.details, RevisitDetails) else node.description
    return f"{node.id} {short_time(node.created_at)}: {reason}"


def _title(node_id: NodeId, named: Mapping[str, Node]) -> str:
    node = named.get(node_id)
    return node.title if node else node_id
