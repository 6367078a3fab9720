"""A decision as a record in the repository (ADR): its file name, its text, and how a file of ours is told. Pure.

The same records give the same bytes: nothing of the present moment and no order but that of ids and times goes in. All
texts are taken by their word; none of them becomes markup.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ostinato.base.ids import NodeId
from ostinato.base.markdown import code, inline, quote
from ostinato.base.text import clip, one_line
from ostinato.graph.decisions import DecisionRecord, OptionRecord, Standing
from ostinato.graph.details import OptionDetails, OutcomeDetails, RevisitDetails
from ostinato.graph.types import Node, Status

_LONGEST_SLUG = 60
_MARK = "<!-- ostinato decision {id} {digest}: written by `ostinato decisions export`, an edited file is left alone -->"
_MARKED = re.compile(r"<!-- ostinato decision (\S+) ([0-9a-f]{64})\b")
_STANDINGS = {
    Standing.HOLDS: "decided",
    Standing.OPEN: "open",
    Standing.SUPERSEDED: "superseded",
    Standing.UNACCEPTED: "superseded, which no person has accepted yet",
    Standing.GIVEN_UP: "given up with its goal",
}
_OPTIONS = {Status.CHOSEN: "CHOSEN", Status.REJECTED: "REJECTED", Status.ABANDONED: "ABANDONED"}


@dataclass(frozen=True, slots=True)
class Marked:
    """What the first line of a file of ours says, and whether the rest is still as we wrote it."""

    decision: NodeId
    intact: bool


def file_name(record: DecisionRecord) -> str:
    """Return `NNN-slug.md`: ASCII, never without a slug, and never another decision's, since the number is its own."""
    plain = unicodedata.normalize("NFKD", one_line(record.node.title)).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_SLUG].strip("-")
    return f"{record.number:03}-{slug or 'decision'}.md"


def adr_text(record: DecisionRecord, names: Mapping[NodeId, str]) -> str:
    """Return the whole file. `names` are the file names of the decisions that may be linked to."""
    body = "\n\n".join(_parts(record, names)) + "\n"
    return f"{_MARK.format(id=record.node.id, digest=_digest(body))}\n{body}"


def marked(text: str) -> Marked | None:
    """Return what a file says of itself, None where it is not of ours. Line ends and the last blanks do not count."""
    first, _, body = text.partition("\n")
    found = _MARKED.match(first)
    return Marked(NodeId(found[1]), found[2] == _digest(body)) if found else None


def _digest(body: str) -> str:
    plain = body.replace("\r\n", "\n").rstrip()
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


def _parts(record: DecisionRecord, names: Mapping[NodeId, str]) -> Iterator[str]:
    node = record.node
    yield f"# ADR {record.number:03}: {_inline(node.title)}"
    yield f"**Status:** {_status(record)}"
    for word, others in (("Supersedes", record.supersedes), ("Superseded by", record.superseded_by)):
        if others:
            yield f"{word} {', '.join(_link(other, names) for other in others)}."
    yield "## Context"
    yield quote(node.description) or "(none)"
    details = record.details
    if details.forbids_paths or details.forbids_dependencies:
        yield f"## {_forbidding(record)}"
        yield "\n".join(
            [
                *(f"- path {code(path)}" for path in details.forbids_paths),
                *(f"- dependency {code(name)}" for name in details.forbids_dependencies),
            ]
        )
    yield "## Options Considered"
    for option in record.options:
        yield from _option(option)
    if not record.options:
        yield "(none)"
    yield "## Outcome"
    yield "\n".join([*map(_outcome, record.outcomes), *map(_revisit, record.revisits)]) or "(pending)"
    yield "## Related Tasks"
    tasks = [f"- {task.id}: {_inline(task.title)} ({task.status}), {how}" for how, task in record.tasks]
    yield "\n".join(tasks) or "(none)"


def _status(record: DecisionRecord) -> str:
    words = _STANDINGS[record.standing]
    decided = record.node.completed_at
    if record.standing is Standing.HOLDS and decided is not None:
        words += f" on {_day(decided)}"
    if record.standing is Standing.HOLDS and not record.accepted:
        words += ", not accepted by a person yet"
    if record.standing is Standing.OPEN and record.in_force:
        words += " again; what it forbids holds until a person decides"
    return words


def _forbidding(record: DecisionRecord) -> str:
    if record.in_force:
        return "Forbidden"
    return "To Be Forbidden" if record.standing is Standing.OPEN else "Once Forbidden"


def _option(option: OptionRecord) -> Iterator[str]:
    node = option.node
    yield f"### {_inline(node.title)} ({_OPTIONS.get(node.status, 'UNDECIDED')})"
    if node.description.strip():
        yield quote(node.description)
    if option.reason.strip():
        yield f"**Reason:** {_inline(option.reason)}"
    details = node.details if isinstance(node.details, OptionDetails) else OptionDetails()
    for name, texts in (("Pros", details.pros), ("Cons", details.cons)):
        if texts:
            yield f"**{name}:**\n\n" + "\n".join(f"- {_inline(text)}" for text in texts)


def _outcome(node: Node) -> str:
    good = isinstance(node.details, OutcomeDetails) and node.details.success
    said = f": {_inline(node.description)}" if node.description.strip() else ""
    return f"- {_day(node.created_at)}, {'success' if good else 'failure'}: {_inline(node.title)}{said}"


def _revisit(node: Node) -> str:
    reason = node.details.pivot_reason if isinstance(node.details, RevisitDetails) else node.description
    return f"- {_day(node.created_at)}, revisited: {_inline(reason)}"


def _link(node: Node, names: Mapping[NodeId, str]) -> str:
    title = _inline(clip(one_line(node.title), 80))
    name = names.get(node.id)
    return f"[{name[:3]}: {title}]({name})" if name else f"{node.id}: {title}"


def _inline(text: str) -> str:
    return inline(text) or "(blank)"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
