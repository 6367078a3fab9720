"""Decisions, outcomes, pivots and observations of the double, with the signatures of `store.reasoning`."""

from __future__ import annotations

from ostinato.base.errors import RuleError
from ostinato.base.ids import IterationId, NodeId, ProjectId
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.decisions import named_option, require_distinct
from ostinato.graph.details import DecisionDetails, OptionDetails, OutcomeDetails, RevisitDetails
from ostinato.graph.edges import EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.plan import DecisionDraft
from ostinato.graph.requests import NewNode
from ostinato.graph.types import Node, NodeType, Status
from ostinato.testing.memory.decisions import (
    note_who_decides,
    present_of,
    successor_of,
)
from ostinato.testing.memory.graph import MemoryGraph
from ostinato.testing.memory.linking import options_of
from ostinato.testing.memory.state import Memory
from ostinato.testing.memory.transitions import change_status


class MemoryReasoning:
    """See `store.reasoning.ReasoningStore`."""

    def __init__(self, memory: Memory, graph: MemoryGraph) -> None:
        self._memory = memory
        self._graph = graph

    def log_decision(
        self, parent_id: NodeId | None, draft: DecisionDraft, actor: Actor = PERSON, project_id: ProjectId | None = None
    ) -> Node:
        """Make a decision with its options, decided if one is chosen. Raises NotFoundError and RuleError."""
        require_distinct(draft)
        with self._memory.transaction():
            project = self._memory.node(parent_id).project_id if parent_id is not None else project_id
            if project is None:
                raise RuleError("a decision stands under a node or in a project: name one of them")
            forbids = DecisionDetails(draft.forbids_paths, draft.forbids_dependencies)
            new = NewNode(NodeType.DECISION, draft.title, draft.context, parent_id, details=forbids)
            decision = self._graph.add_node(project, new, actor)
            for option in draft.options:
                details = OptionDetails(tuple(option.pros), tuple(option.cons))
                new = NewNode(NodeType.OPTION, option.title, option.description, decision.id, details=details)
                self._graph.add_node(project, new, actor)
            if draft.chosen is not None:
                self.choose_option(decision.id, draft.chosen, draft.rationale, actor)
            for old in dict.fromkeys(draft.supersedes):
                self.supersede(NodeId(old), decision.id, actor)
            return self._graph.get(decision.id)

    def choose_option(
        self, decision_id: NodeId, option_id_or_title: str, rationale: str | None, actor: Actor = PERSON
    ) -> Node:
        """Decide a decision for one of its options. Raises NotFoundError and RuleError."""
        with self._memory.transaction():
            decision = self._decision(decision_id)
            option = self._option(decision_id, option_id_or_title)
            self._graph.link(decision_id, EdgeType.CHOSEN, option.id, rationale or None, actor)
            if actor.is_person and self._memory.state.decided_by.get(decision_id) != PERSON.by:
                note_who_decides(self._memory, decision_id, Status.DECIDED, actor.by)
                said = {"decision": "accepted"}
                self._memory.tell(EventKind.NODE_UPDATED, decision.project_id, decision_id, actor, said)
            return self._graph.get(decision_id)

    def reject_option(
        self, decision_id: NodeId, option_id_or_title: str, rationale: str | None, actor: Actor = PERSON
    ) -> Node:
        """Reject an option, or give the reason of a rejected one. Raises NotFoundError and RuleError."""
        with self._memory.transaction():
            self._decision(decision_id)
            option = self._option(decision_id, option_id_or_title)
            self._graph.link(decision_id, EdgeType.REJECTED, option.id, rationale or None, actor)
            return self._graph.get(decision_id)

    def supersede(self, old_id: NodeId, new_id: NodeId, actor: Actor = PERSON) -> Node:
        """Let one decision take the place of another. Raises NotFoundError and RuleError."""
        with self._memory.transaction():
            old, new = self._decision(old_id), self._decision(new_id)
            if new.status is Status.SUPERSEDED:
                raise RuleError(f"{new_id} is superseded by {successor_of(self._memory, new_id)}: name one that holds")
            successor = successor_of(self._memory, old_id)
            if successor is not None and successor != new_id:
                raise RuleError(f"{old_id} is superseded by {successor} already: supersede {successor} instead")
            if successor is None:
                self._graph.link(new_id, EdgeType.SUPERSEDES, old.id, None, actor)
            return self._graph.get(new_id)

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

    def revisit(self, subject_id: NodeId, reason: str, new_decision: str | None = None, actor: Actor = PERSON) -> Node:
        """Record that an outcome or a decision calls for a pivot. Raises NotFoundError and RuleError."""
        with self._memory.transaction():
            subject = self._memory.node(subject_id)
            if subject.node_type not in {NodeType.OUTCOME, NodeType.DECISION}:
                raise RuleError(f"{subject_id} is a {subject.node_type}, not an outcome or a decision")
            title, details = f"Revisit: {subject.title}", RevisitDetails(reason)
            new = NewNode(NodeType.REVISIT, title, reason, subject.parent_id, details=details)
            revisit = self._graph.add_node(subject.project_id, new, actor)
            if subject.node_type is NodeType.OUTCOME:
                self._graph.link(subject_id, EdgeType.LEADS_TO, revisit.id, None, actor)
            about = [node for node in (subject, *self._memory.ancestors(subject_id)) if _is_decision(node)]
            old = self._memory.node(present_of(self._memory, about[0].id)) if about else None
            if new_decision is not None:
                self._replace(subject, revisit.id, old, new_decision, actor)
            elif old is not None:
                self._graph.link(revisit.id, EdgeType.LEADS_TO, old.id, None, actor)
                if old.status is Status.DECIDED:
                    change_status(self._memory, old.id, Status.ACTIVE, reason=reason, actor=actor)
                else:
                    note_who_decides(self._memory, old.id, old.status, actor.by)
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
        return named_option(decision_id, options, wanted)

    def _decision(self, node_id: NodeId) -> Node:
        node = self._memory.node(node_id)
        if not _is_decision(node):
            raise RuleError(f"{node_id} is a {node.node_type}, not a decision")
        return node

    def _replace(self, subject: Node, revisit_id: NodeId, old: Node | None, title: str, actor: Actor) -> None:
        goal = self._graph.goal_of(subject.id)
        parent_id = old.parent_id if old is not None else (goal.id if goal else None)
        new = NewNode(NodeType.DECISION, title, parent_id=parent_id)
        decision = self._graph.add_node(subject.project_id, new, actor)
        self._graph.link(revisit_id, EdgeType.LEADS_TO, decision.id, None, actor)
        if old is not None:
            self.supersede(old.id, decision.id, actor)


def _is_decision(node: Node) -> bool:
    return node.node_type is NodeType.DECISION
