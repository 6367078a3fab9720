"""The edges of the predecessor's goal files: who lies in whom, and which option belongs to which decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ostinato.graph.edges import EdgeType
from ostinato.graph.importing.values import ImportedEdge, ImportedNode
from ostinato.graph.types import NodeType, Status

_TO_OPTION = frozenset({EdgeType.LEADS_TO, EdgeType.CHOSEN, EdgeType.REJECTED, EdgeType.CONTAINS})


class Joins:
    """The edges of one file; `warnings` takes what is left out."""

    def __init__(self, edges: Sequence[ImportedEdge], warnings: list[str]) -> None:
        self._edges = edges
        self._warnings = warnings

    def settle(self, nodes: Mapping[str, ImportedNode], goal_id: str) -> tuple[list[ImportedNode], list[ImportedEdge]]:
        """Return the nodes with their parents, the goal first and all others inside it, and the edges beside those."""
        parents = self._parents(nodes, goal_id)
        edges = [edge for edge in self._edges if edge.edge_type is not EdgeType.CONTAINS]
        decisions = self._decisions(nodes)
        for option, decision in decisions.items():
            parents[option] = decision
            edges.append(ImportedEdge(EdgeType.LEADS_TO, decision, option))
        chosen = {edge.from_key: edge.to_key for edge in edges if edge.edge_type is EdgeType.CHOSEN}
        taken = set(chosen.values())
        found = [replace(nodes[goal_id], parent_key=None)]
        for key, node in nodes.items():
            status = node.status
            if key in chosen and node.node_type is NodeType.DECISION and status is not Status.SUPERSEDED:
                status = Status.DECIDED
            elif key in taken and key in decisions:
                status = Status.CHOSEN
            if key != goal_id:
                found.append(replace(node, parent_key=parents.get(key, goal_id), status=status))
        return found, edges

    def _parents(self, nodes: Mapping[str, ImportedNode], goal_id: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for edge in self._edges:
            if edge.edge_type is not EdgeType.CONTAINS:
                continue
            if edge.from_key not in nodes or edge.to_key not in nodes or edge.to_key == goal_id:
                self._warnings.append(
                    f"{edge.from_key[:60]} contains {edge.to_key[:60]} is left out: not both are there"
                )
            elif edge.to_key in found:
                self._warnings.append(f"{edge.to_key} lies in {found[edge.to_key]} and not in {edge.from_key} too")
            else:
                found[edge.to_key] = edge.from_key
        return found

    def _decisions(self, nodes: Mapping[str, ImportedNode]) -> dict[str, str]:
        """Return the decision of each option that has one."""
        found: dict[str, str] = {}
        for edge in self._edges:
            source, target = nodes.get(edge.from_key), nodes.get(edge.to_key)
            if edge.edge_type not in _TO_OPTION or source is None or target is None:
                continue
            if source.node_type is NodeType.DECISION and target.node_type is NodeType.OPTION:
                found.setdefault(edge.to_key, edge.from_key)
        return found
