"""`ostinato node list` and `node edges`: nodes by what they are, and the edges of one. They change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ostinato.base.ids import NodeId
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.documents import EDGE_FIELDS, NODE_FIELDS, edge_document, node_document
from ostinato.cli.listing import Listing, listing
from ostinato.graph.edges import Edge, EdgeType
from ostinato.graph.types import Node, NodeType, Priority, Status

if TYPE_CHECKING:
    from ostinato.graph.requests import NodeFilter


@click.command(
    "list",
    cls=Command,
    examples=(
        "ostinato node list --type decision --status decided",
        "ostinato node list --parent os-1a2b3c4d --fields id,node_type,title",
        "ostinato node list --label backend --priority high --text cache --json",
    ),
)
@click.option("--type", "node_type", type=click.Choice([kind.value for kind in NodeType]), help="Only this type.")
@click.option("--status", type=click.Choice([status.value for status in Status]), help="Only this status.")
@click.option("--priority", type=click.Choice([one.value for one in Priority]), help="Only this priority.")
@click.option("--label", metavar="TEXT", help="Only nodes with this label.")
@click.option("--parent", metavar="ID", help="Only what lies directly in this node.")
@click.option("--goal", metavar="ID", help="Only what lies anywhere below this node.")
@click.option("--text", metavar="TEXT", help="Only with this in title or description, whatever its case.")
@listing(NODE_FIELDS)
@pass_invocation
def list_nodes(invocation: Invocation, wanted: Listing, **given: Any) -> None:
    """List nodes that fulfil all conditions, the oldest first.

    With --parent or --goal it works anywhere, else it lists nodes of the present project.
    """
    store = invocation.reading()
    found: list[Node] = []
    project = None
    inside = given["parent"] or given["goal"]
    if inside is None:
        project = invocation.project(store)
    else:
        for node_id in filter(None, (given["parent"], given["goal"])):
            store.graph.get(NodeId(node_id))
    if inside is not None or project is not None:
        found = store.graph.query(_conditions(given, wanted, None if project is None else project.id))
    heads = ("id", "type", "status", "title")
    wanted.show(invocation, found, node_document, _row, heads=heads, nothing="no nodes")


def _conditions(given: dict[str, Any], wanted: Listing, project_id: Any) -> NodeFilter:
    # Late: `node show` is in the same group and is to start fast.
    from ostinato.graph.requests import NodeFilter

    return NodeFilter(
        project_id=project_id,
        node_type=None if given["node_type"] is None else NodeType(given["node_type"]),
        status=None if given["status"] is None else Status(given["status"]),
        priority=None if given["priority"] is None else Priority(given["priority"]),
        label=given["label"],
        parent_id=given["parent"],
        goal_id=given["goal"],
        text=given["text"],
        limit=wanted.probe,
    )


def _row(node: Node) -> tuple[object, ...]:
    reason = f" — {node.blocked_reason}" if node.blocked_reason else ""
    return node.id, node.node_type, node.status, node.title + reason


@click.command(
    "edges",
    cls=Command,
    examples=("ostinato node edges os-1a2b3c4d.2", "ostinato node edges os-1a2b3c4d.2 --type depends_on --json"),
)
@click.argument("identifier", metavar="ID")
@click.option("--type", "edge_type", type=click.Choice([kind.value for kind in EdgeType]), help="Only this type.")
@listing(EDGE_FIELDS)
@pass_invocation
def list_edges(invocation: Invocation, identifier: str, edge_type: str | None, wanted: Listing) -> None:
    """List the edges from and to a node, the oldest first."""
    found = invocation.reading().graph.edges_of(NodeId(identifier))
    kept = [edge for edge in found if edge_type in {None, edge.edge_type.value}]
    heads = ("id", "from", "type", "to", "label")
    wanted.show(invocation, kept, edge_document, edge_row, heads=heads, nothing="no edges")


def edge_row(edge: Edge) -> tuple[object, ...]:
    """Return the cells of an edge in a table."""
    return edge.id, edge.from_id, edge.edge_type, edge.to_id, edge.label or ""
