"""What is asked of the graph: new nodes, changes to a node, filters over nodes. Values and pure checks; the store
carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.texts import require_labels, require_metadata, require_text, require_title
from ostinato.graph.types import MOST, Details, NodeType, Priority, Status, TaskDetails

if TYPE_CHECKING:
    from ostinato.graph.details import DecisionDetails, OptionDetails, OutcomeDetails, RevisitDetails

    _OfType: TypeAlias = TaskDetails | DecisionDetails | OptionDetails | OutcomeDetails | RevisitDetails


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
"""A field that is to stay as it is, where None would mean something."""


@dataclass(frozen=True, slots=True)
class NewNode:
    """What is asked for when a node is made; ids, times and derived facts are the store's to add."""

    node_type: NodeType
    title: str
    description: str = ""
    parent_id: NodeId | None = None
    status: Status | None = None
    priority: Priority | None = None
    created_by: str | None = None
    labels: tuple[str, ...] = ()
    details: Details = None
    metadata: dict[str, str] = field(default_factory=dict)
    depends_on: tuple[NodeId, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeChanges:
    """New values by field. `metadata` is merged key by key, None removing one; `details` replace the old ones, except
    that a task's used-up attempts and a decision's number are never set this way."""

    title: str | Unset = UNSET
    description: str | Unset = UNSET
    priority: Priority | Unset | None = UNSET
    labels: tuple[str, ...] | Unset = UNSET
    details: Details | Unset = UNSET
    metadata: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodeFilter:
    """Conditions that must all hold. `status` is the spoken one; `goal_id` means anywhere below that node; `text` is a
    part of title or description, whatever its case; `label` is one of the labels, letter by letter."""

    project_id: ProjectId | None = None
    node_type: NodeType | None = None
    status: Status | None = None
    parent_id: NodeId | None = None
    goal_id: NodeId | None = None
    text: str | None = None
    limit: int | None = None
    priority: Priority | None = None
    label: str | None = None


def details_for(node_type: NodeType, given: Details) -> Details:
    """Return the details of a node of this type, its defaults when none are given. Raises RuleError for another's."""
    wanted = _details_type(node_type)
    if given is None:
        return wanted() if wanted else None
    if wanted is None or not isinstance(given, wanted):
        raise RuleError(f"a {node_type} cannot have {type(given).__name__}")
    if isinstance(given, TaskDetails):
        _require_task(given)
    elif node_type is NodeType.DECISION:
        _require_decision(given)
    return given


def _details_type(node_type: NodeType) -> type[_OfType] | None:
    if node_type is NodeType.TASK:
        return TaskDetails
    # Late: tasks are most of what is made, and asking for nodes needs none of them.
    from ostinato.graph.details import DecisionDetails, OptionDetails, OutcomeDetails, RevisitDetails

    others: Mapping[NodeType, type[_OfType]] = {
        NodeType.DECISION: DecisionDetails,
        NodeType.OPTION: OptionDetails,
        NodeType.OUTCOME: OutcomeDetails,
        NodeType.REVISIT: RevisitDetails,
    }
    return others.get(node_type)


def require_texts(new: NewNode) -> None:
    """Raise RuleError unless title and all other texts of a new node can be kept."""
    require_title(new.title)
    require_text("the description", new.description)
    require_labels(new.labels)
    require_metadata(new.metadata)


def _require_decision(details: Details) -> None:
    # Late: patterns and packages are a decision's alone.
    from ostinato.graph.details import DecisionDetails
    from ostinato.graph.prohibitions import require_prohibitions

    if isinstance(details, DecisionDetails):
        require_prohibitions(details)


def _require_task(details: TaskDetails) -> None:
    for check in details.checks:
        if not check.command.strip():
            raise RuleError("a check needs a command")
        if check.timeout is not None and not 0 < check.timeout <= MOST:
            raise RuleError(
                f"the timeout of the check `{check.command}` must be more than 0 seconds and at most {MOST:,}"
            )
    if details.max_attempts is not None and not 1 <= details.max_attempts <= MOST:
        raise RuleError(f"max_attempts must be at least 1 and at most {MOST:,}")
    if details.attempts < 0:
        raise RuleError("attempts must not be negative")
    of_checks = (text for check in details.checks for text in (check.command, check.working_dir or ""))
    for text in (*details.acceptance_criteria, *details.file_scope, *of_checks, details.profile or ""):
        require_text("a task's details", text)
