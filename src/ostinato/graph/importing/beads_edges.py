"""What beads' issues say of each other, as parents and edges of ours; what has no place here stays with its issue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property

from ostinato.graph.edges import EdgeType
from ostinato.graph.importing import beads_words as words
from ostinato.graph.importing.beads_issue import Issue, Said
from ostinato.graph.importing.problems import quoted
from ostinato.graph.importing.values import ImportedEdge
from ostinato.graph.types import NodeType

_NODES = frozenset({NodeType.GOAL, NodeType.TASK, NodeType.DECISION})
_OUTSIDE = "external:"


class Relations:
    """Reads the relations of all issues; the results stand in its fields. `deleted` are ids of tombstones."""

    def __init__(self, issues: Mapping[str, Issue], deleted: set[str]) -> None:
        self._issues = issues
        self._deleted = deleted
        self._without_place: Counter[str] = Counter()
        self._seen: set[tuple[str, str, str]] = set()
        self.parents: dict[str, str] = {}
        self.edges: list[ImportedEdge] = []
        self.warnings: list[str] = []
        self.outside: dict[str, str] = {}
        self.superseded: set[str] = set()
        self.duplicates: set[str] = set()

    def read(self) -> None:
        """Read all of them."""
        for issue in self._issues.values():
            for said in issue.said:
                self._read(issue, said)
        for issue in self._issues.values():
            self._find_parent(issue)
        if self._without_place:
            listed = ", ".join(f"{count} {kind}" for kind, count in self._without_place.most_common())
            self.warnings.append(f"relations that have no edge here are kept in beads.dependencies: {listed}")

    def waits_for_open(self, key: str) -> bool:
        """Tell whether an edge makes the issue wait for one that is not closed. Only when all is read."""
        return key in self._waiting

    @cached_property
    def _waiting(self) -> set[str]:
        depends = (edge for edge in self.edges if edge.edge_type is EdgeType.DEPENDS_ON)
        return {edge.from_key for edge in depends if self._issues[edge.to_key].word != "closed"}

    def _read(self, issue: Issue, said: Said) -> None:
        triple = (said.source, said.kind, said.target)
        if triple in self._seen:
            return
        self._seen.add(triple)
        if said.source not in self._issues:
            self._dangling(issue, said, said.source)
        elif said.target not in self._issues:
            self._dangling(issue, said, said.target)
        elif said.kind == "parent-child" and said.source not in self.parents:
            self.parents[said.source] = said.target
        elif not self._edge(issue, said):
            self._without_place[said.kind] += 1
            issue.kept.append(said.kept)
            return
        if said.kept_more:
            issue.kept.append(said.kept)

    def _edge(self, issue: Issue, said: Said) -> bool:
        """Make the edge of a relation, if there is one for it."""
        source, target = self._issues[said.source].node_type, self._issues[said.target].node_type
        label = None if said.kind in {"blocks", "supersedes"} else said.kind
        if said.kind in words.WAITS and source in _NODES and target in _NODES:
            self._add(EdgeType.DEPENDS_ON, said.source, said.target, label, said)
        elif said.kind == "supersedes" and source is target:
            self.superseded.add(said.target)
            self._add(EdgeType.SUPERSEDES, said.source, said.target, label, said)
        elif said.kind == "duplicates" and source is target:
            self.duplicates.add(said.source)
            self._add(EdgeType.SUPERSEDES, said.target, said.source, label, said)
        elif source is NodeType.OBSERVATION and said.kind != "parent-child":
            self._add(EdgeType.INFORMS, said.source, said.target, said.kind, said)
        else:
            return False
        if said.kind == "conditional-blocks":
            self.warnings.append(
                f"{said.source} waits in beads for {said.target} to fail: here it waits for it to be done"
            )
        return True

    def _add(self, edge_type: EdgeType, source: str, target: str, label: str | None, said: Said) -> None:
        self.edges.append(ImportedEdge(edge_type, source, target, label, said.created_at))

    def _dangling(self, issue: Issue, said: Said, other: str) -> None:
        issue.kept.append(said.kept)
        if other in self._deleted:
            return
        if other.startswith(_OUTSIDE) and said.kind in words.WAITS:
            self.outside.setdefault(said.source, other)
            self.warnings.append(f"{said.source} waits for something outside: {quoted(other)}")
        else:
            link = f"its link to {quoted(other)} ({said.kind})"
            self.warnings.append(f"{said.source}: {link} is left out: there is no such issue")

    def _find_parent(self, issue: Issue) -> None:
        """Give an issue that names no parent the one of the field `parent`, or of its dotted id."""
        if issue.key in self.parents:
            return
        above, dot, number = issue.key.rpartition(".")
        for parent in (issue.parent, above if dot and number.isdecimal() else None):
            if parent and parent in self._issues and parent != issue.key:
                self.parents[issue.key] = parent
                return
