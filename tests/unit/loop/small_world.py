"""Everything that the loop reaches, small enough to see through: a tree is the set of words that stand in it.

The store is the double; a check is a word that must stand in the tree; the agent writes what its answers say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ostinato.agent.ports import OnRetry, Signal, ToolResult
from ostinato.base.errors import ClaimLostError
from ostinato.base.ids import NodeId
from ostinato.base.process import current_process
from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage, Reply, Request, ToolCall, ToolSpec
from ostinato.graph.requests import NewNode
from ostinato.graph.types import Check, Node, NodeType, TaskDetails
from ostinato.loop.interruption import Interruption
from ostinato.loop.workbench import CoderTools, Policy, Workbench
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.memory_store import MemoryStore
from ostinato.verify.types import Change, CommandResult

T = TypeVar("T")
ROOT = "base"


@dataclass
class World:
    """Commits with their words, the goal's branch, and both checkouts. It is checkouts, branch, files and runner."""

    store: MemoryStore
    clock: FakeClock
    commits: dict[str, str] = field(default_factory=lambda: {ROOT: ""})
    branch_at: str = ROOT
    moved_meanwhile: bool = False

    def __post_init__(self) -> None:
        self.work, self.proof = Place(self), Place(self)
        self.project = self.store.projects.add("/srv/repository")
        self.goal = self.store.graph.add_node(self.project.id, NewNode(NodeType.GOAL, "Goal"))

    def task(self, word: str, *depends_on: Node) -> Node:
        """Add a task that is done when its word stands in the tree."""
        details = TaskDetails((word,), (Check(word),))
        waits = tuple(node.id for node in depends_on)
        new = NewNode(NodeType.TASK, f"Write {word}", parent_id=self.goal.id, details=details, depends_on=waits)
        return self.store.graph.add_node(self.project.id, new)

    def bench(self, *answers: str, **policy: Any) -> Workbench:
        """Return a workbench whose agent answers so in turn: `write WORD`, `signal OUTCOME`, or plain text."""
        return Workbench(
            project=self.project,
            agent="coder",
            store=Direct(self.store),
            model=Agent(answers),
            places=self,
            branch=self,
            files=self,
            runner=self,
            coder_tools=lambda *_: CoderTools(Hands(self), frozenset, lambda: 0),
            planner_tools=_none,
            conventions=lambda: "",
            process=current_process(),
            clock=self.clock,
            policy=Policy(**policy),
            interruption=Interruption(),
            progress=lambda *_: None,
            commit_message=lambda task, said, goal, iteration: task.title,
            share=_shared,
        )

    async def harvest(self, base: str, scope: tuple[str, ...], written: frozenset[str] = frozenset()) -> Change:
        before, after = self.commits[base], self.work.tree
        return Change(before, after, f"+{after[len(before) :]}" if after != before else "", ("words",))

    async def ensure_setup(self, checkout: object) -> None:
        pass

    async def tip(self, goal: NodeId) -> str:
        return self.branch_at

    async def prepare_commit(self, tree: str, parent: str, message: str) -> str:
        made = f"c{len(self.commits)}"
        self.commits[made] = tree
        return made

    def advance(self, goal: NodeId, old: str, new: str) -> None:
        if self.moved_meanwhile or self.branch_at != old:
            self.moved_meanwhile = False
            raise ClaimLostError("the branch has moved")
        self.branch_at = new

    def clear_stale_locks(self) -> None:
        pass

    async def iterations_on(self, goal: NodeId) -> dict[str, str]:
        return {}

    async def paths(self, tree: str) -> frozenset[str]:
        return frozenset({"words"})

    async def read(self, tree: str, paths: tuple[str, ...]) -> dict[str, str | None]:
        return dict.fromkeys(paths, tree)

    async def run(
        self, command: str, checkout: Path, *, timeout: float, working_dir: str | None = None, sink: object = None
    ) -> CommandResult:
        stands = command in self.proof.tree.split()
        return CommandResult(0 if stands else 1, "", "" if stands else f"no {command}", 0.1)


class Place:
    """One checkout."""

    path = Path("/nowhere")

    def __init__(self, world: World) -> None:
        self._world = world
        self.tree = ""

    async def reset(self, commit: str) -> None:
        self.tree = self._world.commits[commit]

    async def reset_to_tree(self, tree: str, parent: str) -> None:
        self.tree = tree


class Direct:
    """The bridge to a store that needs no thread."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def __call__(self, work: Callable[[Any], T]) -> T:
        return work(self._store)


class Agent:
    """A model that answers from a list, and with `signal complete` when that is at its end."""

    name = "listed:model"
    context_window = 100_000

    def __init__(self, answers: tuple[str, ...]) -> None:
        self._answers: Iterator[str] = iter(answers)
        self.asked: list[Request] = []

    async def reply(self, request: Request, on_retry: OnRetry | None = None) -> Reply:
        self.asked.append(request)
        name, _, said = next(self._answers, "signal complete").partition(" ")
        spent = Spending(input=100, output=10, calls=1)
        if name not in {"write", "signal"}:
            return Reply(AssistantMessage(f"{name} {said}"), spent)
        call = ToolCall(f"call-{len(self.asked)}", name, json.dumps({"said": said}))
        return Reply(AssistantMessage("", (call,)), spent)

    async def close(self) -> None:
        pass


class Hands:
    """The agent's tools."""

    def __init__(self, world: World) -> None:
        self._world = world

    def specs(self) -> tuple[ToolSpec, ...]:
        return ()

    async def run(self, call: ToolCall) -> ToolResult:
        said = json.loads(call.arguments)["said"]
        if call.name == "signal":
            return ToolResult("ends", signal=Signal(said.split()[0], said))
        self._world.work.tree = f"{self._world.work.tree} {said}".strip()
        return ToolResult("written")


async def _shared() -> None:
    """No file follows the graph here."""


def _none(*_: object) -> Any:
    raise AssertionError("nobody plans here")
