"""Which node may be joined to which by an edge of a type. Pure; cycles are the business of `graph.cycles`."""

from __future__ import annotations

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.edges import EdgeType
from ostinato.graph.types import NodeType

_PREREQUISITES = frozenset({NodeType.GOAL, NodeType.TASK, NodeType.DECISION})
LEADS_TO = (
    (NodeType.DECISION, NodeType.OPTION),
    (NodeType.TASK, NodeType.OUTCOME),
    (NodeType.OUTCOME, NodeType.REVISIT),
    (NodeType.REVISIT, NodeType.DECISION),
)
"""The pairs that `leads_to` joins."""


def require_ends(edge_type: EdgeType, from_id: NodeId, from_type: NodeType, to_id: NodeId, to_type: NodeType) -> None:
    """Raise RuleError, saying what the edge joins, unless these two types may be the ends of this edge."""
    if from_id == to_id:
        raise RuleError(f"{from_id} cannot have a {edge_type} edge to itself")
    problem = _problem(edge_type, from_type, to_type)
    if problem:
        raise RuleError(f"{edge_type} cannot join {from_id} ({from_type}) to {to_id} ({to_type}): {problem}")


def require_parent(child_type: NodeType, parent_type: NodeType | None) -> None:
    """Raise RuleError unless a node of this type may stand there; None: without a parent."""
    if child_type is NodeType.OPTION and parent_type is not NodeType.DECISION:
        raise RuleError("an option needs a decision as its parent")
    if child_type is NodeType.GOAL and parent_type not in {None, NodeType.GOAL}:
        raise RuleError(f"a goal stands alone or inside a goal, not inside a {parent_type}")


def _problem(edge_type: EdgeType, source: NodeType, target: NodeType) -> str | None:
    """Return what is wrong with the pair, or None."""
    if edge_type is EdgeType.CONTAINS:
        if target is NodeType.GOAL and source is not NodeType.GOAL:
            return "a goal stands alone or inside a goal"
        misplaced = target is NodeType.OPTION and source is not NodeType.DECISION
        return "an option stands inside a decision" if misplaced else None
    if edge_type is EdgeType.DEPENDS_ON:
        both = source in _PREREQUISITES and target in _PREREQUISITES
        return None if both else "goals, tasks and decisions depend on goals, tasks and decisions"
    if edge_type is EdgeType.LEADS_TO:
        pairs = ", ".join(f"{one} → {other}" for one, other in LEADS_TO)
        return None if (source, target) in LEADS_TO else f"it joins {pairs}"
    if edge_type in {EdgeType.CHOSEN, EdgeType.REJECTED}:
        pair = (source, target) == (NodeType.DECISION, NodeType.OPTION)
        return None if pair else "it joins a decision to one of its options"
    if edge_type is EdgeType.SUPERSEDES:
        return None if source is target else "a node supersedes one of its own type"
    return None if source is NodeType.OBSERVATION else "only an observation informs"
