"""For each node the nearest blocked or failed task that it waits for, kept true as the graph changes.

A label is how far away that task is and which one. As in `graph.rules` there are two states per node: the node as it
waits, and its gate, what all below it wait for. The graph of waiting has no cycles, so labels are kept true in two
passes: labels that nothing supports any more are taken away, as far as that spreads; then, nearest first, new ones
are given. A pass handles a set of nodes per statement, and touches only what changes and its neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ostinato.base.ids import natural_key
from ostinato.graph.rules import holds_up_parent, waits_upstream
from ostinato.graph.status import STOPPED
from ostinato.graph.types import NodeType, Status
from ostinato.store.database import Database, key_list, queries

_NaturalKey = tuple[tuple[int, int, str], ...]
Label = tuple[int, _NaturalKey, int]
"""Distance, natural id and key of the task: the least is the nearest, ties by id."""


class State(NamedTuple):
    """A node that waits, or its gate."""

    key: int
    gate: bool


class Seen(NamedTuple):
    """A state with the label that it has and the one that its neighbours support."""

    state: State
    has: Label | None
    supported: Label | None


def relabel(db: Database, keys: Iterable[int]) -> None:
    """Bring the labels up to date after these nodes, or what they wait for directly, changed."""
    labels = _Labels(db)
    dirty = set(keys)
    seen = list(labels.look(dirty))
    lost = _withdraw(labels, seen)
    # Most changes take no label away: then what was seen still holds.
    _spread(labels, labels.look(dirty | lost) if lost else seen)


def spread_from(db: Database, stopped: Iterable[int]) -> None:
    """Give all labels where there are none yet; `stopped` are all blocked and failed tasks."""
    labels = _Labels(db)
    _spread(labels, labels.look(set(stopped)))


def _withdraw(labels: _Labels, seen: Iterable[Seen]) -> set[int]:
    """Take away every label that nothing supports any more; return the nodes that lost one."""
    lost: set[int] = set()
    while gone := {one.state: one.has for one in seen if _is_unsupported(one)}:
        labels.write((state, None) for state in gone)
        lost |= {state.key for state in gone}
        waiting = {other.key for _, other, _ in labels.waiting_for(gone)}
        seen = labels.look(labels.that_name({label[2] for label in gone.values() if label}, waiting))
    return lost


def _is_unsupported(seen: Seen) -> bool:
    return seen.has is not None and (seen.supported is None or seen.supported > seen.has)


def _spread(labels: _Labels, seen: Iterable[Seen]) -> None:
    """Give the labels that are now supported, the nearest first, and let them spread."""
    by_distance: dict[int, dict[State, Label]] = defaultdict(dict)
    for one in seen:
        if one.supported is not None:
            by_distance[one.supported[0]][one.state] = one.supported
    while by_distance:
        offers = by_distance.pop(min(by_distance))
        present = labels.of(offers)
        better = {state: offer for state, offer in offers.items() if _is_better(offer, present.get(state))}
        labels.write(better.items())
        for state, other, step in labels.waiting_for(better):
            distance, natural, source = better[state]
            offer = (distance + step, natural, source)
            known = by_distance[offer[0]]
            if _is_better(offer, known.get(other)):
                known[other] = offer


def _is_better(offer: Label, present: Label | None) -> bool:
    return present is None or offer < present


class _Labels:
    """Reads and writes labels, many at a time."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sql = queries("standings")
        self._names: dict[int, _NaturalKey] = {}

    def look(self, keys: Iterable[int]) -> Iterator[Seen]:
        """Yield both states of these nodes with what they have and what is supported."""
        asked = key_list(keys)
        nearest_target = self._nearest(self._read("labelled_prerequisites", asked))
        children: dict[int, list[tuple[NodeType, Label]]] = defaultdict(list)
        for key, child_type, source, distance in self._named(self._read("labelled_children", asked), 2):
            children[key].append((NodeType(child_type), self._label(source, distance, 1)))
        for row in self._named(self._read("labels", asked), 4, 6, 8):
            key, node_id, node_type, status = row[0], row[1], NodeType(row[2]), Status(row[3])
            above = self._optional(row[8], row[9])
            target = nearest_target.get(key)
            own = (0, natural_key(node_id), key) if status in STOPPED else None
            gate = _least(target, above, own and (1, own[1], key))
            label = own
            if own is None and waits_upstream(node_type, status):
                held = [found for child, found in children[key] if holds_up_parent(child, node_type)]
                label = _least(target, None if node_type is NodeType.DECISION else above, *held)
            yield Seen(State(key, False), self._optional(row[4], row[5]), label)
            yield Seen(State(key, True), self._optional(row[6], row[7]), gate)

    def that_name(self, sources: Iterable[int], keys: Iterable[int]) -> set[int]:
        """Return those of these nodes that have a label with one of these sources."""
        parameters = {"sources": key_list(sources), "keys": key_list(keys)}
        return {key for (key,) in self._db.tuples(self._sql["that_name"], parameters)}

    def of(self, states: Iterable[State]) -> dict[State, Label | None]:
        """Return the present labels of these states' nodes, both states each."""
        found: dict[State, Label | None] = {}
        for row in self._named(self._read("labels", key_list({state.key for state in states})), 4, 6):
            found[State(row[0], False)] = self._optional(row[4], row[5])
            found[State(row[0], True)] = self._optional(row[6], row[7])
        return found

    def write(self, labels: Iterable[tuple[State, Label | None]]) -> None:
        """Set labels, None for none."""
        rows: dict[bool, list[tuple[int, int | None, int | None]]] = {False: [], True: []}
        for state, label in labels:
            source, distance = (None, None) if label is None else (label[2], label[0])
            rows[state.gate].append((state.key, source, distance))
        self._db.many(self._sql["label"], rows[False])
        self._db.many(self._sql["label_gate"], rows[True])

    def waiting_for(self, states: Iterable[State]) -> Iterator[tuple[State, State, int]]:
        """Yield (state, who waits for it directly, distance between them)."""
        nodes, gates = _parted(states)
        for key, other, kind, status in self._read("dependents", key_list(nodes)):
            yield State(key, False), State(other, True), 1
            if waits_upstream(NodeType(kind), Status(status)):
                yield State(key, False), State(other, False), 1
        for key, other, kind, status, own_kind in self._read("parents", key_list(nodes)):
            parent_type = NodeType(kind)
            if holds_up_parent(NodeType(own_kind), parent_type) and waits_upstream(parent_type, Status(status)):
                yield State(key, False), State(other, False), 1
        for key, other, kind, status in self._read("children", key_list(gates)):
            yield State(key, True), State(other, True), 0
            if kind != NodeType.DECISION and waits_upstream(NodeType(kind), Status(status)):
                yield State(key, True), State(other, False), 0

    def _read(self, query: str, keys: str) -> list[tuple[Any, ...]]:
        return [] if keys == "[]" else self._db.tuples(self._sql[query], {"keys": keys})

    def _nearest(self, rows: list[tuple[Any, ...]]) -> dict[int, Label]:
        found: dict[int, Label] = {}
        for key, source, distance in self._named(rows, 1):
            label = self._label(source, distance, 1)
            found[key] = min(found.get(key, label), label)
        return found

    def _named(self, rows: list[tuple[Any, ...]], *columns: int) -> list[tuple[Any, ...]]:
        """Return rows after looking up the ids of the sources in these columns."""
        missing = {row[column] for row in rows for column in columns} - self._names.keys() - {None}
        if missing:
            found = self._read("ids", key_list(missing))
            self._names.update((key, natural_key(node_id)) for key, node_id in found)
        return rows

    def _label(self, source: int, distance: int, step: int = 0) -> Label:
        return distance + step, self._names[source], source

    def _optional(self, source: int | None, distance: int | None) -> Label | None:
        return None if source is None or distance is None else self._label(source, distance)


def _parted(states: Iterable[State]) -> tuple[list[int], list[int]]:
    nodes: list[int] = []
    gates: list[int] = []
    for state in states:
        (gates if state.gate else nodes).append(state.key)
    return nodes, gates


def _least(*labels: Label | None) -> Label | None:
    return min((label for label in labels if label is not None), default=None)
