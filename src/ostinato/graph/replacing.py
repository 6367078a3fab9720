"""Which open tasks a new plan may take the place of, and what goes with them. Pure: nodes and edges are arguments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ostinato.base.ids import NodeId
from ostinato.base.text import clip, one_line
from ostinato.graph.plan import Finding, PlanDraft, TaskDraft
from ostinato.graph.status import FINISHED
from ostinato.graph.types import Node, NodeType, Status

REPLACEABLE = frozenset({Status.PENDING, Status.READY, Status.BLOCKED, Status.FAILED})
"""Statuses of a task that nobody works on and nobody has to judge."""

_SHOWN = 80
_HELD = {
    Status.CLAIMED: "is being worked on",
    Status.IN_PROGRESS: "is being worked on",
    Status.REVIEW: "waits for a person's verdict",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """The work that a goal has already: its nodes, and what each task depends on."""

    nodes: tuple[Node, ...] = ()
    depends_on: Mapping[NodeId, tuple[NodeId, ...]] = field(default_factory=dict)

    @property
    def tasks(self) -> dict[NodeId, Node]:
        """The tasks by id."""
        return {node.id: node for node in self.nodes if node.node_type is NodeType.TASK}


def why_kept(node_id: str, task: Node | None) -> str:
    """Return why a task may not be replaced, "" when it may; None stands for an id that is no task of the goal."""
    shown = clip(one_line(str(node_id)), _SHOWN)
    if task is None:
        return f"{shown!r} is no task of this goal"
    if task.status in REPLACEABLE:
        return ""
    return f"{shown} {_HELD.get(task.status, f'is {task.status}')}"


def swept(successors: Mapping[NodeId, list[NodeId]], tasks: Iterable[Node]) -> dict[NodeId, list[NodeId]]:
    """Return all tasks that go: the replaced ones with their successors, then the open ones below, with the same."""
    known = {task.id: task for task in tasks}
    heirs = {old: list(new) for old, new in successors.items()}
    for task in known.values():
        above: Node | None = task
        while above is not None and above.id not in successors:
            above = known.get(above.parent_id) if above.parent_id is not None else None
        if above is not None and task.id not in heirs and task.status not in FINISHED:
            heirs[task.id] = list(successors[above.id])
    return heirs


def kept_titles(draft: PlanDraft, standing: Standing) -> set[str]:
    """Return the titles of the open tasks that the draft leaves alone."""
    gone = _gone(draft, standing)
    return {task.title for task in standing.tasks.values() if task.status not in FINISHED and task.id not in gone}


def check_replacing(draft: PlanDraft, standing: Standing) -> list[Finding]:
    """Return what is wrong with what the draft replaces and depends on, in the order of the plan."""
    gone = _gone(draft, standing)
    tasks = standing.tasks
    below = _by_parent(tasks.values())
    findings = [finding for task in draft.tasks for finding in _replaced(task, tasks, below, gone)]
    return findings or _circles(draft, standing, gone)


def _gone(draft: PlanDraft, standing: Standing) -> dict[NodeId, list[NodeId]]:
    successors: dict[NodeId, list[NodeId]] = {}
    for task in draft.tasks:
        for old in task.replaces:
            successors.setdefault(NodeId(old), []).append(NodeId(task.key))
    return swept(successors, standing.tasks.values())


def _replaced(
    task: TaskDraft, tasks: Mapping[NodeId, Node], below: Mapping[NodeId, list[Node]], gone: Collection[str]
) -> Iterator[Finding]:
    for old in task.replaces:
        if why := why_kept(old, tasks.get(NodeId(old))):
            yield Finding("replaces", f"replaces names a task that cannot be replaced: {why}: leave it out", task.key)
            continue
        for child in (node for node in _below(NodeId(old), below) if node.status not in FINISHED):
            if why := why_kept(child.id, child):
                yield Finding("replaces", f"{old} cannot be replaced, since below it {why}: leave it out", task.key)
    for target in task.depends_on:
        if target in gone:
            said = f"depends_on names {target}, which this plan replaces: depend on the task that takes its place"
            yield Finding("dangling", said, task.key)


def _by_parent(tasks: Iterable[Node]) -> dict[NodeId, list[Node]]:
    found: dict[NodeId, list[Node]] = defaultdict(list)
    for task in tasks:
        if task.parent_id is not None:
            found[task.parent_id].append(task)
    return found


def _below(parent: NodeId, children: Mapping[NodeId, list[Node]]) -> Iterator[Node]:
    """Yield the tasks below a node; `children` holds them by parent."""
    waiting = list(reversed(children.get(parent, ())))
    while waiting:
        task = waiting.pop()
        yield task
        waiting.extend(reversed(children.get(task.id, ())))


def _circles(draft: PlanDraft, standing: Standing, gone: Mapping[NodeId, Sequence[NodeId]]) -> list[Finding]:
    """Find new tasks that would wait for themselves through kept tasks, once those depend on the successors."""
    ways: dict[str, list[str]] = {task.key: list(task.depends_on) for task in draft.tasks}
    for kept, targets in standing.depends_on.items():
        if kept not in gone:
            ways[kept] = [str(new) for target in targets for new in gone.get(target, (target,))]
    keys = {task.key for task in draft.tasks}
    findings = []
    stuck = _stuck(ways)
    for task in draft.tasks if stuck else ():
        through = _way_back(task.key, ways)
        if through and not keys.issuperset(through):
            named = " → ".join([task.key, *through, task.key])
            said = f"depends_on goes in a circle through tasks that are kept: {named}: remove one of these dependencies"
            findings.append(Finding("cycle", said, task.key))
    return findings


def _stuck(ways: Mapping[str, Sequence[str]]) -> bool:
    """Return whether anything waits in a circle: taking away, again and again, what waits for nothing leaves some."""
    waits = {key: len(set(targets)) for key, targets in ways.items()}
    waiting_for: dict[str, list[str]] = defaultdict(list)
    for key, targets in ways.items():
        for target in dict.fromkeys(targets):
            waiting_for[target].append(key)
            waits.setdefault(target, 0)
    free = [key for key, count in waits.items() if not count]
    left = len(waits)
    while free:
        left -= 1
        for key in waiting_for[free.pop()]:
            waits[key] -= 1
            if not waits[key]:
                free.append(key)
    return left > 0


def _way_back(start: str, ways: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the nodes between `start` and itself along `ways`, [] when no way leads back."""
    came: dict[str, str] = {}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for target in ways.get(here, ()):
            if target == start:
                back = [] if here == start else [here]
                while back and back[-1] != start and came[back[-1]] != start:
                    back.append(came[back[-1]])
                return back[::-1]
            if target not in came:
                came[target] = here
                waiting.append(target)
    return []
