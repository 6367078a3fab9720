"""What files call a node that has another id in this database, so that every clone writes the same files. Pure.

Two people may give one id to two nodes. Whoever merges keeps an id that is taken here for what has it here; in the
files the node keeps the id under which it came. Most nodes have one id: only the others are noted, and what lies below
them follows.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

from ostinato.base.ids import NodeId
from ostinato.graph.details import DecisionDetails
from ostinato.graph.records import EdgeRecord, NodeRecord
from ostinato.graph.renaming import Renaming
from ostinato.graph.toml_format import GraphFile, told_parent


class SharedIds:
    """How files call nodes: `noted` are their ids by the ids of the database, `numbers` the numbers of decisions, both
    for the nodes where they differ."""

    def __init__(self, noted: Mapping[NodeId, NodeId], numbers: Mapping[NodeId, int] | None = None) -> None:
        self.noted = noted
        self.numbers = numbers or {}
        self._here = {shared_id: node_id for node_id, shared_id in noted.items()}

    def shared(self, node_id: NodeId) -> NodeId:
        """Return how files call a node of the database."""
        return _called(node_id, self.noted)

    def local(self, shared_id: NodeId) -> NodeId | None:
        """Return the id in the database of what files call so, None where nothing here can be called so."""
        if not self.noted:
            return shared_id
        top, numbers = _split(shared_id, self._here)
        if top not in self._here and top in self.noted:
            return None
        found = self._here.get(top, top)
        for number in numbers:
            found = NodeId(f"{found}.{number}")
            if found in self.noted:
                return None
        return found

    def file(self, file: GraphFile) -> GraphFile:
        """Return a file with the ids of the database as files say them."""
        if not self.noted and not self.numbers:
            return file
        return GraphFile(
            goal_id=None if file.goal_id is None else self.shared(file.goal_id),
            project=file.project,
            nodes=tuple(self._node(node) for node in file.nodes),
            edges=tuple(self._edge(edge) for edge in file.edges),
        )

    def after(self, renaming: Renaming) -> SharedIds:
        """Return the ids once a file was brought in: its nodes are called as it calls them, and who had such an id
        before takes the one that its new owner has here."""
        noted = dict(self.noted)
        for shared_id in renaming.collisions:
            holder = self.local(shared_id)
            if holder is not None:
                noted[holder] = renaming.ids[shared_id]
        if noted or renaming.renumbered:
            for shared_id, node_id in sorted(renaming.ids.items(), key=lambda pair: pair[0].count(".")):
                noted.pop(node_id, None)
                if _called(node_id, noted) != shared_id:
                    noted[node_id] = shared_id
        return SharedIds(noted)

    def _node(self, node: NodeRecord) -> NodeRecord:
        parent = None if node.parent_id is None else self.shared(node.parent_id)
        details = node.details
        if node.id in self.numbers and isinstance(details, DecisionDetails):
            details = replace(details, number=self.numbers[node.id])
        return replace(node, id=self.shared(node.id), parent_id=parent, details=details)

    def _edge(self, edge: EdgeRecord) -> EdgeRecord:
        return edge._replace(from_id=self.shared(edge.from_id), to_id=self.shared(edge.to_id))


def _called(node_id: NodeId, noted: Mapping[NodeId, NodeId]) -> NodeId:
    if not noted or node_id in noted:
        return noted.get(node_id, node_id)
    top, numbers = _split(node_id, noted)
    return NodeId(".".join([noted.get(top, top), *numbers]))


def _split(node_id: NodeId, known: Container[NodeId]) -> tuple[NodeId, list[str]]:
    """Return the nearest of an id and its ancestors that is known, else the topmost, and the numbers from there down.

    No recursion: a stranger's file may name an id as deep as it likes.
    """
    numbers: list[str] = []
    here = node_id
    while here not in known and (above := told_parent(here)) is not None:
        numbers.append(here[len(above) + 1 :])
        here = above
    return here, numbers[::-1]
