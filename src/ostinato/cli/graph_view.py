"""What `graph import` and `graph diff` print: documents for programs, lines for people. It decides nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ostinato.base.ids import edge_id
from ostinato.base.text import clip, many
from ostinato.cli.output import clean
from ostinato.graph.comparing import Difference, Strategy

if TYPE_CHECKING:
    from ostinato.graph.records import EdgeRecord, NodeRecord
    from ostinato.store.interchange import BroughtIn, Meeting

_VALUE = 60


def import_document(done: BroughtIn) -> dict[str, Any]:
    """Return what an import did; `conflicts` are the fields that differed, `kept` the side that holds now."""
    kept = "file" if done.strategy is Strategy.THEIRS else "database"
    return {
        "strategy": done.strategy,
        "added_nodes": [node.id for node in done.added_nodes],
        "added_edges": [_edge(edge) for edge in done.added_edges],
        "removed_edges": [_edge(edge) for edge in done.removed_edges],
        "conflicts": [{**_difference(one), "kept": kept} for one in done.differences],
        "skipped_edges": [_edge(edge) for edge in done.skipped],
        "renumbered": [{"file": old, "database": new} for old, new in done.renumbered.items()],
        "collisions": list(done.collisions),
        "unchanged": done.unchanged,
    }


def import_lines(done: BroughtIn, dry_run: bool) -> Iterator[str]:
    """Yield the same for a person: what changed, then what did not and why."""
    yield (
        f"{'would add' if dry_run else 'added'} {many(len(done.added_nodes), 'node')} and "
        f"{many(len(done.added_edges), 'edge')}; {many(done.unchanged, 'node')} unchanged"
    )
    for old, new in done.renumbered.items():
        yield f"  {clean(old)} of the file {'would be' if dry_run else 'is'} {clean(new)} here"
    for edge in done.removed_edges:
        yield f"  {'would be removed' if dry_run else 'removed'}: {clean(edge)}"
    for edge in done.skipped:
        yield f"  skipped, since one end is nowhere: {clean(edge)}"
    if done.differences:
        yield _about_differences(done, dry_run)
        yield from _difference_lines(done.differences)


def diff_document(met: Meeting) -> dict[str, Any]:
    """Return what differs between files and database."""
    found = met.comparison
    return {
        "same": met.same,
        "only_in_file": {
            "nodes": [node.id for node in found.new_nodes],
            "edges": [_edge(edge) for edge in (*found.new_edges, *met.skipped)],
        },
        "only_in_database": {
            "nodes": [node.id for node in found.absent_nodes],
            "edges": [_edge(edge) for edge in found.absent_edges],
        },
        "differences": [_difference(one) for one in found.differences],
        "renumbered": [{"file": old, "database": new} for old, new in met.renaming.renumbered.items()],
        "collisions": list(met.renaming.collisions),
        "unchanged": found.unchanged,
    }


def diff_lines(met: Meeting) -> Iterator[str]:
    """Yield the same for a person."""
    found = met.comparison
    if met.same:
        yield f"nothing differs: {many(found.unchanged, 'node')} in both"
    yield from _only("file", found.new_nodes, (*found.new_edges, *met.skipped))
    yield from _only("database", found.absent_nodes, found.absent_edges)
    for old, new in met.renaming.renumbered.items():
        another = ", since another node has that id" if old in met.renaming.collisions else ""
        yield f"{clean(old)} of the file is {clean(new)} here{another}"
    yield from _difference_lines(found.differences, indent="")


def _about_differences(done: BroughtIn, dry_run: bool) -> str:
    fields = many(len(done.differences), "field")
    if done.strategy is Strategy.THEIRS:
        return f"{fields} {'would take' if dry_run else 'took'} the value of the file:"
    if done.strategy is Strategy.OURS:
        return f"{fields} {'would keep' if dry_run else 'kept'} the value of the database:"
    left = "would be left" if dry_run else "left"
    return f"{left} as in the database, {fields} (--theirs takes what the file has, --ours settles for this):"


def _only(where: str, nodes: Iterable[NodeRecord], edges: Iterable[EdgeRecord]) -> Iterator[str]:
    yield from (f"only in the {where}: {node.id} {clean(clip(node.title, _VALUE))}" for node in nodes)
    yield from (f"only in the {where}: {clean(edge)}" for edge in edges)


def _difference_lines(differences: Iterable[Difference], indent: str = "  ") -> Iterator[str]:
    for one in differences:
        here, there = _said(one.database), _said(one.file)
        yield f"{indent}{clean(one.what)} {clean(one.field)}: {here} in the database, {there} in the file"


def _said(value: object) -> str:
    return "nothing" if value is None else clean(clip(json.dumps(value, ensure_ascii=False), _VALUE))


def _difference(one: Difference) -> dict[str, Any]:
    return {"id": one.what, "field": one.field, "database": one.database, "file": one.file}


def _edge(edge: EdgeRecord) -> dict[str, Any]:
    return {
        "id": edge_id(*edge.key),
        "edge_type": edge.edge_type,
        "from_id": edge.from_id,
        "to_id": edge.to_id,
        "label": edge.label,
        "created_at": edge.created_at,
    }
