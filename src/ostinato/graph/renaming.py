"""Which id each node of a file has in a database: the same node may be known there by another one, and two nodes may
have been given the same. Pure.

The uid says which node it is. A node whose id another node has gets the next free number of its parent, and what lies
below it follows, as all references do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ostinato.base.ids import NodeId, natural_key
from ostinato.graph.records import NodeRecord
from ostinato.graph.toml_format import told_parent


@dataclass(frozen=True, slots=True)
class Known:
    """What a database knows: the ids of the file's nodes by uid, whether a node has an id there, whether files call
    one so, how far a parent counted."""

    id_of: Mapping[str, NodeId]
    taken: Callable[[NodeId], bool]
    called: Callable[[NodeId], bool]
    counted: Callable[[NodeId], int]


@dataclass(frozen=True, slots=True)
class Renaming:
    """The id in the database of each node of the file by its id there; `collisions` are the ids by which files call
    another node already."""

    ids: Mapping[NodeId, NodeId]
    collisions: tuple[NodeId, ...]

    @property
    def renumbered(self) -> dict[NodeId, NodeId]:
        """Those that have another id in the database."""
        return {old: new for old, new in self.ids.items() if old != new}

    def node(self, node: NodeRecord) -> NodeRecord:
        """Return a node of the file as the database is to call it."""
        parent = None if node.parent_id is None else self.ids.get(node.parent_id, node.parent_id)
        if (self.ids[node.id], parent) == (node.id, node.parent_id):
            return node
        return replace(node, id=self.ids[node.id], parent_id=parent)


def rename(nodes: Sequence[NodeRecord], known: Known, new_root: Callable[[], NodeId]) -> Renaming:
    """Return the renaming for the nodes of a file, each id once; `new_root` makes ids that nothing has."""
    found: dict[NodeId, NodeId] = {}
    collisions: list[NodeId] = []
    wanted = {node.id for node in nodes}
    given: set[NodeId] = set()
    numbers = _Numbers(known.counted, wanted)
    for node in sorted(nodes, key=lambda node: (node.id.count("."), natural_key(node.id))):
        same = known.id_of.get(node.uid or "")
        if same is not None:
            found[node.id] = same
            continue
        above = told_parent(node.id)
        above = None if above is None else found.get(above, above)
        candidate = node.id if above is None else NodeId(f"{above}.{node.id.rpartition('.')[2]}")
        collides = known.called(node.id)
        if collides:
            collisions.append(node.id)
        elsewhere = candidate != node.id and candidate in wanted
        if collides or elsewhere or candidate in given or known.taken(candidate):
            candidate = new_root() if above is None else numbers.next(above)
            while above is not None and candidate in given:
                candidate = numbers.next(above)
        found[node.id] = candidate
        given.add(candidate)
    return Renaming(found, tuple(collisions))


class _Numbers:
    """Gives free numbers below a parent: beyond what it counted and what the file itself uses."""

    def __init__(self, counted: Callable[[NodeId], int], wanted: set[NodeId]) -> None:
        self._counted = counted
        self._last: dict[NodeId, int] = {}
        for node_id in wanted:
            above, dot, number = node_id.rpartition(".")
            if dot and number.isdecimal():
                self._last[NodeId(above)] = max(self._last.get(NodeId(above), 0), int(number))

    def next(self, parent: NodeId) -> NodeId:
        self._last[parent] = max(self._last.get(parent, 0), self._counted(parent)) + 1
        return NodeId(f"{parent}.{self._last[parent]}")
