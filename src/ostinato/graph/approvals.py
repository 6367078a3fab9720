"""A question to a person, with its answer, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ostinato.base.ids import ApprovalId, NodeId, ProjectId

HELP = "help"
"""The kind of a question about a task whose attempts go in circles: what should the next one know?"""


@dataclass(frozen=True, slots=True)
class Approval:
    """A question that the harness put, and its answer.

    `kind` is `plan`, `review`, `question` (the planner's, with its options in the payload) or `help` (a task that goes
    in circles); `answer` is `approved`, `rejected` or, to the latter two, `answered` with the words as its `reason`.
    """

    id: ApprovalId
    project_id: ProjectId
    node_id: NodeId
    kind: str
    question: str
    payload: dict[str, Any]
    asked_at: datetime
    answered_at: datetime | None = None
    answer: str | None = None
    reason: str | None = None
