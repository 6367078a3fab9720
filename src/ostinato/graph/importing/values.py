"""What an importer hands over: nodes and edges named by the keys of their source, and what was odd about it.

No id of ours, no reading of files, no rule about what the graph holds already: those are the store's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from ostinato.graph.edges import EdgeType
from ostinato.graph.types import Details, NodeType, Priority, Status

Files = Mapping[str, str]
"""The text of each file of a source by its name; the order is the order of reading."""


class Format(StrEnum):
    """The formats that can be imported, by the words of the command line."""

    BEADS = "beads"
    PRD = "prd"
    SPEC = "spec"
    MARKDOWN = "markdown"
    GOAL_FILE = "goal-file"


@dataclass(frozen=True, slots=True)
class ImportedNode:
    """One node to make. `key` names it in its source, `parent_key` None puts it right below the import's goal.

    Siblings come in the order in which they shall be numbered. `status` is a stored one; times are stored texts, None
    where the source says none. What has no field stands in `metadata`.
    """

    key: str
    node_type: NodeType
    title: str
    status: Status
    parent_key: str | None = None
    description: str = ""
    priority: Priority | None = None
    created_by: str | None = None
    labels: tuple[str, ...] = ()
    created_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    blocked_reason: str | None = None
    details: Details = None
    metadata: dict[str, str] = field(default_factory=dict)


class ImportedEdge(NamedTuple):
    """One edge to make beside `contains`, which `parent_key` says. `kept` is what its source says of it as JSON text:
    where the edge cannot be made, that goes to the metadata of the node at `from_key`."""

    edge_type: EdgeType
    from_key: str
    to_key: str
    label: str | None = None
    created_at: str | None = None
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a source holds. `name` tells it from other sources of its format, and is the same when it is read again.

    `title`, `description` and `metadata` are those of the whole, `root_key` the node that stands for it where the
    source has one, which then holds all others. `skipped` counts what was left out on purpose, by kind; `warnings` say
    in one line each what a person should know.
    """

    format: Format
    name: str
    title: str
    description: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    created_at: str | None = None
    nodes: tuple[ImportedNode, ...] = ()
    edges: tuple[ImportedEdge, ...] = ()
    skipped: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    root_key: str | None = None
