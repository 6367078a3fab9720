"""Rows of `nodes` to values and back; typed details to and from their JSON text. No SQL lives here.

Decoding is strict: a row that cannot be read raises, it is never guessed.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ostinato.base.clock import parse_time
from ostinato.base.compact_json import compact
from ostinato.base.ids import IterationId, NodeId, ProjectId
from ostinato.graph.types import Check, Complexity, Details, Node, NodeType, Priority, Status, TaskDetails
from ostinato.store.database import Row

_COLUMNS = frozenset({"attempts", "number"})
"""Details that have a column of their own."""


def decode_node(row: Row) -> Node:
    """Return the node of a whole row of the view `spoken`, with its derived status and reason."""
    node_type = NodeType(row["node_type"])
    return Node(
        id=NodeId(row["id"]),
        project_id=ProjectId(row["project_id"]),
        node_type=node_type,
        title=row["title"],
        status=Status(row["spoken_status"]),
        created_at=parse_time(row["created_at"]),
        description=row["description"],
        priority=Priority(row["priority"]) if row["priority"] else None,
        assigned_to=row["assigned_to"],
        created_by=row["created_by"],
        labels=() if row["labels"] == "[]" else tuple(json.loads(row["labels"])),
        started_at=parse_time(row["started_at"]) if row["started_at"] else None,
        completed_at=parse_time(row["completed_at"]) if row["completed_at"] else None,
        blocked_reason=row["spoken_reason"],
        details=decode_details(node_type, row["details"], row["attempts"], row["number"]),
        metadata={} if row["metadata"] == "{}" else json.loads(row["metadata"]),
        parent_id=NodeId(row["parent_id"]) if row["parent_id"] else None,
    )


def decode_details(node_type: NodeType, text: str, attempts: int = 0, number: int | None = None) -> Details:
    """Return the typed details of a node from their JSON text; `attempts` and `number` are the columns of that name."""
    found: dict[str, Any] = json.loads(text)
    if node_type is NodeType.TASK:
        return _decode_task(found, attempts)
    # Late: reading tasks needs no other details.
    from ostinato.graph.details import DecisionDetails, OptionDetails, OutcomeDetails, RevisitDetails

    if node_type is NodeType.DECISION:
        return DecisionDetails(
            tuple(found.get("forbids_paths", ())), tuple(found.get("forbids_dependencies", ())), number
        )
    if node_type is NodeType.OPTION:
        return OptionDetails(tuple(found.get("pros", ())), tuple(found.get("cons", ())))
    if node_type is NodeType.OUTCOME:
        iteration = found.get("iteration_id")
        return OutcomeDetails(
            success=bool(found.get("success", False)),
            iteration_id=IterationId(iteration) if iteration else None,
            commit=found.get("commit"),
        )
    if node_type is NodeType.REVISIT:
        return RevisitDetails(found.get("pivot_reason", ""))
    return None


def encode_details(details: Details) -> str:
    """Return details as JSON text without fields at their default, and without those that have a column."""
    if details is None:
        return "{}"
    plain = _plain(type(details))  # type: ignore[arg-type]  # mypy takes the instances' hash for the class's
    if details == plain:
        return "{}"
    names = (name for name in details.__slots__ if name not in _COLUMNS)
    found = {name: value for name in names if (value := getattr(details, name)) != getattr(plain, name)}
    if "checks" in found:
        found["checks"] = [_encode_check(check) for check in found["checks"]]
    return json.dumps(found, ensure_ascii=False) if found else "{}"


@cache
def _plain(kind: type[Any]) -> Any:
    """Return details that say nothing: most are like that, and comparing is cheaper than looking at each field."""
    return kind()


def encode_json(value: object) -> str:
    """Return compact JSON text, characters as they are."""
    # Most lists and maps are empty, and encoding is dear.
    if value == [] or value == {}:
        return "[]" if value == [] else "{}"
    return compact(value)


def _decode_task(found: dict[str, Any], attempts: int) -> TaskDetails:
    complexity = found.get("complexity")
    return TaskDetails(
        acceptance_criteria=tuple(found.get("acceptance_criteria", ())),
        checks=tuple(Check(**check) for check in found.get("checks", ())),
        file_scope=tuple(found.get("file_scope", ())),
        complexity=Complexity(complexity) if complexity else None,
        profile=found.get("profile"),
        attempts=attempts,
        max_attempts=found.get("max_attempts"),
        judge=bool(found.get("judge", False)),
    )


def _encode_check(check: Check) -> dict[str, Any]:
    found = {"command": check.command, "timeout": check.timeout, "working_dir": check.working_dir, "guard": check.guard}
    return {name: value for name, value in found.items() if value not in (None, False)}
