"""`ostinato search`: full text over titles, descriptions and handoff notes. Ranking is the store's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from ostinato.base.errors import UsageError
from ostinato.base.ids import NodeId
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, goal_node, pass_invocation
from ostinato.cli.documents import HIT_FIELDS, hit_document
from ostinato.cli.listing import Listing, listing
from ostinato.graph.search import Hit, SearchFilter
from ostinato.graph.types import NodeType, Status

if TYPE_CHECKING:
    from ostinato.store.store import Store


@click.command(
    cls=Command,
    examples=(
        "ostinato search user-auth",
        "ostinato search C++ parser --type decision --all-projects",
        "ostinato search cache --status ready --label backend --fields id,title --json",
    ),
)
@click.argument("words", metavar="QUERY", nargs=-1, required=True)
@click.option("--type", "node_type", type=click.Choice([kind.value for kind in NodeType]), help="Only this type.")
@click.option("--status", type=click.Choice([status.value for status in Status]), help="Only this status.")
@click.option("--goal", metavar="ID", help="Only what lies below this goal.")
@click.option("--label", metavar="TEXT", help="Only nodes with this label.")
@click.option("--all-projects", is_flag=True, help="In every project, not only the present one.")
@listing(HIT_FIELDS, limit=20)
@pass_invocation
def search(
    invocation: Invocation, words: tuple[str, ...], goal: str | None, all_projects: bool, wanted: Listing, **given: Any
) -> None:
    """Find nodes that have all the words, the best first; the last word may be the beginning of one.

    Below each stands where the words were found, unless that is its title alone.
    """
    store = invocation.reading()
    scope = _scope(invocation, store, goal, all_projects=all_projects)
    found: list[Hit] = []
    if scope is not None:
        conditions = scope._replace(
            node_type=None if given["node_type"] is None else NodeType(given["node_type"]),
            status=None if given["status"] is None else Status(given["status"]),
            label=given["label"],
        )
        found = store.graph.find_hits(" ".join(words), conditions, wanted.probe or 0)
    wanted.show_lines(invocation, found, hit_document, _lines, "nothing found")


def _scope(invocation: Invocation, store: Store, goal: str | None, *, all_projects: bool) -> SearchFilter | None:
    """Return where to search, None in a repository that is not registered. A goal works anywhere."""
    if goal is not None and all_projects:
        raise UsageError("--goal and --all-projects exclude each other: a goal lies in one project")
    if goal is not None:
        return SearchFilter(goal_id=NodeId(goal_node(store, goal).id))
    if all_projects:
        return SearchFilter()
    project = invocation.project(store)
    return None if project is None else SearchFilter(project_id=project.id)


def _lines(hits: Sequence[Hit]) -> Iterator[str]:
    # Late: programs that read JSON need no layout.
    from ostinato.cli.hits import hit_lines

    yield from hit_lines(hits)
