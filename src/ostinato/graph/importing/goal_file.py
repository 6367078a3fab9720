"""The predecessor's goal files: TOML with a table for each node and edge of a goal, and the time of its export.

Files of our own `graph export` are refused: those are read by `graph import`, which keeps ids.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from ostinato.base.errors import UsageError
from ostinato.graph.edges import EdgeType
from ostinato.graph.importing.document import only_file
from ostinato.graph.importing.finish import Draft, finish
from ostinato.graph.importing.goal_file_edges import Joins
from ostinato.graph.importing.goal_file_node import read_node
from ostinato.graph.importing.json_text import LONGEST, json_text
from ostinato.graph.importing.problems import Problems, refuse
from ostinato.graph.importing.record import Record
from ostinato.graph.importing.values import Files, Format, Imported, ImportedEdge
from ostinato.graph.types import NodeType

_VERSION = 1
_ENDLESS = re.compile(r"^[ \t\[]*(?:[\w\"'-]+[ \t]*\.[ \t]*){100}", re.MULTILINE)
_EDGES = {str(edge_type).replace("_", ""): edge_type for edge_type in EdgeType}


def read_goal_file(files: Files) -> Imported:
    """Return what a goal file holds. Raises MalformedError, naming the tables that cannot be read."""
    name, text = only_file(files)
    if len(text) > LONGEST:
        refuse(name, f"it has {len(text):,} characters, {LONGEST:,} at most")
    if found := _ENDLESS.search(text):
        # The parser's time grows with the square of these.
        refuse(f"{name}: line {text.count(chr(10), 0, found.start()) + 1}", "a key has more than 100 parts")
    try:
        return _read(name, _plain(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as error:
        refuse(name, f"no TOML: {error}")
    except RecursionError:
        refuse(name, "values are nested too deep")


def is_ours(document: Mapping[str, Any]) -> bool:
    """Tell whether a goal file was written by `graph export`: it has neither time nor hash, and ids of ours."""
    meta = document.get("meta")
    return isinstance(meta, Mapping) and "exported_at" not in meta and str(meta.get("goal_id", "")).startswith("os-")


def _read(name: str, document: dict[str, Any]) -> Imported:
    if is_ours(document):
        raise UsageError(f"{name} was written by `ostinato graph export`: `ostinato graph import` reads it")
    meta, nodes = document.get("meta"), document.get("nodes")
    if not isinstance(meta, dict) or not isinstance(nodes, dict):
        refuse(name, "it must have [meta] and [nodes] as the predecessor's goal files have")
    if meta.get("version") != _VERSION:
        refuse(name, f"its version is {str(meta.get('version'))[:20]!r}, only {_VERSION} can be read")
    problems = Problems()
    warnings: list[str] = []
    joins = Joins(_edges(name, document, problems), warnings)
    found = {}
    for identifier, table in nodes.items():
        where = f"{name}: nodes.{identifier[:60]}"
        if isinstance(table, dict):
            found[identifier] = read_node(identifier, Record(table, where, problems), warnings)
        else:
            problems.add(where, "must be a table")
    goal_id = str(meta.get("goal_id"))
    if goal_id not in found or found[goal_id].node_type is not NodeType.GOAL:
        problems.add(name, f"its goal {goal_id[:60]!r} is not among its nodes")
    problems.refuse_any()
    draft = Draft(Format.GOAL_FILE, goal_id, found[goal_id].title, warnings=warnings, root_key=goal_id)
    draft.nodes, draft.edges = joins.settle(found, goal_id)
    kept = {f"goal-file.{field}": str(value) for field, value in meta.items() if field in ("exported_at", "project")}
    draft.nodes[0].metadata.update(kept)
    return finish(draft, problems)


def _edges(name: str, document: Mapping[str, Any], problems: Problems) -> list[ImportedEdge]:
    tables = document.get("edges", {})
    if not isinstance(tables, dict):
        refuse(name, "[edges] must hold a table for each edge")
    found = []
    for identifier, table in tables.items():
        where = f"{name}: edges.{identifier[:60]}"
        if not isinstance(table, dict):
            problems.add(where, "must be a table")
            continue
        record = Record(table, where, problems)
        kept = json_text(table)
        word = record.text("edge_type")
        edge_type = _EDGES.get(word.lower().replace("_", ""))
        if edge_type is None:
            record.wrong("edge_type", f"one of {', '.join(EdgeType)}", word)
            continue
        source, target = record.key("from_node"), record.key("to_node")
        label, created = record.text("label") or None, record.time("created_at")
        found.append(ImportedEdge(edge_type, source, target, label, created, kept))
    return found


def _plain(value: Any) -> Any:
    """Return a TOML value with its times as texts, as JSON has them."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, float) else value
