"""What a search finds, as values: a node, where the words stand in it, and how well it fits. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.types import Node, NodeType, Status

MARK, END = "\x02", "\x03"
"""What stands before and after each matching word in a marked text. No other character of it is one of these."""

TITLE, DESCRIPTION, NOTES = "title", "description", "notes"
"""The parts of a node that are searched; the notes of a goal are the handoff notes of its sessions."""


class SearchFilter(NamedTuple):
    """What must hold of a node beside its words. `status` is the spoken one; `goal_id` means anywhere below that node;
    `label` is one of its labels, letter by letter."""

    project_id: ProjectId | None = None
    node_type: NodeType | None = None
    status: Status | None = None
    goal_id: NodeId | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A node that was found. A lower `rank` is a better one; `matched` are the parts that hold words of the query.

    `title` is the whole title, marked; `snippet` a marked piece of the description or the notes where words stand
    there, else the title again.
    """

    node: Node
    rank: float
    matched: tuple[str, ...]
    title: str
    snippet: str


def pieces(marked: str) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a marked text in turn, each with whether it is a matching one; none is empty."""
    for place, piece in enumerate(marked.split(MARK)):
        inside, _, after = piece.partition(END) if place else ("", "", piece)
        if inside:
            yield inside, True
        if after:
            yield after, False


def written(marked: str, before: str, after: str) -> str:
    """Return a marked text with these words in the place of the marks."""
    return "".join(f"{before}{piece}{after}" if matching else piece for piece, matching in pieces(marked))


def unmarked(text: str) -> str:
    """Return `text` without characters that would read as marks."""
    return text.replace(MARK, "\ufffd").replace(END, "\ufffd")


def mark_part(text: str, part: str, room: int) -> str:
    """Return at most about `room` characters around each first `part` in `text`, marked; "" where it is not there."""
    place = text.find(part)
    if place < 0:
        return ""
    start, end = max(0, place - room // 2), place + len(part) + room // 2
    before = ("…" if start else "") + text[start:place]
    after = text[place + len(part) : end] + ("…" if end < len(text) else "")
    return f"{unmarked(before)}{MARK}{unmarked(part)}{END}{unmarked(after)}"
