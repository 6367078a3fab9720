"""The workbench's ports with a line between: what goes through them is written down, or comes from what was written.

One class per port serves both: a `Through` calls the real thing and writes, or reads and calls nothing.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ostinato.agent.ports import Model, Signal, ToolResult, Tools
from ostinato.base.errors import ClaimLostError, MachineError, OstinatoError, UsageError
from ostinato.base.ids import IterationId, NodeId
from ostinato.chat.messages import ToolCall, ToolSpec
from ostinato.tools.on_demand import MORE, ON_DEMAND
from ostinato.verify.types import Change, CommandResult

if TYPE_CHECKING:
    from ostinato.agent.profiles import Profile
    from ostinato.graph.budgets import Quote
    from ostinato.loop.crew import Crew
    from ostinato.loop.ports import Checkout, Checkouts, GoalBranch
    from ostinato.verify.types import CommandRunner, Files, OutputSink

LIVE = frozenset(
    {
        *("get_node", "query_nodes", "search_nodes", "log_decision", "record_observation", "propose_plan", "critique"),
        *("create_task", "choose_option", "record_outcome", "revisit", "verdict", "signal"),
    }
)
"""Tools that reach nothing but the graph: a replay runs them. What any other answers stands in the recording."""
_ERRORS: tuple[type[OstinatoError], ...] = (ClaimLostError, MachineError, UsageError)


def is_live(call: ToolCall) -> bool:
    """Tell whether a replay runs this call: whatever is called by way of another tool counts as if called itself."""
    if call.name != MORE:
        return call.name in LIVE
    try:
        given = json.loads(call.arguments, strict=False)
    except (ValueError, RecursionError):
        return False
    name = given.get("name") if isinstance(given, dict) else None
    return isinstance(name, str) and name.strip() in ON_DEMAND & LIVE


class Through(Protocol):
    """What stands between a port and the world."""

    async def call(self, name: str, real: Callable[[], Awaitable[Any]]) -> Any:
        """Return what `real` returns, as a JSON value; `name` says which call this is. Raises OstinatoError."""
        ...

    def now(self, name: str, real: Callable[[], Any]) -> Any:
        """The same for what is no coroutine."""
        ...

    async def tool(self, call: ToolCall, real: Callable[[], Awaitable[ToolResult]]) -> ToolResult:
        """Return what the tool answers."""
        ...

    def own_model(self, profile: str, real: Model | None) -> Model:
        """Return the model that a profile has for itself."""
        ...


def error_value(error: Exception) -> dict[str, str]:
    """Return an error that crossed a port as a JSON object."""
    kind = next((one.__name__ for one in _ERRORS if isinstance(error, one)), MachineError.__name__)
    return {"kind": kind, "message": str(error)}


def error_of(value: Any) -> OstinatoError:
    """Return the error of a recording."""
    kind = next((one for one in _ERRORS if one.__name__ == value.get("kind")), MachineError)
    return kind(str(value.get("message")))


def result_value(result: ToolResult) -> dict[str, Any]:
    """Return a tool's answer as a JSON object."""
    return asdict(result)


def result_of(value: Any) -> ToolResult:
    """Return the tool's answer of a recording."""
    signal = value.get("signal")
    said = None if signal is None else Signal(str(signal["outcome"]), str(signal["message"]))
    return ToolResult(str(value["text"]), bool(value["is_error"]), said, str(value["summary"]))


class ThroughCrew:
    """The profiles of a session, and whether one has a model of its own."""

    def __init__(self, crew: Crew, through: Through) -> None:
        self._crew = crew
        self._through = through

    def names(self) -> Collection[str]:
        """Return the names of all profiles."""
        return self._crew.names()

    def profile(self, name: str) -> Profile:
        """Return the profile of that name."""
        return self._crew.profile(name)

    def model(self, profile: Profile) -> Model | None:
        """Return the profile's own model; see `loop.crew.Crew`."""
        found: list[Model | None] = [None]

        def real() -> bool:
            found[0] = self._crew.model(profile)
            return found[0] is not None

        own = self._through.now(f"model of {profile.called}", real)
        return self._through.own_model(profile.called, found[0]) if own else None

    def quote(self, profile: Profile) -> Quote | None:
        """Return what the profile's model costs: prices follow from the settings, which a recording holds."""
        return self._crew.quote(profile)


class ThroughTools:
    """The tools of one conversation."""

    def __init__(self, tools: Tools, through: Through) -> None:
        self._tools = tools
        self._through = through

    def specs(self) -> tuple[ToolSpec, ...]:
        """As the tools say."""
        return self._tools.specs()

    async def run(self, call: ToolCall) -> ToolResult:
        """Run one call; see `agent.ports.Tools`."""
        return await self._through.tool(call, lambda: self._tools.run(call))


class ThroughRunner:
    """Runs the commands of checks."""

    def __init__(self, runner: CommandRunner, through: Through) -> None:
        self._runner = runner
        self._through = through

    async def run(
        self,
        command: str,
        checkout: Path,
        *,
        timeout: float,
        working_dir: str | None = None,
        sink: OutputSink | None = None,
    ) -> CommandResult:
        """Run one command; see `verify.types.CommandRunner`. A sink is not recorded: checks have none."""

        async def real() -> dict[str, Any]:
            ran = self._runner.run(command, checkout, timeout=timeout, working_dir=working_dir, sink=sink)
            return asdict(await ran)

        return CommandResult(**await self._through.call(f"check {command}", real))


