"""`ostinato search`: full text over titles, descriptions and handoff notes. Ranking is the store's."""

from __future__ import annotations

import click

from ostinato.base.ids import ProjectId
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.documents import node_documents
from ostinato.cli.output import answer, columns, remark
from ostinato.graph.types import Node, NodeType, Status


@click.command(
    cls=Command, examples=("ostinato search user-auth", "ostinato search C++ parser --type decision --all-projects")
)
@click.argument("words", metavar="QUERY", nargs=-1, required=True)
@click.option("--type", "node_type", type=click.Choice([kind.value for kind in NodeType]), help="Only this type.")
@click.option("--status", type=click.Choice([status.value for status in Status]), help="Only this status.")
@click.option("--all-projects", is_flag=True, help="In every project, not only the present one.")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", default=20, show_default=True, help="At most so many."
)
@pass_invocation
def search(
    invocation: Invocation,
    words: tuple[str, ...],
    node_type: str | None,
    status: str | None,
    all_projects: bool,
    limit: int,
) -> None:
    """Find nodes that have all the words, the best first; the last word may be the beginning of one."""
    store = invocation.reading()
    project_id: ProjectId | None = None
    found: list[Node] = []
    unknown = False
    if not all_projects:
        project = invocation.project(store)
        unknown = project is None
        project_id = None if project is None else project.id
    if not unknown:
        found = store.graph.search(
            " ".join(words),
            project_id=project_id,
            node_type=None if node_type is None else NodeType(node_type),
            status=None if status is None else Status(status),
            limit=limit,
        )
    if not found:
        remark(invocation, "nothing found")
    answer(invocation, node_documents(found), columns([(n.id, n.node_type, n.status, n.title) for n in found]))
