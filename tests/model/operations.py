"""Things that a person, an agent or the loop may do to a graph, as values that either store can be asked to do.

An operation names nodes by numbers: they count the nodes that there are at that moment, round and round, so that any
operation means something in any graph. What the rules refuse is part of the game.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.edges import EdgeType
from ostinato.graph.plan import DecisionDraft, OptionDraft, PlanDraft, TaskDraft
from ostinato.graph.requests import NewNode, NodeChanges, NodeFilter
from ostinato.graph.types import Check, Complexity, NodeType, Priority, Status, TaskDetails

AnyStore = Any
"""A `Store` or a `MemoryStore`."""


@dataclass(frozen=True, slots=True)
class Here:
    """A store with the project in which it is asked to do things."""

    store: AnyStore
    project_id: ProjectId

    def ids(self, *kinds: NodeType) -> list[NodeId]:
        """Return the ids of the nodes of these types, of all without any, in the order of their making."""
        return [node.id for node in self.store.graph.query(NodeFilter()) if not kinds or node.node_type in kinds]

    def pick(self, number: int, *kinds: NodeType) -> NodeId:
        """Return the node that a number means: one of these types where there is one, else any."""
        return self.choose(number, self.ids(*kinds))

    def choose(self, number: int, wanted: list[NodeId]) -> NodeId:
        """Return the one of the wanted nodes that a number means, of all nodes where none is wanted."""
        found = wanted or self.ids()
        return found[number % len(found)] if found else NodeId("os-none")

    def parents(self) -> list[NodeId]:
        """Return the tasks and goals that have a child, the innermost last."""
        nodes = self.store.graph.query(NodeFilter())
        above = {node.parent_id for node in nodes}
        return [node.id for node in nodes if node.id in above and node.node_type in {NodeType.TASK, NodeType.GOAL}]

    def roots(self) -> list[NodeId]:
        """Return the nodes without a parent but the first."""
        return [node.id for node in self.store.graph.query(NodeFilter()) if node.parent_id is None][1:]


Operation = Callable[[Here], object]
"""One thing to do."""


@dataclass(frozen=True, slots=True)
class Add:
    """Makes a node; `parent` and the prerequisites are numbers of nodes."""

    kind: NodeType
    parent: int | None = None
    status: Status | None = None
    priority: Priority | None = None
    complexity: Complexity | None = None
    checked: bool = False
    depends_on: tuple[int, ...] = ()

    def __call__(self, here: Here) -> object:
        details = None
        if self.kind is NodeType.TASK:
            checks = (Check("make test"),) if self.checked else ()
            details = TaskDetails(("it works",), checks, complexity=self.complexity, attempts=1)
        above = NodeType.DECISION if self.kind is NodeType.OPTION else NodeType.GOAL
        kinds = (above,) if self.kind in {NodeType.OPTION, NodeType.GOAL} else ()
        new = NewNode(
            self.kind,
            f"a {self.kind}",
            parent_id=None if self.parent is None else here.pick(self.parent, *kinds),
            status=self.status,
            priority=self.priority,
            details=details,
            depends_on=tuple(here.pick(number) for number in self.depends_on),
        )
        return here.store.graph.add_node(here.project_id, new)


@dataclass(frozen=True, slots=True)
class Link:
    """Joins two nodes."""

    edge_type: EdgeType
    source: int
    target: int
    label: str | None = None

    def __call__(self, here: Here) -> object:
        one, other = _ENDS.get(self.edge_type, ((), ()))
        source, target = here.pick(self.source, *one), here.pick(self.target, *other)
        if self.edge_type is EdgeType.CONTAINS:
            target = here.choose(self.target, here.roots())
        return here.store.graph.link(source, self.edge_type, target, self.label)


_ENDS: dict[EdgeType, tuple[tuple[NodeType, ...], tuple[NodeType, ...]]] = {
    EdgeType.CHOSEN: ((NodeType.DECISION,), (NodeType.OPTION,)),
    EdgeType.REJECTED: ((NodeType.DECISION,), (NodeType.OPTION,)),
    EdgeType.SUPERSEDES: ((NodeType.DECISION,), (NodeType.DECISION,)),
    EdgeType.INFORMS: ((NodeType.OBSERVATION,), ()),
    EdgeType.CONTAINS: ((NodeType.TASK, NodeType.GOAL), ()),
    EdgeType.DEPENDS_ON: ((NodeType.TASK, NodeType.GOAL, NodeType.DECISION),) * 2,
}


@dataclass(frozen=True, slots=True)
class Unlink:
    """Removes one of the edges of a node; `loose` ones are those that no id speaks of."""

    node: int
    edge: int
    loose: bool = False

    def __call__(self, here: Here) -> object:
        graph = here.store.graph
        if self.loose:
            every = {edge.id: edge for node_id in here.ids() for edge in graph.edges_of(node_id)}.values()
            edges = [edge for edge in every if not edge.to_id.startswith(f"{edge.from_id}.")]
        else:
            edges = graph.edges_of(here.pick(self.node))
        return graph.unlink(edges[self.edge % len(edges)].id) if edges else None


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Gives a node a status by hand."""

    node: int
    status: Status
    reason: str | None = None
    among: str = "tasks"

    def __call__(self, here: Here) -> object:
        if self.among == "parents":
            node_id = here.choose(self.node, here.parents())
        else:
            node_id = here.pick(self.node, *((NodeType.TASK,) if self.among == "tasks" else ()))
        return here.store.graph.set_status(node_id, self.status, reason=self.reason, agent="me")


