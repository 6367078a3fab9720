"""Beads' issues as a graph of ours: issues to nodes, dependencies to edges, fields that have no place to metadata.

docs/importing.md has the table; docs/decisions/0018 says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from ostinato.base.ids import natural_key
from ostinato.graph.importing import beads_words as words
from ostinato.graph.importing.beads_decision import decision_parts
from ostinato.graph.importing.beads_edges import Relations
from ostinato.graph.importing.beads_files import BeadsFiles, Line, read_files
from ostinato.graph.importing.beads_issue import Issue, memory_node, read_issue
from ostinato.graph.importing.finish import Draft, finish
from ostinato.graph.importing.problems import Problems
from ostinato.graph.importing.times import stored_time
from ostinato.graph.importing.values import Files, Format, Imported, ImportedEdge, ImportedNode
from ostinato.graph.types import NodeType, Status

_NAMED = 3


def read_beads(files: Files) -> Imported:
    """Return what the files hold. Raises MalformedError, naming the lines, when there is anything that is no issue."""
    problems = Problems()
    found = read_files(files, problems)
    lines, deleted = _newest(found)
    issues = {issue.key: issue for line in lines if (issue := read_issue(line, problems)).key}
    lines.clear()
    found.issues.clear()  # what was read is a third of the memory that an import takes
    memories = [memory_node(line, problems) for line in found.memories]
    if not issues and not memories and not problems.count:
        problems.add(", ".join(files), "no issue of beads in it")
    problems.refuse_any()
    relations = Relations(issues, deleted)
    relations.read()
    _settle_words(issues, relations, found)
    nodes, edges = _graph(issues, memories, relations)
    name = _name(issues)
    draft = Draft(
        Format.BEADS,
        name,
        f"Issues of {name}",
        nodes=nodes,
        edges=edges,
        skipped=dict(found.skipped),
        warnings=[*found.warnings, *relations.warnings],
    )
    return finish(draft, problems)


def _newest(found: BeadsFiles) -> tuple[list[Line], set[str]]:
    """Return each issue once, the newest of those with its id, and the ids of deleted ones. What is older is named."""
    by_id: dict[str, list[Line]] = {}
    for place, line in enumerate(found.issues):
        identifier = line.data.get("id")
        by_id.setdefault(identifier if isinstance(identifier, str) else f"\0{place}", []).append(line)
    kept = []
    deleted = set()
    for identifier, lines in by_id.items():
        newest = max(reversed(lines), key=_updated) if len(lines) > 1 else lines[0]
        if len(lines) > 1:
            found.skipped["older line of the same issue"] += len(lines) - 1
            found.warnings.append(f"{identifier} is there {len(lines)} times: {newest.where}, the newest, was taken")
        if newest.data.get("status") == "tombstone":
            found.skipped["deleted issue"] += 1
            deleted.add(identifier)
        else:
            kept.append(newest)
    return kept, deleted


def _updated(line: Line) -> str:
    for name in ("updated_at", "created_at"):
        text = line.data.get(name)
        try:
            if isinstance(text, str) and (kept := stored_time(text)):
                return kept
        except ValueError:
            continue
    return ""


def _settle_words(issues: Mapping[str, Issue], relations: Relations, found: BeadsFiles) -> None:
    """Give each issue its status: what waits for an open issue waits by its edge, and needs no status for it."""
    unknown: Counter[str] = Counter()
    for issue in issues.values():
        issue.status = words.status_of(issue.word, issue.node_type)
        if issue.word not in words.KNOWN_STATUSES:
            unknown[issue.word] += 1
        if issue.node_type is not NodeType.TASK or issue.word == "closed":
            continue
        if issue.key in relations.outside:
            issue.status, issue.held = Status.BLOCKED, f"waits for {relations.outside[issue.key]} (beads)"
        elif issue.word == "blocked" and relations.waits_for_open(issue.key):
            issue.status = Status.PENDING
        elif issue.held:
            issue.status = Status.BLOCKED
    for key in relations.superseded:
        if issues[key].node_type is NodeType.DECISION:
            issues[key].status = Status.SUPERSEDED
    for key in relations.duplicates:
        if issues[key].node_type is NodeType.TASK and issues[key].word == "closed":
            issues[key].status = Status.CANCELLED
    for word, count in unknown.items():
        found.warnings.append(
            f"{count} with the unknown status {word[:40]!r}: pending here, the word is in beads.status"
        )


def _graph(
    issues: Mapping[str, Issue], memories: Iterable[ImportedNode], relations: Relations
) -> tuple[list[ImportedNode], list[ImportedEdge]]:
    nodes: list[ImportedNode] = []
    edges = list(relations.edges)
    for issue in sorted(issues.values(), key=_age):
        issue.parent = relations.parents.get(issue.key)
        node = issue.node()
        nodes += [node, *issue.below]
        edges += issue.edges
        if issue.node_type is NodeType.DECISION:
            options, choices = decision_parts(node)
            nodes += options
            edges += choices
    return [*nodes, *memories], edges


def _age(issue: Issue) -> tuple[str, tuple[tuple[int, int, str], ...]]:
    return issue.created_at or "", natural_key(issue.key) if "." in issue.key else ((0, 0, issue.key),)


def _name(issues: Mapping[str, Issue]) -> str:
    prefixes = Counter(words.prefix_of(key) for key in issues)
    prefixes.pop("", None)
    return prefixes.most_common(1)[0][0] if prefixes else "beads"
