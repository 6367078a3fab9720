"""Decisions, outcomes, pivots and observations of the double, with the signatures of `store.reasoning`."""

from __future__ import annotations

from ostinato.base.errors import RuleError
from ostinato.base.ids import IterationId, NodeId
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.details import OptionDetails, OutcomeDetails, RevisitDetails
from ostinato.graph.edges import EdgeType
from ostinato.graph.plan import DecisionDraft
from ostinato.graph.requests import NewNode
from ostinato.graph.types import Node, NodeType, Status
from ostinato.testing.memory.graph import MemoryGraph
from ostinato.testing.memory.linking import options_of
from ostinato.testing.memory.state import Memory
from ostinato.testing.memory.transitions import change_status


class MemoryReasoning:
    """See `store.reasoning.ReasoningStore`."""

    def __init__(self, memory: Memory, graph: MemoryGraph) -> None:
        self._memory = memory
        self._graph = graph

    def log_decision(self, parent_id: NodeId, draft: DecisionDraft, actor: Actor = PERSON) -> Node:
        """Make a decision with its options, decided if one is chosen. Raises NotFoundError and RuleError."""
        titles = [option.title for option in draft.options]
        if len(set(titles)) < len(titles):
            raise RuleError(f"two options of “{draft.title}” have the same title")
        with self._memory.transaction():
            project_id = self._memory.node(parent_id).project_id
            new = NewNode(NodeType.DECISION, draft.title, description=draft.context, parent_id=parent_id)
            decision = self._graph.add_node(project_id, new, actor)
            for option in draft.options:
                details = OptionDetails(tuple(option.pros), tuple(option.cons))
                new = NewNode(NodeType.OPTION, option.title, option.description, decision.id, details=details)
                self._graph.add_node(project_id, new, actor)
            if draft.chosen is not None:
                return self.choose_option(decision.id, draft.chosen, draft.rationale, actor)
            return decision

    def choose_option(
        self, decision_id: NodeId, option_id_or_title: str, rationale: str | None, actor: Actor = PERSON
    ) -> Node:
        """Decide a decision for one of its options. Raises NotFoundError and RuleError."""
        with self._memory.transaction():
            decision = self._memory.node(decision_id)
            if decision.node_type is not NodeType.DECISION:
                raise RuleError(f"{decision_id} is a {decision.node_type}, not a decision")
            option = self._option(decision_id, option_id_or_title)
            self._graph.link(decision_id, EdgeType.CHOSEN, option.id, rationale or None, actor)
            return self._graph.get(decision_id)

    def record_outcome(
        self,
        parent_id: NodeId,
        title: str,
        description: str,
        success: bool,
        actor: Actor = PERSON,
        iteration_id: IterationId | None = None,
        commit: str | None = None,
    ) -> Node:
        """Make an outcome under what led to it. Raises NotFoundError and RuleError."""
        with self._memory.transaction():
            parent = self._memory.node(parent_id)
            details = OutcomeDetails(success, iteration_id, commit)
            new = NewNode(NodeType.OUTCOME, title, description, parent_id, details=details)
            outcome = self._graph.add_node(parent.project_id, new, actor)
            if parent.node_type is NodeType.TASK:
                self._graph.link(parent_id, EdgeType.LEADS_TO, outcome.id, None, actor)
            return outcome

    def revisit(self, outcome_id: NodeId, reason: str, new_decision: str | None = None, actor: Actor = PERSON) -> Node:
        """Record that an outcome calls for a pivot. Raises NotFoundError and RuleError."""
        with self._memory.transaction():
            outcome = self._memory.node(outcome_id)
            if outcome.node_type is not NodeType.OUTCOME:
                raise RuleError(f"{outcome_id} is a {outcome.node_type}, not an outcome")
            title, details = f"Revisit: {outcome.title}", RevisitDetails(reason)
            new = NewNode(NodeType.REVISIT, title, reason, outcome.parent_id, details=details)
            revisit = self._graph.add_node(outcome.project_id, new, actor)
            self._graph.link(outcome_id, EdgeType.LEADS_TO, revisit.id, None, actor)
            above = (node for node in self._memory.ancestors(outcome_id) if node.node_type is NodeType.DECISION)
            old = next(above, None)
            if new_decision is not None:
                self._replace(outcome, revisit.id, old, new_decision, actor)
            elif old is not None:
                self._graph.link(revisit.id, EdgeType.LEADS_TO, old.id, None, actor)
                if old.status is Status.DECIDED:
                    change_status(self._memory, old.id, Status.ACTIVE, reason=reason, actor=actor)
            return self._graph.get(revisit.id)

    def record_observation(
        self, parent_id: NodeId, title: str, description: str, about: NodeId | None = None, actor: Actor = PERSON
    ) -> Node:
        """Make an observation, which informs `about` if given. Raises NotFoundError and RuleError."""
        with self._memory.transaction():
            new = NewNode(NodeType.OBSERVATION, title, description, parent_id)
            observation = self._graph.add_node(self._memory.node(parent_id).project_id, new, actor)
            if about is not None:
                self._graph.link(observation.id, EdgeType.INFORMS, about, None, actor)
            return observation

    def _option(self, decision_id: NodeId, wanted: str) -> Node:
        options = options_of(self._memory, decision_id)
        named = [option for option in options if option.id == wanted] or [
            option for option in options if option.title.strip() == wanted.strip()
        ]
        if len(named) == 1:
            return named[0]
        known = "; ".join(f"{option.id} {option.title}" for option in options) or "it has none"
        problem = "is the title of several options" if named else "is not an option"
        raise RuleError(f"{wanted} {problem} of {decision_id}: {known}")

    def _replace(self, outcome: Node, revisit_id: NodeId, old: Node | None, title: str, actor: Actor) -> None:
        goal = self._graph.goal_of(outcome.id)
        parent_id = old.parent_id if old is not None else (goal.id if goal else None)
        new = NewNode(NodeType.DECISION, title, parent_id=parent_id)
        decision = self._graph.add_node(outcome.project_id, new, actor)
        self._graph.link(revisit_id, EdgeType.LEADS_TO, decision.id, None, actor)
        if old is not None:
            self._graph.link(decision.id, EdgeType.SUPERSEDES, old.id, None, actor)
