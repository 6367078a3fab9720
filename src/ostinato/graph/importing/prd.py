"""`prd.json`: user stories, or features, that say of themselves whether they pass.

Read are the object with `userStories` (names, branch, stories with ids, criteria, numbers of priority) and the plain
list of features (category, description, steps). The number of a priority is an order, so it orders the tasks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ostinato.graph.edges import EdgeType
from ostinato.graph.importing.document import first_line, only_file, priority_word, read_document, stem
from ostinato.graph.importing.finish import Draft, finish
from ostinato.graph.importing.json_text import json_text
from ostinato.graph.importing.keys import Keys
from ostinato.graph.importing.problems import Problems, refuse
from ostinato.graph.importing.record import Record
from ostinato.graph.importing.values import Files, Format, Imported, ImportedEdge, ImportedNode
from ostinato.graph.types import NodeType, Status, TaskDetails

STORIES = ("userStories", "user_stories", "stories", "features", "items")
"""The names under which the list of stories stands."""
_CRITERIA = ("acceptanceCriteria", "acceptance_criteria", "criteria", "steps")
_NEEDS = ("dependsOn", "depends_on", "dependencies", "blockedBy")
_NAMES = ("project", "name", "title")


def read_prd(files: Files) -> Imported:
    """Return what a `prd.json` holds. Raises MalformedError, naming the stories that cannot be read."""
    name, text = only_file(files)
    document = read_document(name, text)
    problems = Problems()
    if isinstance(document, list):
        document = {"userStories": document}
    if not isinstance(document, Mapping):
        refuse(name, "it must be an object with userStories, or a list of stories")
    listed = next((field for field in STORIES if field in document), None)
    if listed is None:
        refuse(name, f"it has no list of stories ({', '.join(STORIES)})")
    record = Record(document, name, problems)
    keys = Keys()
    stories = [_story(one, place, keys) for place, one in enumerate(record.records(listed), start=1)]
    titles = {field: found for field in _NAMES if (found := record.text(field))}
    title = next(iter(titles.values()), "")
    branch = record.text("branchName")
    draft = Draft(
        Format.PRD,
        branch or title or stem(name),
        title or branch or stem(name),
        description=record.text("description"),
        created_at=record.time("createdAt"),
        nodes=[story.node for story in sorted(stories, key=lambda story: story.order)],
        edges=[edge for story in stories for edge in story.edges],
    )
    metadata = {f"prd.{field}": text for field, text in list(titles.items())[1:]}
    draft.metadata = metadata | ({"prd.branchName": branch} if branch else {}) | record.rest("prd")
    if not stories:
        problems.add(name, "it has no story")
    return finish(draft, problems)


class _Story:
    """A story as a node with its edges, and where it stands in the order of priority."""

    def __init__(self, node: ImportedNode, order: tuple[float, int], edges: list[ImportedEdge]) -> None:
        self.node = node
        self.order = order
        self.edges = edges


def _story(record: Record, place: int, keys: Keys) -> _Story:
    raw = record.raw().get("id")
    identifier = "" if raw is None else record.key("id")
    description = record.text("description")
    title = record.text("title") or record.text("name") or first_line(description)
    if not title.strip():
        record.problem("it has neither title nor description")
    passes, notes = record.flag("passes"), record.text("notes")
    needs = [need for field in _NEEDS for need in record.texts(field)]
    criteria = [one for field in _CRITERIA for one in record.texts(field)]
    number, priority = _priority(record)
    metadata = {"prd.notes": notes} if notes else {}
    if number is not None:
        metadata["prd.priority"] = f"{number:g}"
    node = ImportedNode(
        identifier if raw is not None else keys.of(title),
        NodeType.TASK,
        title.strip(),
        Status.COMPLETED if passes else Status.PENDING,
        description=f"{description.rstrip()}\n\n## Notes\n\n{notes}".strip() if notes.strip() else description,
        priority=priority,
        created_at=record.time("createdAt"),
        completed_at=record.time("completedAt") if passes else None,
        details=TaskDetails(acceptance_criteria=tuple(criteria)),
        metadata=metadata | record.rest("prd"),
    )
    edges = [ImportedEdge(EdgeType.DEPENDS_ON, node.key, need, kept=json_text(need)) for need in needs]
    return _Story(node, (float("inf") if number is None else number, place), edges)


def _priority(record: Record) -> tuple[float | None, Any]:
    value = record.take("priority")
    word = priority_word(value)
    if value is None or word is not None:
        return None, word
    if isinstance(value, str) and value.strip().lower() in {"none", ""}:
        return None, None
    if isinstance(value, bool) or not isinstance(value, int | float):
        record.wrong("priority", "a number or one of critical, high, medium, low", value)
        return None, None
    return float(value), None
