"""Reasoning that takes several nodes and edges at once: decisions, outcomes, pivots, observations. Each is one
transaction; single nodes and edges are the business of `store.graph`."""

from __future__ import annotations

from ostinato.base.errors import RuleError
from ostinato.base.ids import IterationId, NodeId, ProjectId
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.details import OptionDetails, OutcomeDetails, RevisitDetails
from ostinato.graph.edges import EdgeType
from ostinato.graph.plan import DecisionDraft
from ostinato.graph.requests import NewNode
from ostinato.graph.types import Node, NodeType, Status
from ostinato.store.database import Database, queries
from ostinato.store.events import EventStore
from ostinato.store.graph import GraphStore
from ostinato.store.reading import decode_rows, slim_row
from ostinato.store.transitions import change_status


class ReasoningStore:
    """Logs why things are as they are."""

    def __init__(self, db: Database, events: EventStore, graph: GraphStore) -> None:
        self._db = db
        self._events = events
        self._graph = graph

    def log_decision(self, parent_id: NodeId, draft: DecisionDraft, actor: Actor = PERSON) -> Node:
        """Make a decision with its options under a parent, decided if `chosen` names one of them; return it.

        Raises NotFoundError, and RuleError for options with the same title and a choice that is none of them.
        """
        titles = [option.title for option in draft.options]
        if len(set(titles)) < len(titles):
            raise RuleError(f"two options of “{draft.title}” have the same title")
        with self._db.transaction():
            project_id = self._project_of(parent_id)
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
        """Decide a decision for the option with this id or (exact) title, reject its others; return the decision.

        The same choice again changes nothing but the rationale. Raises NotFoundError, and RuleError for an option of
        another decision and for a second choice.
        """
        with self._db.transaction():
            decision = self._graph.get(decision_id)
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
        """Make an outcome under what led to it; a task also leads_to it. Raises NotFoundError and RuleError."""
        with self._db.transaction():
            parent = slim_row(self._db, parent_id)
            details = OutcomeDetails(success, iteration_id, commit)
            new = NewNode(NodeType.OUTCOME, title, description, parent_id, details=details)
            outcome = self._graph.add_node(ProjectId(parent["project_id"]), new, actor)
            if parent["node_type"] == NodeType.TASK:
                self._graph.link(parent_id, EdgeType.LEADS_TO, outcome.id, None, actor)
            return outcome

    def revisit(self, outcome_id: NodeId, reason: str, new_decision: str | None = None, actor: Actor = PERSON) -> Node:
        """Record that an outcome calls for a pivot and return the revisit, which stands beside the outcome.

        With `new_decision` (a title) it leads to a new decision, which supersedes the nearest decision above the
        outcome; without, that decision is open again and the revisit leads to it. Raises NotFoundError, and RuleError
        when the node is no outcome.
        """
        with self._db.transaction():
            outcome = self._graph.get(outcome_id)
            if outcome.node_type is not NodeType.OUTCOME:
                raise RuleError(f"{outcome_id} is a {outcome.node_type}, not an outcome")
            title = f"Revisit: {outcome.title}"
            details = RevisitDetails(reason)
            new = NewNode(NodeType.REVISIT, title, reason, outcome.parent_id, details=details)
            revisit = self._graph.add_node(outcome.project_id, new, actor)
            self._graph.link(outcome_id, EdgeType.LEADS_TO, revisit.id, None, actor)
            old = self._decision_above(outcome_id)
            if new_decision is not None:
                self._replace(outcome, revisit.id, old, new_decision, actor)
            elif old is not None:
                self._graph.link(revisit.id, EdgeType.LEADS_TO, old.id, None, actor)
                if old.status is Status.DECIDED:
                    change_status(self._db, self._events, old.id, Status.ACTIVE, reason=reason, actor=actor)
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
        named = [option for option in options if option.id == wanted] or [
            option for option in options if option.title.strip() == wanted.strip()
        ]
        if len(named) == 1:
            return named[0]
        known = "; ".join(f"{option.id} {option.title}" for option in options) or "it has none"
        problem = "is the title of several options" if named else "is not an option"
        raise RuleError(f"{wanted} {problem} of {decision_id}: {known}")

    def _decision_above(self, node_id: NodeId) -> Node | None:
        with self._db.reading():
            rows = self._db.execute(queries("nodes")["ancestors"], {"id": node_id})
        above = [row for row in rows if row["node_type"] == NodeType.DECISION]
        return next(iter(decode_rows(above[:1])), None)

    def _replace(self, outcome: Node, revisit_id: NodeId, old: Node | None, title: str, actor: Actor) -> None:
        goal = self._graph.goal_of(outcome.id)
        parent_id = old.parent_id if old is not None else (goal.id if goal else None)
        decision = self._graph.add_node(
            outcome.project_id, NewNode(NodeType.DECISION, title, parent_id=parent_id), actor
        )
        self._graph.link(revisit_id, EdgeType.LEADS_TO, decision.id, None, actor)
        if old is not None:
            self._graph.link(decision.id, EdgeType.SUPERSEDES, old.id, None, actor)
