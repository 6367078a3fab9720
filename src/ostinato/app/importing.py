"""One import from path to graph: reads, brings in, counts what a person wants to know. It prints nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ostinato.base.ids import NodeId, ProjectId
from ostinato.base.text import many
from ostinato.graph.importing.reading import detect, read_import
from ostinato.graph.importing.values import Files, Format, Imported
from ostinato.graph.status import FINISHED
from ostinato.graph.types import NodeType, TaskDetails
from ostinato.store.importing import Brought, source_of
from ostinato.store.store import Store

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Source:
    """What was read, and whether its format was told or found out."""

    imported: Imported
    detected: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What an import did, or would do. `tasks` counts the tasks made by the status that a reader sees; `unchecked` is
    how many of them are to be worked on and have no check."""

    imported: Imported
    brought: Brought
    tasks: Mapping[str, int]
    unchecked: int
    warnings: tuple[str, ...]


def read_source(files: Files, asked: Format | None) -> Source:
    """Return what the files hold. Raises MalformedError and UsageError; see `graph.importing.reading`."""
    return Source(read_import(files, asked or detect(files)), asked is None)


def bring_in(store: Store, project_id: ProjectId, imported: Imported, goal_id: NodeId | None) -> Result:
    """Make what is not there yet, in one transaction, and return what that was.

    Raises NotFoundError, UsageError, and RuleError for what the graph refuses; nothing is left then.
    """
    with store.db.transaction():
        brought = store.importing.bring(project_id, imported, goal_id)
        return Result(
            imported,
            brought,
            tasks=_spoken(store, imported, brought),
            unchecked=_unchecked(imported, brought),
            warnings=(*imported.warnings, *_done_there(brought)),
        )


def _spoken(store: Store, imported: Imported, brought: Brought) -> dict[str, int]:
    """Return how many of the made tasks have each status. A whole new goal is counted by the store."""
    if brought.new_goal:
        return {status.value: count for status, count in sorted(store.graph.counts(brought.goal_id).items())}
    made = [
        brought.made[source]
        for node in imported.nodes
        if node.node_type is NodeType.TASK and (source := source_of(imported, node.key)) in brought.made
    ]
    return dict(sorted(Counter(store.graph.get(node_id).status.value for node_id in made).items()))


def _unchecked(imported: Imported, brought: Brought) -> int:
    parents = {node.parent_key for node in imported.nodes if node.node_type is NodeType.TASK}
    return sum(
        1
        for node in imported.nodes
        if isinstance(node.details, TaskDetails) and not node.details.checks
        if node.status not in FINISHED and node.key not in parents
        if source_of(imported, node.key) in brought.made
    )


def _done_there(brought: Brought) -> list[str]:
    if not brought.done_there:
        return []
    some = ", ".join(brought.done_there[:_NAMED])
    more = ", …" if len(brought.done_there) > _NAMED else ""
    return [f"{many(len(brought.done_there), 'task')} done in the source and open here, left as they are: {some}{more}"]
