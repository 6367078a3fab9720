"""What follows from the facts of the graph: which tasks are ready, which are held up and by what, which comes next.

DESIGN §3 (Ready, Next) in plain Python over slim values: the definition. The store keeps the answers beside the facts
(docs/decisions/0016) and is measured against this. No I/O.

A task *waits* for its own open prerequisites, for those of its ancestors, for an ancestor that is blocked or failed,
and for its open child tasks. An open prerequisite that is a goal waits for its open child tasks and goals. The state
of an ancestor that matters to all below it is kept apart from what that ancestor itself waits for, since a child does
not wait for its siblings.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ostinato.base.ids import NodeId, natural_key
from ostinato.graph.status import FINISHED, HINDERS, SATISFIED, STOPPED
from ostinato.graph.types import Complexity, NodeType, Priority, Status

Derived = tuple[Status, str | None]
"""A spoken status, and for a derived `blocked` its reason."""

NextKey = tuple[int, int, int, str, tuple[tuple[int, int, str], ...]]

GATED = frozenset({NodeType.TASK, NodeType.GOAL})
"""Types that wait for what their ancestors wait for."""

_PRIORITY = {priority: rank for rank, priority in enumerate(Priority)}
_COMPLEXITY = {complexity: rank for rank, complexity in enumerate(Complexity)}


class Facts(NamedTuple):
    """What the rules ask of one node. `status` is the stored one; `created_at` sorts as the moments do."""

    id: NodeId
    node_type: NodeType
    status: Status
    parent_id: NodeId | None = None
    priority: Priority | None = None
    complexity: Complexity | None = None
    created_at: str = ""


class Situation(NamedTuple):
    """A part of the graph that is complete for what is asked of it: facts by id, and depends_on targets by dependent.

    For each task asked about it must hold the ancestors and all that the task waits for, however far upstream.
    """

    nodes: Mapping[NodeId, Facts]
    depends_on: Mapping[NodeId, tuple[NodeId, ...]]

    def waiting(self) -> Iterator[Facts]:
        """Yield the tasks whose spoken status is derived: the stored pending ones."""
        return (facts for facts in self.nodes.values() if _is_waiting_task(facts))


def derive(situation: Situation) -> dict[NodeId, Derived]:
    """Return the spoken status, and why it is blocked, of every stored pending task of the situation.

    Linear in nodes and edges but for sorting; nothing recurses.
    """
    held = _gates(situation)
    parents_of_open = {facts.parent_id for facts in situation.nodes.values() if _is_open_task(facts)}
    blockers = _nearest_blockers(situation)
    found: dict[NodeId, Derived] = {}
    for task in situation.waiting():
        blocker = blockers.get(task.id)
        if blocker is not None:
            found[task.id] = (Status.BLOCKED, f"{blocker.id} {blocker.status}")
        elif task.id in parents_of_open or held[task.id]:
            found[task.id] = (Status.PENDING, None)
        else:
            found[task.id] = (Status.READY, None)
    return found


def stands_still(status: Status, reason: str | None) -> bool:
    """Tell whether a task failed, or is blocked for a reason of its own: not for that of `derive`, `{id} {status}`."""
    if status is not Status.BLOCKED:
        return status is Status.FAILED
    words = (reason or "").split()
    return not (len(words) == 2 and words[0].startswith("os-") and words[1] in {"failed", "blocked", "cancelled"})


def open_dependents(nodes: Mapping[NodeId, Facts], edges: Iterable[tuple[NodeId, NodeId]]) -> dict[NodeId, int]:
    """Return how many open tasks depend directly on each node; `edges` are (dependent, prerequisite)."""
    counts: dict[NodeId, int] = defaultdict(int)
    for dependent, prerequisite in edges:
        facts = nodes.get(dependent)
        if facts is not None and facts.node_type is NodeType.TASK and facts.status not in FINISHED:
            counts[prerequisite] += 1
    return counts


def next_key(task: Facts, dependents: int) -> NextKey:
    """Return the sort key of the order Next: total and deterministic, lowest first."""
    return (
        _PRIORITY[task.priority] if task.priority else len(_PRIORITY),
        -dependents,
        _COMPLEXITY[task.complexity] if task.complexity else len(_COMPLEXITY),
        task.created_at,
        natural_key(task.id),
    )


def why_not_ready(situation: Situation, task_id: NodeId) -> str:
    """Return in words what a pending task waits for; `it is ready` when nothing does."""
    task = situation.nodes[task_id]
    reasons: list[str] = []
    for node in (task, *_ancestors(situation, task)):
        if node is not task and node.status in HINDERS:
            reasons.append(f"it lies in {node.id}, which is {node.status}")
        for target in _open_targets(situation, node.id):
            whose = "it" if node is task else f"{node.id}, in which it lies,"
            reasons.append(f"{whose} waits for {target.id} ({target.status})")
    children = [facts.id for facts in situation.nodes.values() if facts.parent_id == task_id and _is_open_task(facts)]
    if children:
        first = min(children, key=natural_key)
        reasons.append(f"its child task {first} is open" + (f", and {len(children) - 1} more" if children[1:] else ""))
    return "; ".join(reasons) or "it is ready"


def _is_waiting_task(facts: Facts) -> bool:
    return facts.node_type is NodeType.TASK and facts.status is Status.PENDING


def _is_open_task(facts: Facts) -> bool:
    return facts.node_type is NodeType.TASK and facts.status not in FINISHED


def waits_upstream(node_type: NodeType, status: Status) -> bool:
    """Tell whether a node of this stored status waits for others: pending tasks, open goals, undecided decisions."""
    if node_type is NodeType.TASK:
        return status is Status.PENDING
    return node_type in {NodeType.GOAL, NodeType.DECISION} and status not in SATISFIED


def _ancestors(situation: Situation, facts: Facts) -> Iterator[Facts]:
    parent = situation.nodes.get(facts.parent_id) if facts.parent_id else None
    while parent is not None:
        yield parent
        parent = situation.nodes.get(parent.parent_id) if parent.parent_id else None


def _open_targets(situation: Situation, node_id: NodeId) -> list[Facts]:
    found = (situation.nodes[target] for target in situation.depends_on.get(node_id, ()) if target in situation.nodes)
    return [facts for facts in found if facts.status not in SATISFIED]


def _gates(situation: Situation) -> dict[NodeId, bool]:
    """Return for each node whether it or an ancestor has an open prerequisite, or an ancestor hinders: each once."""
    closed: dict[NodeId, bool] = {}
    for start in situation.nodes.values():
        chain: list[Facts] = []
        node: Facts | None = start
        while node is not None and node.id not in closed:
            chain.append(node)
            node = situation.nodes.get(node.parent_id) if node.parent_id else None
        above = node
        for facts in reversed(chain):
            from_above = above is not None and (closed[above.id] or above.status in HINDERS)
            closed[facts.id] = from_above or bool(_open_targets(situation, facts.id))
            above = facts
    return closed


def _nearest_blockers(situation: Situation) -> dict[NodeId, Facts]:
    """Return for each node that waits for a blocked or failed task the nearest such task, ties by natural id.

    One search from all of them at once, against the direction of waiting. A state is a node that waits, or the gate
    of a node: what all below it wait for. Labels (distance, rank of the source) only grow along a path, so the first
    label that a state gets is its least.
    """
    sources = sorted(
        (facts for facts in situation.nodes.values() if facts.status in STOPPED),
        key=lambda facts: natural_key(facts.id),
    )
    if not sources:
        return {}
    back = _Backwards(situation)
    found: dict[tuple[NodeId, bool], int] = {}
    heap: list[tuple[int, int, NodeId, bool]] = []
    for rank, source in enumerate(sources):
        heap.append((0, rank, source.id, False))
        heap.append((1, rank, source.id, True))
    heapq.heapify(heap)
    while heap:
        distance, rank, node_id, is_gate = heapq.heappop(heap)
        if (node_id, is_gate) in found:
            continue
        found[node_id, is_gate] = rank
        for step, before, before_is_gate in back.steps(node_id, is_gate):
            if (before, before_is_gate) not in found:
                heapq.heappush(heap, (distance + step, rank, before, before_is_gate))
    return {node_id: sources[rank] for (node_id, is_gate), rank in found.items() if not is_gate}


class _Backwards:
    """Who waits for a state: the edges of the waiting graph, turned round."""

    def __init__(self, situation: Situation) -> None:
        self._nodes = situation.nodes
        self._children: dict[NodeId, list[NodeId]] = defaultdict(list)
        self._dependents: dict[NodeId, list[NodeId]] = defaultdict(list)
        for facts in situation.nodes.values():
            if facts.parent_id:
                self._children[facts.parent_id].append(facts.id)
        for dependent, targets in situation.depends_on.items():
            for target in targets:
                self._dependents[target].append(dependent)

    def steps(self, node_id: NodeId, is_gate: bool) -> Iterator[tuple[int, NodeId, bool]]:
        """Yield (distance, node, is gate) of what waits for this state directly."""
        if is_gate:
            for child in self._children[node_id]:
                yield 0, child, True
                if self._nodes[child].node_type is not NodeType.DECISION and self._waits(child):
                    yield 0, child, False
            return
        for dependent in self._dependents[node_id]:
            if dependent in self._nodes:
                yield 1, dependent, True
                if self._waits(dependent):
                    yield 1, dependent, False
        facts = self._nodes[node_id]
        parent = self._nodes.get(facts.parent_id) if facts.parent_id else None
        if parent is not None and holds_up_parent(facts.node_type, parent.node_type) and self._waits(parent.id):
            yield 1, parent.id, False

    def _waits(self, node_id: NodeId) -> bool:
        facts = self._nodes[node_id]
        return waits_upstream(facts.node_type, facts.status)


def holds_up_parent(child: NodeType, parent: NodeType) -> bool:
    """Tell whether an open child of this type keeps its parent from being done: a task in a task, both in a goal."""
    if parent is NodeType.GOAL:
        return child in {NodeType.TASK, NodeType.GOAL}
    return child is NodeType.TASK and parent is NodeType.TASK
