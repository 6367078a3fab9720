"""Reasoning that takes several nodes and edges at once: decisions, outcomes, pivots, observations. Each is one
transaction; single nodes and edges are the business of `store.graph`."""

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
from ostinato.store.database import Database, queries
from ostinato.store.deciding import (
    accepted_by_person,
    note_who_decides,
    present_of,
    successor_of,
)
from ostinato.store.events import EventStore
from ostinato.store.graph import GraphStore
from ostinato.store.reading import slim_row
from ostinato.store.transitions import change_status


class ReasoningStore:
    """Logs why things are as they are."""

    def __init__(self, db: Database, events: EventStore, graph: GraphStore) -> None:
        self._db = db
        self._events = events
        self._graph = graph

    def log_decision(
        self, parent_id: NodeId | None, draft: DecisionDraft, actor: Actor = PERSON, project_id: ProjectId | None = None
    ) -> Node:
        """Make a decision with its options, decided if `chosen` names one of them, and supersede what it names.

        It stands under a parent, or alone in `project_id`. Returns it. Raises NotFoundError, and RuleError for options
        with the same title, a choice that is none of them, and what cannot be forbidden or superseded.
        """
        require_distinct(draft)
        with self._db.transaction():
            project = self._project_of(parent_id) if parent_id is not None else project_id
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
        """Decide a decision for the option with this id or (exact) title, reject its others; return the decision.

        The same choice again changes nothing but the rationale, and a person's makes theirs what a model chose. Raises
        NotFoundError, and RuleError for an option of another decision and for a second choice.
        """
        with self._db.transaction():
            self._decision(decision_id)
            option = self._option(decision_id, option_id_or_title)
            self._graph.link(decision_id, EdgeType.CHOSEN, option.id, rationale or None, actor)
            if actor.is_person and not accepted_by_person(self._db, decision_id):
                self._accept(decision_id, actor)
            return self._graph.get(decision_id)

    def reject_option(
        self, decision_id: NodeId, option_id_or_title: str, rationale: str | None, actor: Actor = PERSON
    ) -> Node:
        """Reject an option with a reason, or give the reason of one that is rejected already; return the decision.

        Raises NotFoundError, and RuleError for an option of another decision and for the chosen one.
        """
        with self._db.transaction():
            self._decision(decision_id)
            option = self._option(decision_id, option_id_or_title)
            self._graph.link(decision_id, EdgeType.REJECTED, option.id, rationale or None, actor)
            return self._graph.get(decision_id)

    def supersede(self, old_id: NodeId, new_id: NodeId, actor: Actor = PERSON) -> Node:
        """Let one decision take the place of another; return the new one. Once more changes nothing.

        What the old one forbids holds until the new one has a person behind it. Raises NotFoundError, and RuleError for
        a cycle, a new decision that is superseded itself, and an old one whose place another has taken.
        """
        with self._db.transaction():
            old, new = self._decision(old_id), self._decision(new_id)
            if new.status is Status.SUPERSEDED:
                raise RuleError(f"{new_id} is superseded by {successor_of(self._db, new_id)}: name one that holds")
            successor = successor_of(self._db, old_id)
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
        """Make an outcome under what led to it; a task also leads_to it. Raises NotFoundError and RuleError."""
        with self._db.transaction():
            parent = slim_row(self._db, parent_id)
            details = OutcomeDetails(success, iteration_id, commit)
            new = NewNode(NodeType.OUTCOME, title, description, parent_id, details=details)
            outcome = self._graph.add_node(ProjectId(parent["project_id"]), new, actor)
            if parent["node_type"] == NodeType.TASK:
                self._graph.link(parent_id, EdgeType.LEADS_TO, outcome.id, None, actor)
            return outcome

    def revisit(self, subject_id: NodeId, reason: str, new_decision: str | None = None, actor: Actor = PERSON) -> Node:
        """Record that an outcome, or a decision itself, calls for a pivot; return the revisit, which stands beside it.

        It is about the decision, or the nearest one above the outcome, or what stands in its place now. With
        `new_decision` (a title) it leads to a new decision, which supersedes that one; without, that one is open again
        and the revisit leads to it. Raises NotFoundError, and RuleError for a node of another type.
        """
        with self._db.transaction():
            subject = self._graph.get(subject_id)
            if subject.node_type not in {NodeType.OUTCOME, NodeType.DECISION}:
                raise RuleError(f"{subject_id} is a {subject.node_type}, not an outcome or a decision")
            title = f"Revisit: {subject.title}"
            new = NewNode(NodeType.REVISIT, title, reason, subject.parent_id, details=RevisitDetails(reason))
            revisit = self._graph.add_node(subject.project_id, new, actor)
            if subject.node_type is NodeType.OUTCOME:
                self._graph.link(subject_id, EdgeType.LEADS_TO, revisit.id, None, actor)
            old = self._decision_about(subject)
            if new_decision is not None:
                self._replace(subject, revisit.id, old, new_decision, actor)
            elif old is not None:
                self._graph.link(revisit.id, EdgeType.LEADS_TO, old.id, None, actor)
                self._open(old, reason, actor)
            return self._graph.get(revisit.id)

    def record_observation(
        self, parent_id: NodeId, title: str, description: str, about: NodeId | None = None, actor: Actor = PERSON
    ) -> Node:
        """Make an observation under a parent; it informs `about` if given. Raises NotFoundError and RuleError."""
        with self._db.transaction():
            new = NewNode(NodeType.OBSERVATION, title, description, parent_id)
            observation = self._graph.add_node(self._project_of(parent_id), new, actor)
            if about is not None:
                self._graph.link(observation.id, EdgeType.INFORMS, about, None, actor)
            return observation

    def _project_of(self, node_id: NodeId) -> ProjectId:
        return ProjectId(slim_row(self._db, node_id)["project_id"])

    def _option(self, decision_id: NodeId, wanted: str) -> Node:
        ids = [row["id"] for row in self._db.execute(queries("edges")["options_of"], {"id": decision_id})]
        options = [self._graph.get(node_id) for node_id in ids]
        return named_option(decision_id, options, wanted)

    def _decision(self, node_id: NodeId) -> Node:
        node = self._graph.get(node_id)
        if node.node_type is not NodeType.DECISION:
            raise RuleError(f"{node_id} is a {node.node_type}, not a decision")
        return node

    def _accept(self, decision_id: NodeId, actor: Actor) -> None:
        """A person agrees to what a model had decided: nothing else changes."""
        note_who_decides(self._db, decision_id, Status.DECIDED, actor)
        self._events.add(
            EventKind.NODE_UPDATED,
            project_id=self._project_of(decision_id),
            node_id=decision_id,
            actor=actor,
            payload={"decision": "accepted"},
        )

    def _open(self, decision: Node, reason: str, actor: Actor) -> None:
        if decision.status is Status.DECIDED:
            change_status(self._db, self._events, decision.id, Status.ACTIVE, reason=reason, actor=actor)
        else:
            note_who_decides(self._db, decision.id, decision.status, actor)

    def _decision_about(self, subject: Node) -> Node | None:
        """Return the decision that a revisit of `subject` is about: the one that stands in the place of it, or of the
        nearest one above."""
        if subject.node_type is NodeType.DECISION:
            return self._graph.get(present_of(self._db, subject.id))
        rows = self._db.execute(queries("nodes")["ancestors"], {"id": subject.id})
        above = next((row["id"] for row in rows if row["node_type"] == NodeType.DECISION), None)
        return None if above is None else self._graph.get(present_of(self._db, NodeId(above)))

    def _replace(self, subject: Node, revisit_id: NodeId, old: Node | None, title: str, actor: Actor) -> None:
        goal = self._graph.goal_of(subject.id)
        parent_id = old.parent_id if old is not None else (goal.id if goal else None)
        decision = self._graph.add_node(
            subject.project_id, NewNode(NodeType.DECISION, title, parent_id=parent_id), actor
        )
        self._graph.link(revisit_id, EdgeType.LEADS_TO, decision.id, None, actor)
        if old is not None:
            self.supersede(old.id, decision.id, actor)
