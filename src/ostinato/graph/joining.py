"""Several files of the graph as one: what they say together, and where they contradict each other. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ostinato.base.errors import UsageError
from ostinato.base.ids import NodeId
from ostinato.graph.batch_rules import require_id
from ostinato.graph.comparing import Key, Side
from ostinato.graph.records import EdgeRecord, NodeRecord
from ostinato.graph.toml_format import GraphFile


class NamedFile(NamedTuple):
    """A file with how a person calls it, and the digest of its bytes."""

    name: str
    digest: str
    file: GraphFile


def join(files: Sequence[NamedFile]) -> Side:
    """Return all nodes and edges of the files. What several say in the same way is there once.

    Raises UsageError, naming the files, for an id or a uid that stands for two things.
    """
    nodes: dict[NodeId, tuple[NodeRecord, str]] = {}
    uids: dict[str | None, NodeId] = {}
    edges: dict[Key, tuple[EdgeRecord, str]] = {}
    for name, _, file in files:
        for node in file.nodes:
            # Files are named after ids: an id that is a path must never come so far.
            require_id(node.id)
            present, where = nodes.setdefault(node.id, (node, name))
            if present != node:
                raise UsageError(f"{node.id} is in {where} and in {name}, and they differ: leave one of them out")
            if uids.setdefault(node.uid, node.id) != node.id:
                raise UsageError(f"{name}: {uids[node.uid]} and {node.id} have the same uid: one of them is a copy")
        for edge in file.edges:
            told, where = edges.setdefault(edge.key, (edge, name))
            if told != edge:
                raise UsageError(f"the edge {edge} is in {where} and in {name}, and they differ: leave one of them out")
    return Side.of((node for node, _ in nodes.values()), (edge for edge, _ in edges.values()))
