"""The stream for somebody who was not there: the lines of the live progress, and the kinds that it leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ostinato.cli.event_lines import EventLines
from ostinato.cli.output import clean
from ostinato.cli.report_words import stopped_words
from ostinato.graph.events import Event, EventKind
from ostinato.graph.types import NodeType

if TYPE_CHECKING:
    from ostinato.store.store import Store


class Story(EventLines):
    """Turns events into lines; of nodes it tells what a person or an agent made or set, not what follows from it."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._forms |= {
            EventKind.SESSION_ENDED: self._session_ended,
            EventKind.NODE_CREATED: self._node_created,
            EventKind.NODE_STATUS: self._node_status,
            EventKind.APPROVAL_ASKED: self._approval_asked,
            EventKind.APPROVAL_ANSWERED: self._approval_answered,
            EventKind.NOTE_ADDED: self._note_added,
        }

    def _session_ended(self, event: Event, payload: dict[str, Any]) -> Iterator[str]:
        reason = str(payload.get("stop_reason") or "ended by hand")
        yield f"● session {event.session_id} ended: {clean(stopped_words(reason))}"

    def _node_created(self, event: Event, payload: dict[str, Any]) -> Iterator[str]:
        node = self._store.graph.find(event.node_id) if event.node_id else None
        # Outcomes are told by the iteration that they came from, options by their decision.
        if node and node.node_type not in {NodeType.OUTCOME, NodeType.OPTION}:
            yield f"  + {node.node_type} {node.id} {clean(node.title)}"

    def _node_status(self, event: Event, payload: dict[str, Any]) -> Iterator[str]:
        node = self._store.graph.find(event.node_id) if event.node_id else None
        if node and node.node_type is NodeType.TASK and payload.get("by") == "person":
            reason = f": {clean(payload['reason'])}" if payload.get("reason") else ""
            yield f"  ● {event.node_id} set to {clean(payload.get('to'))}{reason}"

    def _approval_asked(self, event: Event, payload: dict[str, Any]) -> Iterator[str]:
        yield f"? {event.node_id} waits for you: {clean(payload.get('question', ''))}"

    def _approval_answered(self, event: Event, payload: dict[str, Any]) -> Iterator[str]:
        reason = f": {clean(payload['reason'])}" if payload.get("reason") else ""
        yield f"● {event.node_id} {clean(payload.get('answer'))}{reason}"

    def _note_added(self, event: Event, payload: dict[str, Any]) -> Iterator[str]:
        yield f"● said to {event.node_id}: {clean(payload.get('text', ''))}"
