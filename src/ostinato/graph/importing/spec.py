"""The predecessor's `spec.json`: a list of tasks that are done in the order of the file, and what was learned."""

from __future__ import annotations

from collections.abc import Mapping

from ostinato.graph.importing.document import first_line, only_file, read_document, stem
from ostinato.graph.importing.finish import Draft, finish
from ostinato.graph.importing.keys import Keys
from ostinato.graph.importing.problems import Problems, refuse
from ostinato.graph.importing.record import Record
from ostinato.graph.importing.values import Files, Format, Imported, ImportedNode
from ostinato.graph.types import NodeType, Status, TaskDetails

_STATUSES = {
    "": Status.PENDING,
    "pending": Status.PENDING,
    "in_progress": Status.PENDING,
    "complete": Status.COMPLETED,
    "completed": Status.COMPLETED,
    "blocked": Status.BLOCKED,
}
"""Nobody here works on what was in progress there: it is pending."""


def read_spec(files: Files) -> Imported:
    """Return what a `spec.json` holds. Raises MalformedError, naming the tasks that cannot be read."""
    name, text = only_file(files)
    document = read_document(name, text)
    if not isinstance(document, Mapping) or not isinstance(document.get("tasks"), list):
        refuse(name, "it must be an object with a list of tasks")
    problems = Problems()
    record = Record(document, name, problems)
    keys = Keys()
    tasks = [_task(one, keys) for one in record.records("tasks")]
    learned = [_learning(text, place) for place, text in enumerate(record.texts("learnings"), start=1)]
    title, branch = record.text("name").strip(), record.text("branch_name")
    draft = Draft(
        Format.SPEC,
        title or branch or stem(name),
        title or branch or stem(name),
        description=record.text("description"),
        created_at=record.time("created_at"),
        nodes=[*tasks, *learned],
        metadata={"spec.branch_name": branch} if branch else {},
    )
    draft.metadata |= record.rest("spec")
    if not tasks:
        problems.add(name, "it has no task")
    return finish(draft, problems)


def _task(record: Record, keys: Keys) -> ImportedNode:
    title = record.title("title")
    key = keys.of(title) if record.raw().get("id") is None else record.key("id")
    word = record.text("status").strip().lower().replace("-", "_")
    status = _STATUSES.get(word)
    if status is None:
        record.wrong("status", f"one of {', '.join(list(_STATUSES)[1:])}", word)
        status = Status.PENDING
    reason = record.text("blocked_reason")
    done = status is Status.COMPLETED
    metadata = {"spec.status": word} if word == "in_progress" else {}
    if reason and status is not Status.BLOCKED:
        metadata["spec.blocked_reason"] = reason
    return ImportedNode(
        key,
        NodeType.TASK,
        title,
        status,
        description=record.text("description"),
        created_at=record.time("created_at"),
        completed_at=record.time("completed_at") if done else None,
        blocked_reason=(reason or "blocked in spec.json") if status is Status.BLOCKED else None,
        details=TaskDetails(acceptance_criteria=record.texts("acceptance_criteria")),
        metadata=metadata | record.rest("spec"),
    )


def _learning(text: str, place: int) -> ImportedNode:
    return ImportedNode(
        f"learning#{place}", NodeType.OBSERVATION, first_line(text) or "learned", Status.ACTIVE, description=text
    )
