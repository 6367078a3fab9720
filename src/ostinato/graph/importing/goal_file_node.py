"""One node of the predecessor's goal files: its words, and the metadata in which it kept what has fields here."""

from __future__ import annotations

from ostinato.graph.details import OptionDetails, OutcomeDetails, RevisitDetails
from ostinato.graph.importing.criteria import criteria_of, says_all
from ostinato.graph.importing.document import priority_word
from ostinato.graph.importing.record import Record
from ostinato.graph.importing.values import ImportedNode
from ostinato.graph.status import STATUSES, default_status
from ostinato.graph.types import Details, NodeType, Status, TaskDetails

_PREFIX = "goal-file"
_HELD = frozenset({Status.CLAIMED, Status.IN_PROGRESS, Status.REVIEW})
_DONE = frozenset({Status.COMPLETED, Status.DECIDED, Status.SUPERSEDED})


def read_node(identifier: str, record: Record, warnings: list[str]) -> ImportedNode:
    """Return a node without its parent; what is wrong with it is a problem of its record."""
    if not identifier or len(identifier) > 200 or not identifier.isprintable():
        record.problem("its id must be a short printable text")
    node_type = _node_type(record)
    word = record.text("status")
    status, kept = _status(identifier, word, node_type, record, warnings)
    priority_text = record.text("priority")
    reason = record.text("blocked_reason")
    metadata = {f"{_PREFIX}.status": word} if kept else {}
    if priority_text and priority_word(priority_text) is None:
        record.wrong("priority", "critical, high, medium or low", priority_text)
    own = _own_metadata(record)
    details = _details(node_type, own)
    if reason and status not in {Status.BLOCKED, Status.FAILED}:
        metadata[f"{_PREFIX}.blocked_reason"] = reason
    done = status in _DONE
    started, completed = record.time("started_at"), record.time("completed_at")
    metadata |= {
        f"{_PREFIX}.{name}": text
        for name, text in (("started_at", started), ("completed_at", completed))
        if text and not done
    }
    record.drop("project_id")
    return ImportedNode(
        identifier,
        node_type,
        record.title("title"),
        status,
        description=record.text("description"),
        priority=priority_word(priority_text),
        created_by=record.text("created_by") or None,
        labels=record.texts("labels"),
        created_at=record.time("created_at"),
        started_at=started if done else None,
        completed_at=completed if done else None,
        blocked_reason=reason or None if status in {Status.BLOCKED, Status.FAILED} else None,
        details=details,
        metadata=metadata | {f"{_PREFIX}.{name}": text for name, text in own.items()} | record.rest(_PREFIX),
    )


def _node_type(record: Record) -> NodeType:
    word = record.text("node_type")
    try:
        return NodeType(word.lower())
    except ValueError:
        record.wrong("node_type", f"one of {', '.join(NodeType)}", word)
        return NodeType.OBSERVATION


def _status(
    identifier: str, word: str, node_type: NodeType, record: Record, warnings: list[str]
) -> tuple[Status, bool]:
    """Return the stored status, and whether the word is worth keeping. Nobody here holds what was held there."""
    try:
        status = Status("in_progress" if word.lower() == "inprogress" else word.lower())
    except ValueError:
        record.wrong("status", f"one of {', '.join(STATUSES[node_type])}", word)
        return default_status(node_type), False
    if status not in STATUSES[node_type]:
        default = default_status(node_type)
        warnings.append(f"{identifier} is a {node_type}, which is never {status}: it is {default} here")
        return default, True
    if node_type is NodeType.TASK and status in _HELD:
        return Status.PENDING, True
    return (Status.PENDING, False) if status is Status.READY else (status, False)


def _own_metadata(record: Record) -> dict[str, str]:
    value = record.take("metadata")
    if value is None:
        return {}
    if not isinstance(value, dict):
        record.wrong("metadata", "a table", value)
        return {}
    inner = Record(value, record.where, record.problems)
    inner.drop("next_child_seq")
    return {name.removeprefix("."): text for name, text in inner.rest("").items()}


def _details(node_type: NodeType, metadata: dict[str, str]) -> Details:
    """Return the details that stand in the metadata, and take away there what they say in full."""
    if node_type is NodeType.TASK:
        return TaskDetails(
            acceptance_criteria=_list(metadata, "acceptance_criteria"),
            file_scope=tuple(part.strip() for part in metadata.pop("file_scope", "").split(",") if part.strip()),
        )
    if node_type is NodeType.OPTION:
        return OptionDetails(_list(metadata, "pros"), _list(metadata, "cons"))
    if node_type is NodeType.OUTCOME:
        return OutcomeDetails(success=metadata.pop("success", "").lower() == "true")
    if node_type is NodeType.REVISIT:
        return RevisitDetails(metadata.pop("pivot_reason", ""))
    return None


def _list(metadata: dict[str, str], name: str) -> tuple[str, ...]:
    text = metadata.get(name, "")
    found = criteria_of(text)
    if says_all(found, text):
        metadata.pop(name, None)
    return found
