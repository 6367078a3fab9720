"""How one node is shown to a person and to programs: its fields, edges, children and attempts. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from ostinato.base.ids import NodeId
from ostinato.cli.context import Invocation
from ostinato.cli.documents import edge_document, event_document, iteration_document, node_document
from ostinato.cli.output import answer, clean, clean_block, columns, short_time
from ostinato.graph.types import Check, Details, Node, NodeType, TaskDetails

if TYPE_CHECKING:
    from ostinato.graph.edges import Edge
    from ostinato.graph.events import Event
    from ostinato.graph.iterations import Iteration
    from ostinato.store.store import Store


def print_node(invocation: Invocation, store: Store, node_id: NodeId, *, history: bool = False) -> None:
    """Print the node; with --json its document with `edges`, `children` (ids) and, for a task, `iterations`; with
    `history` also its events."""
    node = store.graph.get(node_id)
    edges = store.graph.edges_of(node_id)
    children = store.graph.children(node_id)
    iterations = store.graph.attempts(node_id) if node.node_type is NodeType.TASK else []
    document = {
        **node_document(node),
        "edges": [edge_document(edge) for edge in edges],
        "children": [child.id for child in children],
    }
    if node.node_type is NodeType.TASK:
        document["iterations"] = [iteration_document(iteration) for iteration in iterations]
    events = store.events.of_node(node_id) if history else []
    if history:
        document["history"] = [event_document(event) for event in events]
    answer(invocation, document, chain(_lines(node, edges, children, iterations), _history(events)))


def _history(events: list[Event]) -> Iterator[str]:
    if events:
        # Late: few ask what happened.
        from ostinato.cli.events import event_line

        yield from ("", "history", *(f"  {event_line(event)}" for event in events))


def _lines(node: Node, edges: list[Edge], children: list[Node], iterations: list[Iteration]) -> Iterator[str]:
    yield clean(f"{node.id}: {node.title}")
    yield from columns([(f"  {name}", value) for name, value in _facts(node) if value])
    for title, texts in _sections(node):
        yield from ("", title, *(clean(f"  - {text}") for text in texts))
    if node.description:
        yield from ("", "description", *clean_block(node.description))
    if children:
        yield from ("", "children")
        yield from columns([(f"  {child.id}", child.node_type, child.status, child.title) for child in children])
    if edges:
        yield from ("", "edges")
        yield from columns([(f"  {e.id}", e.from_id, e.edge_type, e.to_id, e.label or "") for e in edges])
    if iterations:
        yield from ("", "attempts", *map(_attempt_line, iterations))


def _facts(node: Node) -> list[tuple[str, object]]:
    blocked = f" — {node.blocked_reason}" if node.blocked_reason else ""
    facts: list[tuple[str, object]] = [
        ("type", node.node_type),
        ("status", f"{node.status}{blocked}"),
        ("priority", node.priority),
        ("assigned to", node.assigned_to),
        ("created by", node.created_by),
        ("labels", ", ".join(node.labels)),
        ("parent", node.parent_id),
        ("created", short_time(node.created_at)),
        ("started", short_time(node.started_at)),
        ("completed", short_time(node.completed_at)),
    ]
    facts.extend(_details_facts(node.details))
    facts.extend(sorted(node.metadata.items()))
    return facts


def _details_facts(details: Details) -> list[tuple[str, object]]:
    if isinstance(details, TaskDetails):
        most = "" if details.max_attempts is None else f" of {details.max_attempts}"
        return [
            ("complexity", details.complexity),
            ("profile", details.profile),
            ("attempts", f"{details.attempts}{most}" if details.attempts or most else ""),
            ("judged by", "a person" if details.judge else ""),
        ]
    # Late: showing tasks needs no other details.
    from ostinato.graph.details import DecisionDetails, OutcomeDetails, RevisitDetails

    if isinstance(details, DecisionDetails):
        return [("number", details.number)]
    if isinstance(details, OutcomeDetails):
        return [
            ("success", "yes" if details.success else "no"),
            ("iteration", details.iteration_id),
            ("commit", details.commit),
        ]
    if isinstance(details, RevisitDetails):
        return [("reason", details.pivot_reason)]
    return []


def _sections(node: Node) -> list[tuple[str, tuple[str, ...]]]:
    return [(title, texts) for title, texts in _texts(node.details) if texts]


def _texts(details: Details) -> list[tuple[str, tuple[str, ...]]]:
    if isinstance(details, TaskDetails):
        return [
            ("acceptance criteria", details.acceptance_criteria),
            ("checks", tuple(map(_check_line, details.checks))),
            ("file scope", details.file_scope),
        ]
    from ostinato.graph.details import DecisionDetails, OptionDetails

    if isinstance(details, DecisionDetails):
        return [("forbids paths", details.forbids_paths), ("forbids dependencies", details.forbids_dependencies)]
    return [("pros", details.pros), ("cons", details.cons)] if isinstance(details, OptionDetails) else []


def _check_line(check: Check) -> str:
    notes = [
        *(["guard"] if check.guard else []),
        *([f"in {check.working_dir}"] if check.working_dir else []),
        *([f"at most {check.timeout:g} s"] if check.timeout is not None else []),
    ]
    return check.command + (f"  ({', '.join(notes)})" if notes else "")


def _attempt_line(iteration: Iteration) -> str:
    words = [f"  {iteration.attempt}.", iteration.id, short_time(iteration.started_at)]
    if iteration.ended_at is None:
        words.append("is running")
    else:
        words.extend(str(word) for word in (iteration.ending, iteration.verdict, iteration.decision) if word)
    if iteration.commit:
        words.append(iteration.commit[:12])
    reasons = f" — {'; '.join(iteration.reasons)}" if iteration.reasons else ""
    return clean(" ".join(words) + reasons)
