"""Nodes as readers see them: spoken statuses worked out from scratch at every question, and orders."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from ostinato.base.clock import format_time
from ostinato.base.ids import NodeId, ProjectId, natural_key
from ostinato.graph.edges import EdgeType
from ostinato.graph.notes import NoteRow, render_notes
from ostinato.graph.requests import NodeFilter
from ostinato.graph.rules import Facts, next_key, open_dependents
from ostinato.graph.types import Node, NodeType, Status
from ostinato.testing.memory.naive import Edges, naive_status
from ostinato.testing.memory.state import Memory


def facts(memory: Memory) -> dict[NodeId, Facts]:
    """Return what the rules ask of every node."""
    return {node.id: _facts(node) for node in memory.state.nodes.values()}


def depends_on(memory: Memory) -> Edges:
    """Return (dependent, prerequisite) of all such edges."""
    return {(e.from_id, e.to_id) for e in memory.state.edges.values() if e.edge_type is EdgeType.DEPENDS_ON}


def spoken(memory: Memory, nodes: Iterable[Node]) -> list[Node]:
    """Return the nodes with the status and the reason that are spoken of, in their order."""
    known, edges = facts(memory), depends_on(memory)
    found = []
    for node in nodes:
        if node.node_type is NodeType.TASK and node.status is Status.PENDING:
            status, reason = naive_status(known[node.id], known, edges)
            node = replace(node, status=status, blocked_reason=reason)
        found.append(node)
    return found


def in_order(nodes: Iterable[Node]) -> list[Node]:
    """Return nodes by created_at, then natural id."""
    return sorted(nodes, key=lambda node: (node.created_at, natural_key(node.id)))


def in_order_next(memory: Memory, project_id: ProjectId | None, within: set[NodeId] | None) -> list[Node]:
    """Return the ready tasks in the order Next; `within` names those that count, None all."""
    wanted = [
        node
        for node in memory.state.nodes.values()
        if project_id in {None, node.project_id} and (within is None or node.id in within)
    ]
    known = facts(memory)
    counts = open_dependents(known, depends_on(memory))
    ready = [node for node in spoken(memory, wanted) if node.status is Status.READY]
    return sorted(ready, key=lambda node: next_key(known[node.id], counts.get(node.id, 0)))


def filtered(memory: Memory, wanted: NodeFilter) -> list[Node]:
    """Return the nodes that fulfil all conditions, by created_at and natural id."""
    below = None if wanted.goal_id is None else {node.id for node in _below(memory, wanted.goal_id)}
    part = (wanted.text or "").casefold()
    found = [
        node
        for node in in_order(spoken(memory, memory.state.nodes.values()))
        if wanted.project_id in {None, node.project_id}
        and wanted.node_type in {None, node.node_type}
        and wanted.status in {None, node.status}
        and wanted.parent_id in {None, node.parent_id}
        and wanted.priority in {None, node.priority}
        and (wanted.label is None or wanted.label in node.labels)
        and (below is None or node.id in below)
        and (part in node.title.casefold() or part in node.description.casefold())
    ]
    return found if wanted.limit is None else found[: max(0, wanted.limit)]


def handoff_notes(memory: Memory, goal_id: NodeId) -> str:
    """Return the notes of the goal: what its contains edges reach, further parents' too, itself left out."""
    reached = memory.contained(goal_id) - {goal_id}
    return render_notes(_row(memory, node) for node in spoken(memory, [memory.node(one) for one in reached]))


def found_by_words(memory: Memory, text: str) -> list[Node]:
    """Return the nodes with all words of `text`, the last as a prefix, in a text of theirs: in titles first."""
    wanted = text.replace("\0", " ").strip()
    if not wanted:
        return []
    nodes = in_order(memory.state.nodes.values())
    phrases = [words for part in wanted.split() if (words := _words(part))]
    if not phrases:
        return [node for node in nodes if wanted in node.title or wanted in node.description]
    in_title = [node for node in nodes if _holds(_words(node.title), phrases)]
    anywhere = [node for node in nodes if _holds([*_words(node.title), "\n", *_words(node.description)], phrases)]
    noted = [
        memory.node(session.goal_id)
        for session in memory.state.sessions.values()
        if _holds(_words(session.handoff_notes or ""), phrases)
    ]
    return list({node.id: node for node in (*in_title, *anywhere, *noted)}.values())


def _below(memory: Memory, node_id: NodeId) -> list[Node]:
    return memory.below(node_id) if node_id in memory.state.nodes else []


def _facts(node: Node) -> Facts:
    complexity = node.task.complexity if node.node_type is NodeType.TASK else None
    return Facts(
        node.id, node.node_type, node.status, node.parent_id, node.priority, complexity, format_time(node.created_at)
    )


def _row(memory: Memory, node: Node) -> NoteRow:
    chosen = None
    if node.node_type is NodeType.DECISION and node.status is Status.DECIDED:
        choices = memory.edges_from(node.id, EdgeType.CHOSEN)
        chosen = max(choices, key=lambda edge: (edge.created_at, edge.id), default=None)
    return NoteRow(
        node.id,
        node.node_type,
        node.title,
        node.status,
        format_time(node.created_at),
        completed_at=format_time(node.completed_at) if node.completed_at else None,
        reason=node.blocked_reason,
        option=memory.node(chosen.to_id).title if chosen else None,
        rationale=chosen.label if chosen else None,
    )


def _words(text: str) -> list[str]:
    """Return the words as the database's index splits them: letters and digits, without case and accents."""
    plain = "".join(ch for ch in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(ch))
    return "".join(ch if ch.isalnum() else " " for ch in plain).split()


def _holds(words: list[str], phrases: list[list[str]]) -> bool:
    return all(_has(words, phrase, prefix=phrase is phrases[-1]) for phrase in phrases)


def _has(words: list[str], phrase: list[str], *, prefix: bool) -> bool:
    """Tell whether the words of a phrase stand side by side, the last one as a prefix where that is asked for."""
    *head, last = phrase
    for place in range(len(words) - len(head)):
        end = words[place + len(head)]
        if words[place : place + len(head)] == head and (end == last or (prefix and end.startswith(last))):
            return True
    return False
