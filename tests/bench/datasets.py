"""A work graph of N nodes and 1.3 N edges as its users would have it, the same in every run. It writes no file.

Goals hold tasks nested one to three deep, some 55 % of them completed and a few failed or blocked; decisions with
options, chosen and not; outcomes of completed tasks; observations that inform tasks. Tasks depend on earlier tasks of
their goal. What is finished depends only on what is finished, and a parent is completed when its children are.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.bench.vocabulary import Writer

EDGES_PER_NODE = 1.3
NODES_PER_GOAL = 5_000
COMPLETED = 0.55
_PRIORITIES = (None, None, "critical", "high", "medium", "medium", "low")
_SIZES = (None, "small", "small", "medium", "large")


@dataclass(slots=True)
class Item:
    """One node. `at` counts the nodes made before it."""

    id: str
    kind: str
    title: str
    description: str
    status: str
    at: int
    parent: str | None = None
    priority: str | None = None
    details: str = "{}"
    reason: str | None = None
    children: int = 0

    @property
    def done(self) -> bool:
        """Tell whether nothing waits for it any more."""
        return self.status in {"completed", "cancelled", "decided"}


@dataclass(slots=True)
class Dataset:
    """Nodes, parents before children, and edges as (type, from, to, label)."""

    items: list[Item] = field(default_factory=list)
    edges: list[tuple[str, str, str, str | None]] = field(default_factory=list)

    @property
    def tasks(self) -> Iterator[Item]:
        """Yield the tasks in the order of their making."""
        return (item for item in self.items if item.kind == "task")

    def prerequisites(self) -> dict[str, list[str]]:
        """Return what each task depends on."""
        found: dict[str, list[str]] = {}
        for kind, from_id, to_id, _ in self.edges:
            if kind == "depends_on":
                found.setdefault(from_id, []).append(to_id)
        return found


def goals(nodes: int) -> Dataset:
    """Return several goals with `nodes` nodes in all."""
    return _Maker(nodes, max(3, nodes // NODES_PER_GOAL)).make()


def one_goal(nodes: int) -> Dataset:
    """Return one goal with `nodes` nodes below it."""
    return _Maker(nodes + 1, 1).make()


class _Maker:
    def __init__(self, nodes: int, tops: int) -> None:
        self._chance = random.Random(nodes * 31 + tops)
        self._write = Writer(self._chance)
        self._nodes, self._tops = nodes, tops
        self._made = Dataset()
        self._by_id: dict[str, Item] = {}

    def make(self) -> Dataset:
        for number in range(self._tops):
            goal = self._add("goal", None, "active", identifier=f"os-{number * 65_537 + 1:08x}")
            self._fill(goal, self._nodes * (number + 1) // self._tops)
        self._depend()
        return self._made

    def _fill(self, goal: Item, upto: int) -> None:
        begun, wanted = len(self._made.items), upto - len(self._made.items)
        while (left := upto - len(self._made.items)) > 0:
            early = (upto - left - begun) / wanted < COMPLETED
            self._tree(goal, early=early, room=left)
            if upto - len(self._made.items) > 5 and self._chance.random() < 0.08:
                self._decision(goal, decided=early)

    def _tree(self, parent: Item, *, early: bool, room: int, depth: int = 1) -> Item:
        """Make a task with, sometimes, children; at most `room` nodes."""
        held = self._chance.choice((2, 3, 5)) if depth < 3 and room > 6 and self._chance.random() < 0.3 else 0
        task = self._add("task", parent, "pending")
        task.priority = self._chance.choice(_PRIORITIES)
        task.details = self._details(task, leaf=not held)
        if not held:
            self._work(task, early=early, room=room - 1)
            return task
        share = (room - 1) // held
        below = [self._tree(task, early=early, room=min(share, 4), depth=depth + 1) for _ in range(held)]
        if all(child.done for child in below):
            task.status = "completed"
        return task

    def _work(self, task: Item, *, early: bool, room: int) -> None:
        """Give a task without children what became of it."""
        lot = self._chance.random()
        if early:
            task.status = "completed" if lot < 0.985 else "failed"
        elif lot < 0.02:
            task.status = "blocked"
        if task.status in {"failed", "blocked"}:
            task.reason = "3 of 3 attempts failed: `pytest` exit 1" if task.status == "failed" else "needs the new key"
        if task.status == "completed" and room > 0 and lot < 0.06:
            outcome = self._add("outcome", task, "active", details='{"success": true}')
            self._edge("leads_to", task.id, outcome.id)
        elif room > 0 and lot > 0.96:
            seen = self._add("observation", self._by_id[task.id.split(".")[0]], "active")
            self._edge("informs", seen.id, task.id)

    def _decision(self, goal: Item, *, decided: bool) -> None:
        decision = self._add("decision", goal, "decided" if decided else "pending")
        for number in range(self._chance.choice((2, 3))):
            status = ("chosen" if number == 0 else "rejected") if decided else "active"
            option = self._add("option", decision, status, details='{"pros": ["known"], "cons": ["slower to import"]}')
            self._edge("leads_to", decision.id, option.id)
            if decided:
                self._edge(status, decision.id, option.id, "half the code" if status == "chosen" else None)

    def _details(self, task: Item, *, leaf: bool) -> str:
        said = {"acceptance_criteria": [f"{task.title} holds"], "complexity": self._chance.choice(_SIZES)}
        if leaf:
            said["checks"] = [{"command": f"pytest -q tests/part{task.at % 97}"}]
        return json.dumps({name: value for name, value in said.items() if value})

    def _depend(self) -> None:
        """Fill up with depends_on edges from tasks to earlier ones nearby, until there are enough edges."""
        wanted = int(EDGES_PER_NODE * self._nodes)
        tasks = list(self._made.tasks)
        seen: set[tuple[str, str]] = set()
        while len(self._made.edges) < wanted:
            place = self._chance.randrange(1, len(tasks))
            dependent, wanted_by = tasks[place], tasks[max(0, place - self._chance.randint(1, 40))]
            pair = (dependent.id, wanted_by.id)
            if pair not in seen and _may_depend(dependent, wanted_by):
                seen.add(pair)
                self._edge("depends_on", *pair)

    def _add(
        self, kind: str, parent: Item | None, status: str, *, identifier: str | None = None, details: str = "{}"
    ) -> Item:
        if parent is not None:
            parent.children += 1
            identifier = f"{parent.id}.{parent.children}"
        at = len(self._made.items)
        item = Item(identifier or "", kind, self._write.title(), self._write.description(), status, at)
        item.details = details
        self._made.items.append(item)
        self._by_id[item.id] = item
        if parent is not None:
            item.parent = parent.id
            self._edge("contains", parent.id, item.id)
        return item

    def _edge(self, kind: str, from_id: str, to_id: str, label: str | None = None) -> None:
        self._made.edges.append((kind, from_id, to_id, label))


def _may_depend(dependent: Item, prerequisite: Item) -> bool:
    """Same goal, none inside the other, and nothing finished waits for what is open."""
    one, other = dependent.id, prerequisite.id
    if one == other or one.split(".")[0] != other.split(".")[0]:
        return False
    if f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}."):
        return False
    return prerequisite.done or not dependent.done
