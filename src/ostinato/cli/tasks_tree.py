"""How `tasks tree` shows goals with their tasks beneath: nested for programs, indented for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ostinato.cli.context import Invocation
from ostinato.cli.documents import NODE_FIELDS, node_document
from ostinato.cli.listing import Listing
from ostinato.cli.output import answer, clean, columns, remark
from ostinato.graph.types import Node, NodeType

CHILDREN = "children"
TREE_FIELDS = (*NODE_FIELDS, CHILDREN)


def print_tree(invocation: Invocation, wanted: Listing, trees: Sequence[tuple[Node, Sequence[Node]]]) -> None:
    """Print goals, each with the nodes below it. The limit counts goals and tasks, in the order of the tree.

    With fields that leave `children` out it is one flat list in that order.
    """
    walked = [step for goal, below in trees for step in _walk(_nested(goal, below))]
    if not walked:
        remark(invocation, "no goals")
    shown = wanted.cut(walked)
    if not invocation.json:
        answer(invocation, None, _table(shown, wanted) if wanted.fields else _lines(shown))
    elif wanted.fields is not None and CHILDREN not in wanted.fields:
        answer(invocation, [wanted.chosen(document) for _, document in shown], ())
    else:
        answer(invocation, _pruned(shown, wanted), ())
    if len(shown) < len(walked):
        wanted.say_more(invocation)


def _nested(goal: Node, below: Sequence[Node]) -> dict[str, Any]:
    """Return the goal's document with its tasks nested; a task hangs under its nearest shown ancestor."""
    by_id = {node.id: node for node in below}
    shown: dict[str, dict[str, Any]] = {goal.id: {**node_document(goal), CHILDREN: []}}
    shown.update((node.id, {**node_document(node), CHILDREN: []}) for node in below if _in_tree(node))
    for node in below:
        if node.id in shown:
            above = node.parent_id
            while above in by_id and above not in shown:
                above = by_id[above].parent_id
            shown[above if above in shown else goal.id][CHILDREN].append(shown[node.id])
    return shown[goal.id]


def _in_tree(node: Node) -> bool:
    return node.node_type in {NodeType.TASK, NodeType.GOAL}


def _walk(top: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield depth and document of each node, parents before their children."""
    stack = [(0, top)]
    while stack:
        depth, document = stack.pop()
        yield depth, document
        stack.extend((depth + 1, child) for child in reversed(document[CHILDREN]))


def _pruned(shown: Sequence[tuple[int, dict[str, Any]]], wanted: Listing) -> list[dict[str, Any]]:
    """Return the trees of what is shown, with the chosen keys alone."""
    tops: list[dict[str, Any]] = []
    # The list of children of the last node at each depth; no recursion: a tree may be deeper than Python's stack.
    open_lists = [tops]
    for depth, document in shown:
        children: list[dict[str, Any]] = []
        kept = dict(wanted.chosen({**document, CHILDREN: children}))
        open_lists[depth].append(kept)
        open_lists[depth + 1 :] = [children]
    return tops


def _lines(shown: Sequence[tuple[int, dict[str, Any]]]) -> Iterator[str]:
    for depth, document in shown:
        reason = f" — {document['blocked_reason']}" if document["blocked_reason"] else ""
        yield "  " * depth + clean(f"{document['id']}  [{document['status']}]  {document['title']}{reason}")


def _table(shown: Sequence[tuple[int, dict[str, Any]]], wanted: Listing) -> list[str]:
    rows = []
    for depth, document in shown:
        first, *rest = wanted.cells({**document, CHILDREN: [child["id"] for child in document[CHILDREN]]})
        rows.append(["  " * depth + first, *rest])
    return columns(rows, wanted.fields or ())
