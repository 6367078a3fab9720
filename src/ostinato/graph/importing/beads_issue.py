"""One issue of beads as it reads by itself: its node, its comments, what it says of others. The whole is `beads`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ostinato.base.text import clip, one_line
from ostinato.graph.details import OutcomeDetails
from ostinato.graph.edges import EdgeType
from ostinato.graph.importing import beads_words as words
from ostinato.graph.importing.beads_files import Line
from ostinato.graph.importing.criteria import criteria_of, says_all
from ostinato.graph.importing.json_text import json_text
from ostinato.graph.importing.problems import Problems
from ostinato.graph.importing.record import Record
from ostinato.graph.importing.times import stored_time
from ostinato.graph.importing.values import ImportedEdge, ImportedNode
from ostinato.graph.types import Details, NodeType, Priority, Status, TaskDetails

_COMPUTED = ("_type", "dependency_count", "dependent_count", "comment_count")
_SECTIONS = {"design": "Design", "notes": "Notes"}
_OF_AN_EDGE = frozenset({"issue_id", "depends_on_id", "type", "created_at"})
_NOTHING = (None, "", "{}")
_TITLE = 100


class Said(NamedTuple):
    """What an issue says of another one: `source` needs, belongs to, relates to `target`; `kept` is all of it,
    and `kept_more` tells that this says more than an edge of ours."""

    source: str
    kind: str
    target: str
    created_at: str | None
    kept: dict[str, Any]
    kept_more: bool = False


@dataclass(slots=True)
class Issue:
    """An issue on its way to a node; type, status and parent may change when all issues are known."""

    key: str
    where: str
    node_type: NodeType
    word: str
    title: str
    description: str
    priority: Priority | None
    created_at: str | None
    closed_at: str | None
    started_at: str | None
    created_by: str | None
    labels: tuple[str, ...]
    criteria: tuple[str, ...]
    held: str | None
    parent: str | None
    metadata: dict[str, str]
    said: list[Said] = field(default_factory=list)
    below: list[ImportedNode] = field(default_factory=list)
    edges: list[ImportedEdge] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    status: Status = Status.PENDING

    def node(self) -> ImportedNode:
        """Return the node of the issue."""
        metadata = dict(self.metadata)
        if self.kept:
            metadata["beads.dependencies"] = json_text(self.kept)
        if not words.says_it(self.word, self.status):
            metadata["beads.status"] = self.word
        done = self.status in {Status.COMPLETED, Status.DECIDED}
        details: Details = None
        if self.node_type is NodeType.TASK:
            details = TaskDetails(acceptance_criteria=self.criteria)
        return ImportedNode(
            self.key,
            self.node_type,
            self.title,
            self.status,
            parent_key=self.parent,
            description=self.description,
            priority=self.priority,
            created_by=self.created_by,
            labels=self.labels,
            created_at=self.created_at,
            started_at=self.started_at if done else None,
            completed_at=self.closed_at if done else None,
            blocked_reason=self.held if self.status is Status.BLOCKED else None,
            details=details,
            metadata=metadata,
        )


def read_issue(line: Line, problems: Problems) -> Issue:
    """Return an issue; what is wrong with it is added to the problems, and then it must not be used."""
    record = Record(line.data, line.where, problems, plain=line.plain)
    record.drop(*_COMPUTED)
    key = record.key("id")
    if "#" in key or any(blank in key for blank in " \t\n"):
        record.problem("id has a blank or # in it")
    word = record.text("status") or "open"
    kind = record.text("issue_type") or "task"
    node_type = words.node_type_of(kind)
    closed = word == "closed"
    criteria_text = record.text("acceptance_criteria")
    criteria = criteria_of(criteria_text)
    sections = {name: text for name in _SECTIONS if (text := record.text(name))}
    updated = record.take("updated_at")
    issue = Issue(
        key=key,
        where=line.where,
        node_type=node_type,
        word=word,
        title=record.title("title"),
        description=_description(record.text("description"), sections),
        priority=_priority(record),
        created_at=record.time("created_at"),
        closed_at=record.time("closed_at") or _updated(updated) if closed else None,
        started_at=record.time("started_at") if closed else None,
        created_by=record.text("created_by") or None,
        labels=record.texts("labels"),
        criteria=criteria,
        held=_held(record, word, kind),
        parent=record.text("parent") or None,
        metadata={},
    )
    _say(issue, record)
    _comment(issue, record)
    metadata = {f"beads.{name}": text for name, text in sections.items()}
    if criteria_text and not (says_all(criteria, criteria_text) and node_type is NodeType.TASK):
        metadata["beads.acceptance_criteria"] = criteria_text
    if kind != _usual(node_type):
        metadata["beads.issue_type"] = kind
    if isinstance(updated, str):
        metadata["beads.updated_at"] = updated
    record.drop(*record.zeros())
    issue.metadata = metadata | record.rest("beads")
    _close(issue)
    return issue


def memory_node(line: Line, problems: Problems) -> ImportedNode:
    """Return the observation that a memory of beads is."""
    record = Record(line.data, line.where, problems, plain=line.plain)
    record.drop("_type")
    key, value = record.key("key"), record.text("value")
    return ImportedNode(
        f"memory#{key}",
        NodeType.OBSERVATION,
        clip(one_line(value).strip() or key, _TITLE) or "memory",
        Status.ACTIVE,
        description=value,
        created_at=record.time("created_at"),
        metadata={"beads.key": key, **record.rest("beads")},
    )


def _updated(updated: object) -> str | None:
    """Return when a closed issue was closed, where it does not say it itself."""
    try:
        return stored_time(updated) if isinstance(updated, str) else None
    except ValueError:
        return None


def _usual(node_type: NodeType) -> str:
    return {NodeType.TASK: "task", NodeType.GOAL: "epic", NodeType.DECISION: "decision"}.get(node_type, "")


def _description(text: str, sections: dict[str, str]) -> str:
    """Return the description with what agents must see too: they are told descriptions, and no metadata."""
    parts = [text.rstrip(), *(f"## {_SECTIONS[name]}\n\n{section.strip()}" for name, section in sections.items())]
    return "\n\n".join(part for part in parts if part) if sections else text


def _priority(record: Record) -> Priority | None:
    value = record.take("priority")
    if value is None:
        return None
    if isinstance(value, str) and value.upper().removeprefix("P").isdecimal():
        value = int(value.upper().removeprefix("P")[:4])
    if isinstance(value, bool) or not isinstance(value, int | float) or value not in (0, 1, 2, 3, 4):
        record.wrong("priority", "a number from 0 to 4", value)
        return None
    return words.priority_of(int(value))


def _held(record: Record, word: str, kind: str) -> str | None:
    """Return why nobody may take the issue up, None for what is free."""
    if record.flag("is_template"):
        return "a template in beads"
    if kind == "gate" and word != "closed":
        return "a gate in beads"
    return words.held_reason(word)


def _say(issue: Issue, record: Record) -> None:
    for relation in record.records("dependencies"):
        _said(issue, relation, reverse=False)
    for relation in record.records("dependents"):
        _said(issue, relation, reverse=True)


def _said(issue: Issue, relation: Record, *, reverse: bool) -> None:
    raw = relation.raw()
    if "dependency_type" in raw:
        # `bd show --json` puts the other issue itself there.
        other, kind = relation.key("id"), relation.text("dependency_type")
        source, target = (other, issue.key) if reverse else (issue.key, other)
        raw, created, more = {"issue_id": source, "depends_on_id": target, "type": kind}, None, False
    else:
        target, kind = relation.key("depends_on_id"), relation.text("type") or "blocks"
        source = relation.text("issue_id") or issue.key
        created = relation.time("created_at")
        more = any(value not in _NOTHING for name, value in raw.items() if name not in _OF_AN_EDGE)
    issue.said.append(Said(source, kind.replace("_", "-").lower(), target, created, raw, more))


def _comment(issue: Issue, record: Record) -> None:
    for number, comment in enumerate(record.records("comments"), start=1):
        comment.drop("issue_id")
        identifier = number if comment.raw().get("id") in (None, "") else comment.key("id")
        author, text = comment.text("author"), comment.text("text")
        if not text.strip():
            continue
        key = f"{issue.key}#comment-{identifier}"
        first = clip(one_line(text.strip()), _TITLE)
        issue.below.append(
            ImportedNode(
                key,
                NodeType.OBSERVATION,
                f"{author}: {first}" if author.strip() else first,
                Status.ACTIVE,
                parent_key=issue.key,
                description=text,
                created_by=author or None,
                created_at=comment.time("created_at"),
                metadata=comment.rest("beads"),
            )
        )
        issue.edges.append(ImportedEdge(EdgeType.INFORMS, key, issue.key))


def _close(issue: Issue) -> None:
    """Let a closed issue say when and with what outcome."""
    if issue.word != "closed":
        return
    reason = issue.metadata.get("beads.close_reason", "").strip()
    if issue.node_type is not NodeType.TASK or reason.lower().rstrip(".") in words.GENERIC_REASONS:
        return
    key = f"{issue.key}#outcome"
    issue.below.append(
        ImportedNode(
            key,
            NodeType.OUTCOME,
            clip(one_line(reason), _TITLE),
            Status.ACTIVE,
            parent_key=issue.key,
            description=reason,
            created_at=issue.closed_at,
            details=OutcomeDetails(success=True),
        )
    )
    issue.edges.append(ImportedEdge(EdgeType.LEADS_TO, issue.key, key))