@dataclass(frozen=True, slots=True)
class Update:
    """Changes fields of a node."""

    node: int
    priority: Priority | None
    complexity: Complexity | None
    checked: bool

    def __call__(self, here: Here) -> object:
        checks = (Check("make test"),) if self.checked else ()
        changes = NodeChanges(
            title="another title",
            priority=self.priority,
            details=TaskDetails(checks=checks, complexity=self.complexity),
            metadata={"k": None if self.checked else "v"},
        )
        return here.store.graph.update(here.pick(self.node, NodeType.TASK), changes)


@dataclass(frozen=True, slots=True)
class Work:
    """Takes the next task by hand, gives one back, frees a failed one or opens a completed one."""

    what: str
    node: int
    hint: str | None = None

    def __call__(self, here: Here) -> object:
        tasks = here.store.tasks
        if self.what == "claim":
            return tasks.claim("me")
        held = {
            "release": (Status.CLAIMED, Status.IN_PROGRESS),
            "retry": (Status.FAILED, Status.BLOCKED),
            "reopen": (Status.COMPLETED,),
        }[self.what]
        nodes = here.store.graph.query(NodeFilter(node_type=NodeType.TASK))
        fitting = [node.id for node in nodes if node.status in held]
        task_id = fitting[self.node % len(fitting)] if fitting else here.pick(self.node)
        if self.what == "release":
            return tasks.release(task_id)
        return tasks.retry(task_id, self.hint) if self.what == "retry" else tasks.reopen(task_id)


@dataclass(frozen=True, slots=True)
class Reason:
    """Logs, chooses, supersedes or revisits a decision, records an outcome or an observation; some as an agent."""

    what: str
    node: int
    other: int
    decided: bool

    def __call__(self, here: Here) -> object:
        reasoning, actor = here.store.reasoning, Actor("agent:a") if self.other % 2 else PERSON
        about = here.pick(self.node, NodeType.GOAL, NodeType.TASK, NodeType.DECISION)
        if self.what == "decision":
            options = (OptionDraft("A", pros=("fast",)), OptionDraft("B", cons=("dear",)))
            draft = DecisionDraft(
                "Which?", "context", options, "A" if self.decided else None, "why", ("src/**",), ("x",)
            )
            return reasoning.log_decision(about, draft, actor)
        if self.what in {"choose", "supersede", "open"}:
            decision, other = here.pick(self.node, NodeType.DECISION), here.pick(self.other, NodeType.DECISION)
            if self.what == "choose":
                return reasoning.choose_option(decision, "A", "why", actor)
            if self.what == "supersede":
                return reasoning.supersede(decision, other, actor)
            return reasoning.revisit(decision, "it was slow", "Another way?" if self.decided else None, actor)
        if self.what == "outcome":
            return reasoning.record_outcome(about, "an outcome", "what came", self.decided)
        if self.what == "observation":
            other = here.pick(self.other) if self.decided else None
            return reasoning.record_observation(about, "seen", "what", other)
        outcome = here.pick(self.node, NodeType.OUTCOME)
        return reasoning.revisit(outcome, "it was slow", "Another way?" if self.decided else None)


@dataclass(frozen=True, slots=True)
class Plan:
    """Plans a goal again: two tasks, one after the other, which may take the place of others."""

    goal: int
    replaces: tuple[int, ...]
    accepted: bool

    def __call__(self, here: Here) -> object:
        goal_id = here.pick(self.goal, NodeType.GOAL)
        below = here.store.graph.query(NodeFilter(goal_id=goal_id, node_type=NodeType.TASK))
        gone = tuple(below[number % len(below)].id for number in self.replaces) if below else ()
        first = TaskDraft("a", "new A", checks=(Check("true"),), replaces=gone[:1])
        second = TaskDraft("b", "new B", depends_on=("a",), replaces=gone[1:])
        here.store.plans.save_draft(goal_id, PlanDraft("again", (first, second)))
        if self.accepted:
            return here.store.plans.accept(goal_id)
        return here.store.plans.reject(goal_id, "no")


class _UndoneError(Exception):
    """Takes back what was done, as a failure would."""


@dataclass(frozen=True, slots=True)
class Together:
    """Does several things in one transaction, each a part of its own; some parts, or all of it, are taken back."""

    parts: tuple[Operation, ...]
    undone: tuple[bool, ...]
    all_undone: bool

    def __call__(self, here: Here) -> object:
        found: list[object] = []
        try:
            with here.store.db.transaction():
                for part, undone in zip(self.parts, self.undone, strict=False):
                    found.append(self._part(here, part, undone=undone))
                if self.all_undone:
                    raise _UndoneError
        except _UndoneError:
            pass
        return found

    def _part(self, here: Here, part: Operation, *, undone: bool) -> object:
        from ostinato.base.errors import OstinatoError

        try:
            with here.store.db.transaction():
                part(here)
                # What is read inside must be as true as what is read afterwards.
                seen = _seen(here)
                if undone:
                    raise _UndoneError
        except OstinatoError as error:
            return type(error)
        except _UndoneError:
            return _seen(here)
        return seen


def _seen(here: Here) -> Sequence[object]:
    return [*here.store.graph.query(NodeFilter()), [task.id for task in here.store.tasks.ready()]]
