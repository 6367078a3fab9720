"""What is asked of the graph: changes to a node, filters over nodes, and the form that texts must have. Values and pure
checks; the store carries them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.types import (
    Details,
    NewNode,
    NodeType,
    OptionDetails,
    OutcomeDetails,
    Priority,
    RevisitDetails,
    Status,
    TaskDetails,
)


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
"""A field that is to stay as it is, where None would mean something."""

_DETAILS: Mapping[NodeType, type[TaskDetails | OptionDetails | OutcomeDetails | RevisitDetails]] = {
    NodeType.TASK: TaskDetails,
    NodeType.OPTION: OptionDetails,
    NodeType.OUTCOME: OutcomeDetails,
    NodeType.REVISIT: RevisitDetails,
}


@dataclass(frozen=True, slots=True)
class NodeChanges:
    """New values by field. `metadata` is merged key by key, None removing one; `details` replace the old ones, except
    that a task's used-up attempts are never set this way."""

    title: str | Unset = UNSET
    description: str | Unset = UNSET
    priority: Priority | Unset | None = UNSET
    labels: tuple[str, ...] | Unset = UNSET
    details: Details | Unset = UNSET
    metadata: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodeFilter:
    """Conditions that must all hold. `status` is the spoken one; `goal_id` means anywhere below that node; `text` is a
    part of title or description, whatever its case."""

    project_id: ProjectId | None = None
    node_type: NodeType | None = None
    status: Status | None = None
    parent_id: NodeId | None = None
    goal_id: NodeId | None = None
    text: str | None = None
    limit: int | None = None


def details_for(node_type: NodeType, given: Details) -> Details:
    """Return the details of a node of this type, its defaults when none are given. Raises RuleError for another's."""
    wanted = _DETAILS.get(node_type)
    if given is None:
        return wanted() if wanted else None
    if wanted is None or not isinstance(given, wanted):
        raise RuleError(f"a {node_type} cannot have {type(given).__name__}")
    if isinstance(given, TaskDetails):
        _require_task(given)
    return given


def require_texts(new: NewNode) -> None:
    """Raise RuleError unless title and all other texts of a new node can be kept."""
    require_title(new.title)
    require_text("the description", new.description)
    require_labels(new.labels)
    require_metadata(new.metadata)


def require_title(title: str) -> None:
    """Raise RuleError for a title that says nothing or cannot be kept. Line breaks are allowed."""
    require_text("the title", title)
    if not title.strip():
        raise RuleError("a title must not be empty or blank")


def require_text(what: str, text: str) -> None:
    """Raise RuleError for characters that no database and no file keeps: NUL, and halves of surrogate pairs."""
    if "\0" in text:
        raise RuleError(f"{what} must not contain NUL characters")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise RuleError(f"{what} is not valid Unicode text")


def require_labels(labels: Iterable[str]) -> None:
    """Raise RuleError for blank labels and labels that cannot be kept."""
    for label in labels:
        require_text("a label", label)
        if not label.strip():
            raise RuleError("a label must not be blank")


def require_metadata(metadata: Mapping[str, str | None]) -> None:
    """Raise RuleError unless metadata maps names to texts (or None, where that removes)."""
    for name, value in metadata.items():
        for text in (name, "" if value is None else value):
            if not isinstance(text, str):
                raise RuleError(f"metadata maps text to text: {name!r} does not")
            require_text("metadata", text)


def _require_task(details: TaskDetails) -> None:
    for check in details.checks:
        if not check.command.strip():
            raise RuleError("a check needs a command")
        if check.timeout is not None and not check.timeout > 0:
            raise RuleError(f"the timeout of the check `{check.command}` must be more than 0 seconds")
    if details.max_attempts is not None and details.max_attempts < 1:
        raise RuleError("max_attempts must be at least 1")
    if details.attempts < 0:
        raise RuleError("attempts must not be negative")
    for text in (*details.acceptance_criteria, *details.file_scope, *(check.command for check in details.checks)):
        require_text("a task's details", text)