class ThroughFiles:
    """Reads what trees hold. Long lists of paths are told by what differs from the one before."""

    def __init__(self, files: Files, through: Through) -> None:
        self._files = files
        self._through = through
        self._before: frozenset[str] = frozenset()
        self._blobs: dict[str, str] = {}

    async def paths(self, tree: str) -> frozenset[str]:
        """Return every file of the tree."""

        async def real() -> dict[str, list[str]]:
            found = await self._files.paths(tree)
            return {"more": sorted(found - self._before), "less": sorted(self._before - found)}

        told = await self._through.call("files.paths", real)
        self._before = (self._before | set(told["more"])) - set(told["less"])
        return self._before

    async def blobs(self, tree: str) -> dict[str, str]:
        """Return the id of each regular file's content, by path."""

        async def real() -> dict[str, Any]:
            found, before = await self._files.blobs(tree), self._blobs
            more = {path: blob for path, blob in sorted(found.items()) if before.get(path) != blob}
            return {"more": more, "less": sorted(before.keys() - found)}

        told = await self._through.call("files.blobs", real)
        kept = {path: blob for path, blob in self._blobs.items() if path not in told["less"]}
        self._blobs = dict(sorted({**kept, **told["more"]}.items()))
        return self._blobs

    async def read(self, tree: str, paths: tuple[str, ...]) -> dict[str, str | None]:
        """Return the files' texts."""
        found: dict[str, str | None] = await self._through.call("files.read", lambda: self._files.read(tree, paths))
        return found


class ThroughCheckout:
    """One of the two trees."""

    def __init__(self, checkout: Checkout, through: Through) -> None:
        self.path = checkout.path
        self._checkout = checkout
        self._through = through

    async def reset(self, commit: str) -> None:
        """Make the tree equal `commit`."""
        await self._through.call(f"{self.path.name}.reset", lambda: self._checkout.reset(commit))

    async def reset_to_tree(self, tree: str, parent: str) -> None:
        """Make it equal a tree."""
        await self._through.call(f"{self.path.name}.reset", lambda: self._checkout.reset_to_tree(tree, parent))


class ThroughCheckouts:
    """A worker's place."""

    def __init__(self, places: Checkouts, through: Through) -> None:
        self.work: Checkout = ThroughCheckout(places.work, through)
        self.proof: Checkout = ThroughCheckout(places.proof, through)
        self._real = {places.work.path: places.work, places.proof.path: places.proof}
        self._places = places
        self._through = through

    async def harvest(self, base: str, scope: tuple[str, ...], written: frozenset[str] = frozenset()) -> Change:
        """Take the tree out of `work`."""

        async def real() -> dict[str, Any]:
            return asdict(await self._places.harvest(base, scope, written))

        return change_of(await self._through.call("harvest", real))

    async def ensure_setup(self, checkout: Checkout) -> None:
        """Run the setup commands."""
        real = self._real[checkout.path]
        await self._through.call(f"{checkout.path.name}.setup", lambda: self._places.ensure_setup(real))

    def release(self) -> None:
        """Give the place back."""
        self._places.release()


class ThroughBranch:
    """The goal's branch."""

    def __init__(self, branch: GoalBranch, through: Through) -> None:
        self._branch = branch
        self._through = through

    async def tip(self, goal: NodeId) -> str:
        """Return the commit of the branch."""
        return str(await self._through.call("branch.tip", lambda: self._branch.tip(goal)))

    async def prepare_commit(self, tree: str, parent: str, message: str) -> str:
        """Make a commit."""
        real = self._branch.prepare_commit
        return str(await self._through.call("branch.commit", lambda: real(tree, parent, message)))

    def advance(self, goal: NodeId, old: str, new: str) -> None:
        """Move the branch."""
        self._through.now("branch.advance", lambda: self._branch.advance(goal, old, new))

    async def keep(self, iteration: IterationId, commit: str) -> None:
        """Hold a commit for a review."""
        await self._through.call("branch.keep", lambda: self._branch.keep(iteration, commit))

    async def merged(self, tip: str, commit: str) -> Change | None:
        """Merge a commit onto the tip."""

        async def real() -> dict[str, Any] | None:
            change = await self._branch.merged(tip, commit)
            return None if change is None else asdict(change)

        found = await self._through.call("branch.merged", real)
        return None if found is None else change_of(found)

    def clear_stale_locks(self) -> None:
        """Remove what a dead git left."""
        self._through.now("branch.locks", self._branch.clear_stale_locks)

    async def iterations_on(self, goal: NodeId) -> dict[str, str]:
        """Return iteration → commit."""
        found: dict[str, str] = await self._through.call("branch.iterations", lambda: self._branch.iterations_on(goal))
        return found


def change_of(value: Any) -> Change:
    """Return a change as the recording has it."""
    return Change(value["base_tree"], value["tree"], value["diff"], tuple(value["paths"]), tuple(value["dropped"]))


if TYPE_CHECKING:

    def _fits(
        crew: ThroughCrew,
        tools: ThroughTools,
        runner: ThroughRunner,
        files: ThroughFiles,
        places: ThroughCheckouts,
        branch: ThroughBranch,
    ) -> tuple[Crew, Tools, CommandRunner, Files, Checkouts, GoalBranch]:
        return crew, tools, runner, files, places, branch
