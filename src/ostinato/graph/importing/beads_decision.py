"""The options of a decision of beads, which keeps them as headings in its description."""

from __future__ import annotations

import re

from ostinato.base.text import clip, one_line
from ostinato.graph.details import OptionDetails
from ostinato.graph.edges import EdgeType
from ostinato.graph.importing.values import ImportedEdge, ImportedNode
from ostinato.graph.types import NodeType, Status

_HEADING = re.compile(r"^#{1,6}\s+(\S.*)$")
_BULLET = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+(.*)$")
_REASON = re.compile(r"\s+(?:—|–|-)\s+|:\s+")
_TITLE = 200
_SPLIT = 2000
"""Characters of the longest alternative in which a reason is looked for."""


def decision_parts(decision: ImportedNode) -> tuple[list[ImportedNode], list[ImportedEdge]]:
    """Return the options of a decision and the edges to them; [] where its headings (Decision, Rationale, Alternatives)
    are not there. Only a decision that is closed has chosen and rejected."""
    sections = _sections(decision.description)
    chosen = _paragraph(sections.get("decision", []))
    alternatives = [match[1] for line in sections.get("alternatives", []) if (match := _BULLET.match(line))]
    if not chosen and not alternatives:
        return [], []
    settled = decision.status in {Status.DECIDED, Status.SUPERSEDED}
    reason = _paragraph(sections.get("rationale", []))
    offers = [(chosen, reason, True)] if chosen else []
    offers += [(*_split(text), False) for text in alternatives]
    nodes: list[ImportedNode] = []
    edges: list[ImportedEdge] = []
    for number, (title, why, taken) in enumerate(offers, start=1):
        key = f"{decision.key}#option-{number}"
        nodes.append(_option(decision, key, title, taken=taken, settled=settled and bool(chosen)))
        edges.append(ImportedEdge(EdgeType.LEADS_TO, decision.key, key))
        if settled and chosen:
            edge_type = EdgeType.CHOSEN if taken else EdgeType.REJECTED
            edges.append(ImportedEdge(edge_type, decision.key, key, why or None))
    return nodes, edges


def _option(decision: ImportedNode, key: str, text: str, *, taken: bool, settled: bool) -> ImportedNode:
    status = Status.ACTIVE
    if settled:
        status = Status.CHOSEN if taken else Status.REJECTED
    return ImportedNode(
        key,
        NodeType.OPTION,
        clip(one_line(text), _TITLE),
        status,
        parent_key=decision.key,
        description=text if len(text) > _TITLE else "",
        created_at=decision.created_at,
        details=OptionDetails(),
    )


def _sections(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    present: list[str] = []
    for line in text.splitlines():
        heading = _HEADING.match(line)
        if heading is None:
            present.append(line)
            continue
        words = heading[1].lower().split()
        present = found.setdefault(words[0].rstrip(":") if words else "", [])
    return found


def _paragraph(lines: list[str]) -> str:
    return "\n".join(lines).strip()


def _split(text: str) -> tuple[str, str]:
    """Return the title of an alternative and the reason behind a dash or colon."""
    if len(text) > _SPLIT:
        return text.strip(), ""
    parts = _REASON.split(text.replace("**", ""), maxsplit=1)
    return (parts[0].strip(), parts[1].strip()) if len(parts) > 1 and parts[0].strip() else (text.strip(), "")
