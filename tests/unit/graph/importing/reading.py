"""Reads the fixtures: one file for each dialect that was seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ostinato.graph.importing.reading import read_import
from ostinato.graph.importing.values import Files, Format, Imported, ImportedNode

FIXTURES = Path(__file__).parents[3] / "fixtures" / "importing"


def files_of(name: str) -> Files:
    place = FIXTURES / name
    found = sorted(place.rglob("*.jsonl")) if place.is_dir() else [place]
    return {one.name: one.read_text() for one in found}


def read_fixture(name: str, asked: Format | None = None) -> Imported:
    return read_import(files_of(name), asked)


def issues(*rows: dict[str, Any]) -> Imported:
    """Read lines of beads; what an issue must have is filled in."""
    plain = {
        "title": "Title",
        "priority": 2,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }
    return read_import({"issues.jsonl": "\n".join(json.dumps({**plain, **row}) for row in rows)})


def by_key(imported: Imported) -> dict[str, ImportedNode]:
    return {node.key: node for node in imported.nodes}


def edges_of(imported: Imported) -> set[tuple[str, str, str]]:
    return {(str(edge.edge_type), edge.from_key, edge.to_key) for edge in imported.edges}


def needs(target: str, kind: str = "blocks") -> dict[str, Any]:
    return {"depends_on_id": target, "type": kind}
