"""get_node, query_nodes and search_nodes: the work graph as an agent may read it."""

from __future__ import annotations

import json
from typing import Any

from ostinato.agent.ports import ToolResult
from ostinato.base.ids import NodeId, ProjectId
from ostinato.base.text import many, one_line
from ostinato.graph.details import DecisionDetails, OptionDetails, OutcomeDetails
from ostinato.graph.requests import NodeFilter
from ostinato.graph.search import TITLE, Hit, SearchFilter, written
from ostinato.graph.types import Node, NodeType, Status, TaskDetails
from ostinato.tools.access import Ask
from ostinato.tools.tool import NUMBER, TEXT, Arguments, Tool, ToolRefusal

_MOST = 50


class GraphReading:
    """The reading tools of one conversation, about one goal of one project."""

    def __init__(self, ask: Ask, project: ProjectId, goal: NodeId) -> None:
        self._ask = ask
        self._project = project
        self._goal = goal

    def tools(self) -> tuple[Tool, ...]:
        """Return them."""
        return (
            Tool("get_node", "Show one node of the work graph with its edges.", self._get, {"id": TEXT}, ("id",)),
            Tool(
                "query_nodes",
                "List nodes of this goal by type, status, parent or a word in the title.",
                self._query,
                {"type": TEXT, "status": TEXT, "parent": TEXT, "text": TEXT},
            ),
            Tool(
                "search_nodes",
                "Search titles, descriptions and handoff notes of the project; shows where the words stand.",
                self._search,
                {"query": TEXT, "type": TEXT, "limit": NUMBER},
                ("query",),
            ),
        )

    async def _get(self, arguments: Arguments) -> ToolResult:
        node_id = NodeId(arguments["id"])
        node = await self._ask(lambda s: s.graph.find(node_id))
        if node is None or node.project_id != self._project:
            raise ToolRefusal(f"there is no node {node_id}")
        edges = await self._ask(lambda s: s.graph.edges_of(node_id))
        shown = {**_document(node), "edges": [f"{e.from_id} {e.edge_type} {e.to_id}" for e in edges]}
        if node.node_type is NodeType.GOAL and (notes := await self._ask(lambda s: s.steering.notes(node_id))):
            shown["notes_from_the_person"] = [note.text for note in notes]
        return ToolResult(json.dumps(shown, ensure_ascii=False, indent=1), summary=f"{node.id} {one_line(node.title)}")

    async def _query(self, arguments: Arguments) -> ToolResult:
        parent = arguments.get("parent")
        conditions = NodeFilter(
            project_id=self._project,
            goal_id=self._goal,
            node_type=_member(NodeType, arguments.get("type"), "type"),
            status=_member(Status, arguments.get("status"), "status"),
            parent_id=None if parent is None else NodeId(parent),
            text=arguments.get("text"),
            limit=_MOST + 1,
        )
        return _listed(await self._ask(lambda s: s.graph.query(conditions)))

    async def _search(self, arguments: Arguments) -> ToolResult:
        kind = _member(NodeType, arguments.get("type"), "type")
        limit = max(1, min(arguments.get("limit", 20), _MOST))
        query = arguments["query"]
        conditions = SearchFilter(project_id=self._project, node_type=kind)
        hits = await self._ask(lambda s: s.graph.find_hits(query, conditions, limit))
        return ToolResult("\n".join(map(_found, hits)) or "(none)", summary=many(len(hits), "node"))


def _listed(nodes: list[Node]) -> ToolResult:
    shown = [_line(node) for node in nodes[:_MOST]]
    if len(nodes) > _MOST:
        shown.append(f"… more than {_MOST}: narrow it by type, status, parent or text, or search")
    return ToolResult("\n".join(shown) or "(none)", summary=many(min(len(nodes), _MOST), "node"))


def _found(hit: Hit) -> str:
    """Return a hit with the piece of its text that holds the words, unless only the title does."""
    line = _line(hit.node)
    piece = one_line(written(hit.snippet, "**", "**"))
    return line if hit.matched[-1] == TITLE else f"{line}\n  {hit.matched[-1]}: {piece}"


def _line(node: Node) -> str:
    return f"{node.id} [{node.node_type}, {node.status}] {one_line(node.title)}"


def _document(node: Node) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": node.id,
        "type": node.node_type,
        "title": node.title,
        "status": node.status,
        "description": node.description,
        "blocked_reason": node.blocked_reason,
    }
    if isinstance(node.details, TaskDetails):
        shown["acceptance_criteria"] = node.details.acceptance_criteria
        shown["checks"] = [check.command for check in node.details.checks]
        shown["file_scope"] = node.details.file_scope
        shown["attempts"] = node.details.attempts
    if isinstance(node.details, DecisionDetails):
        shown["forbids_paths"] = node.details.forbids_paths
        shown["forbids_dependencies"] = node.details.forbids_dependencies
    if isinstance(node.details, OutcomeDetails):
        shown["result"] = "success" if node.details.success else "failure"
    if isinstance(node.details, OptionDetails):
        shown["pros"], shown["cons"] = node.details.pros, node.details.cons
    return {key: value for key, value in shown.items() if value}


def _member(kind: Any, value: str | None, name: str) -> Any:
    if value is None:
        return None
    try:
        return kind(value)
    except ValueError:
        raise ToolRefusal(f"{name} must be one of {', '.join(kind)}, not {value!r}") from None
