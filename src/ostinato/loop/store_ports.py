"""What the two modes ask of the store, on one screen. Each method is one transaction (see `store`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from ostinato.base.ids import IterationId, NodeId, ProjectId, SessionId
from ostinato.base.process import ProcessIdentity
from ostinato.base.spending import Spending
from ostinato.chat.messages import Message
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.approvals import Approval
from ostinato.graph.budgets import Call, Refusal
from ostinato.graph.edges import Edge
from ostinato.graph.events import EventKind
from ostinato.graph.evidence import CheckRun
from ostinato.graph.iterations import Claim, Ending, Iteration
from ostinato.graph.plan import PlanDraft
from ostinato.graph.prohibitions import Prohibition
from ostinato.graph.requests import NodeFilter
from ostinato.graph.sessions import Session, SessionKind
from ostinato.graph.steering import News, PersonNote
from ostinato.graph.types import Node, NodeType, Status
from ostinato.loop.finished import FinishedIteration
from ostinato.loop.plan_record import PlanRecord


class GraphPort(Protocol):
    """Nodes and edges."""

    def get(self, node_id: NodeId) -> Node: ...
    def descendants(self, node_id: NodeId) -> list[Node]: ...
    def edges_of(self, node_id: NodeId) -> list[Edge]: ...
    def prerequisites(self, node_id: NodeId) -> list[Node]: ...
    def query(self, wanted: NodeFilter) -> list[Node]: ...
    def completed(self, goal_id: NodeId, *, with_checks: bool = False, limit: int | None = None) -> list[Node]: ...
    def counts(self, goal_id: NodeId) -> Mapping[Status, int]: ...


class TasksPort(Protocol):
    """Claims."""

    def ready(self, *, goal_id: NodeId | None = None, limit: int | None = None) -> list[Node]: ...
    def claim_next(
        self, goal_id: NodeId, agent: str, *, session_id: SessionId, lease_seconds: float, process: ProcessIdentity
    ) -> tuple[Claim, Node] | None: ...
    def renew(self, claim: Claim, lease_seconds: float) -> Claim: ...


class SessionsPort(Protocol):
    """Sessions."""

    def start(
        self, project_id: ProjectId, goal_id: NodeId, kind: SessionKind, *, process: ProcessIdentity | None = None
    ) -> Session: ...
    def end(self, session_id: SessionId, *, stop_reason: str | None = None, summary: str | None = None) -> Session: ...
    def get(self, session_id: SessionId) -> Session: ...
    def list(self, goal_id: NodeId | None = None) -> list[Session]: ...
    def last_notes(self, goal_id: NodeId) -> str: ...
    def add_agent(self, session_id: SessionId, agent_id: str) -> None: ...
    def add_spending(self, session_id: SessionId, spending: Spending) -> None: ...


class IterationsPort(Protocol):
    """Iterations, transcripts and evidence."""

    def start(self, session_id: SessionId, claim: Claim, base_commit: str) -> Iteration: ...
    def finish(
        self, claim: Claim, finished: FinishedIteration, *, before_commit: Callable[[], None] | None = None
    ) -> Iteration: ...
    def complete_landed(self, iteration_id: IterationId, commit: str) -> Iteration: ...
    def abandon(self, iteration_id: IterationId, ending: Ending, message: str) -> Iteration: ...
    def of_task(self, task_id: NodeId) -> list[Iteration]: ...
    def unfinished(self, project_id: ProjectId) -> list[Iteration]: ...
    def add_check_runs(
        self,
        project_id: ProjectId,
        runs: tuple[CheckRun, ...],
        *,
        session_id: SessionId | None = None,
        iteration_id: IterationId | None = None,
    ) -> None: ...
    def check_runs(self, *, iteration_id: IterationId | None = None) -> list[CheckRun]: ...
    def red_commands(self, task_id: NodeId) -> set[str]: ...
    def begin_step(
        self, owner_id: str, step: int, sections: Mapping[str, int], call: Call | None = None, actor: Actor = ...
    ) -> Refusal | None: ...
    def end_step(
        self,
        owner_id: str,
        step: int,
        spending: Spending,
        model: str,
        *,
        node_id: NodeId | None = None,
        seconds: float = 0.0,
    ) -> None: ...
    def fail_step(self, owner_id: str, step: int, spending: Spending, model: str) -> None: ...
    def add_message(self, owner_id: str, step: int, message: Message | str) -> None: ...
    def add_reply(self, owner_id: str, step: int, message: Message, spending: Spending, model: str) -> None: ...


class ApprovalsPort(Protocol):
    """Questions to a person."""

    def ask(
        self, project_id: ProjectId, node_id: NodeId, kind: str, question: str, payload: dict[str, Any], actor: Actor
    ) -> Approval: ...
    def open(self, project_id: ProjectId | None = None, goal_id: NodeId | None = None) -> list[Approval]: ...
    def answer(
        self, approval_id_or_node_id: str, answer: str, reason: str | None = None, actor: Actor = PERSON
    ) -> Approval: ...
    def for_node(self, node_id: NodeId) -> list[Approval]: ...


class ReviewsPort(Protocol):
    """Answers about tasks in review, carried out."""

    def approve(
        self,
        task_id: NodeId,
        iteration_id: IterationId,
        commit: str | None,
        *,
        before_commit: Callable[[], None] | None,
    ) -> Node: ...
    def reject(self, task_id: NodeId, iteration_id: IterationId, reason: str, max_attempts: int) -> Node: ...


class PlansPort(Protocol):
    """Drafts of plans."""

    def start(
        self, project_id: ProjectId, goal_title: str, description: str, process: ProcessIdentity
    ) -> tuple[Node, Session]: ...
    def save_draft(self, goal_id: NodeId, draft: PlanDraft) -> None: ...
    def record(self, goal_id: NodeId) -> PlanRecord: ...
    def go_on(self, goal: Node, before: SessionId | None, system: str, process: ProcessIdentity | None) -> Session: ...
    def ask(self, goal_id: NodeId, session_id: SessionId, question: str, payload: dict[str, object]) -> Session: ...
    def reconsider(self, goal_id: NodeId, words: str) -> None: ...
    def accept(self, goal_id: NodeId, actor: Actor, session_id: SessionId) -> list[Node]: ...
    def reject(self, goal_id: NodeId, reason: str, actor: Actor) -> None: ...


class EventsPort(Protocol):
    """The stream."""

    def add(
        self,
        kind: EventKind,
        *,
        project_id: ProjectId | None,
        node_id: NodeId | None = None,
        actor: Actor = PERSON,
        payload: Mapping[str, Any] | None = None,
    ) -> None: ...


class DecisionsPort(Protocol):
    """What holds."""

    def prohibitions(self, project_id: ProjectId) -> list[Prohibition]: ...


class SteeringPort(Protocol):
    """What the person says meanwhile."""

    def notes(self, goal_id: NodeId) -> list[PersonNote]: ...
    def news(self, goal_id: NodeId, after: int) -> News: ...
    def paused(self, goal_id: NodeId) -> bool: ...


class TransactionsPort(Protocol):
    """Several calls as one; without `lasting`, only a power cut may take it back."""

    def transaction(self, *, lasting: bool = True) -> AbstractContextManager[None]: ...


class BudgetsPort(Protocol):
    """What goals and tasks may use."""

    def refusal(self, call: Call) -> Refusal | None: ...


class StorePort(Protocol):
    """The whole store as the loop sees it."""

    @property
    def db(self) -> TransactionsPort: ...
    @property
    def graph(self) -> GraphPort: ...
    @property
    def tasks(self) -> TasksPort: ...
    @property
    def sessions(self) -> SessionsPort: ...
    @property
    def iterations(self) -> IterationsPort: ...
    @property
    def approvals(self) -> ApprovalsPort: ...
    @property
    def reviews(self) -> ReviewsPort: ...
    @property
    def plans(self) -> PlansPort: ...
    @property
    def events(self) -> EventsPort: ...
    @property
    def decisions(self) -> DecisionsPort: ...
    @property
    def budgets(self) -> BudgetsPort: ...
    @property
    def steering(self) -> SteeringPort: ...
    def recover(self, project_id: ProjectId, landed: Mapping[IterationId, str]) -> list[str]: ...


OPEN_TASKS = frozenset(
    {Status.PENDING, Status.READY, Status.CLAIMED, Status.IN_PROGRESS, Status.REVIEW, Status.BLOCKED, Status.FAILED}
)


def tasks_of(nodes: list[Node]) -> list[Node]:
    """Return the tasks among `nodes`, in their order."""
    return [node for node in nodes if node.node_type is NodeType.TASK]
