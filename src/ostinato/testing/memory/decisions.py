"""What decisions forbid in the double, worked out anew from the plain rule, and who stands behind a decision."""

from __future__ import annotations

from dataclasses import replace

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.actors import PERSON
from ostinato.graph.cycles import show_path
from ostinato.graph.decisions import details_of
from ostinato.graph.details import DecisionDetails
from ostinato.graph.edges import EdgeType
from ostinato.graph.prohibitions import Prohibition
from ostinato.graph.types import Details, Node, NodeType, Status
from ostinato.testing.memory.state import Memory


class MemoryDecisions:
    """See `store.decisions.DecisionStore`, as far as the loop asks."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def prohibitions(self, project_id: ProjectId) -> list[Prohibition]:
        """Return what the decisions of a project forbid now, by their numbers."""
        nodes = self._memory.state.nodes.values()
        decisions = [n for n in nodes if n.node_type is NodeType.DECISION and n.project_id == project_id]
        held = [node for node in decisions if self._holds(node)]
        return [
            Prohibition(node.id, node.title, details_of(node).forbids_paths, details_of(node).forbids_dependencies)
            for node in sorted(held, key=lambda node: details_of(node).number or 0)
        ]

    def _holds(self, decision: Node) -> bool:
        details, behind = details_of(decision), self._memory.state.decided_by
        if not details.forbids_paths and not details.forbids_dependencies:
            return False
        if decision.status is not Status.DECIDED and decision.id not in behind:
            return False
        if any(behind.get(newer) == PERSON.by for newer in _newer(self._memory, decision.id)):
            return False
        above = self._memory.ancestors(decision.id)
        return not any(one.node_type is NodeType.GOAL and one.status is Status.CANCELLED for one in above)


def numbered(memory: Memory, project_id: ProjectId, details: Details) -> Details:
    """Return the details of a new decision with the next number of its project; others as they are."""
    if not isinstance(details, DecisionDetails):
        return details
    memory.state.numbers[project_id] = memory.state.numbers.get(project_id, 0) + 1
    return replace(details, number=memory.state.numbers[project_id])


def note_who_decides(memory: Memory, decision_id: NodeId, became: Status, by: str) -> None:
    """Keep who stands behind a decision; a person's word stays until a person opens the decision again."""
    behind, person = memory.state.decided_by, by == PERSON.by
    if became is Status.DECIDED and behind.get(decision_id) != PERSON.by:
        behind[decision_id] = PERSON.by if person else "agent"
    elif became in {Status.PENDING, Status.ACTIVE} and person:
        behind.pop(decision_id, None)


def successor_of(memory: Memory, decision_id: NodeId) -> NodeId | None:
    """Return the decision that supersedes this one directly, the oldest where there are several, or None."""
    newer = [e for e in memory.state.edges.values() if e.edge_type is EdgeType.SUPERSEDES and e.to_id == decision_id]
    return min(newer, key=lambda edge: (edge.created_at, edge.from_id)).from_id if newer else None


def present_of(memory: Memory, decision_id: NodeId) -> NodeId:
    """Return what stands in the place of a decision now."""
    seen = {decision_id}
    while (newer := successor_of(memory, decision_id)) is not None and newer not in seen:
        seen.add(newer)
        decision_id = newer
    return decision_id


def require_no_circle(memory: Memory, newer: NodeId, older: NodeId) -> None:
    """Raise RuleError when `older` supersedes `newer` already."""
    if older in _newer(memory, newer):
        raise RuleError(f"{newer} supersedes {older} would close a cycle: {show_path([newer, older])}")


def _newer(memory: Memory, node_id: NodeId) -> set[NodeId]:
    """Return what supersedes a node, at whatever distance."""
    found: set[NodeId] = set()
    waiting = [node_id]
    while waiting:
        here = waiting.pop()
        edges = (e for e in memory.state.edges.values() if e.edge_type is EdgeType.SUPERSEDES and e.to_id == here)
        new = {edge.from_id for edge in edges} - found
        found |= new
        waiting += new
    return found
