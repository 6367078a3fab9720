"""Writes the benches' graphs as files, once: a database of ours, JSONL of seeds and of beads, a folder of Backlog.md.

`python -m tests.bench.dataset_files SHAPE NODES FOLDER` makes one set; `prepared` calls it so and keeps what it made.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench.datasets import Dataset, Item, goals, one_goal

from ostinato.base.clock import SystemClock, format_time
from ostinato.base.ids import NodeId, edge_id
from ostinato.graph.edges import EdgeType
from ostinato.store.database import Row
from ostinato.store.settling import unsettle_all
from ostinato.store.store import open_store

PROJECT = "shop"
SHAPES = {"goals": goals, "one": one_goal}
BACKLOG_MOST = 10_000
"""Backlog.md has a file for each task, and takes ten seconds for each command on so many."""
_NUMBERS = {"critical": 0, "high": 1, "medium": 2, "low": 3, None: 4}
_BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def database(dataset: Dataset, path: Path, repository: Path) -> None:
    """Write the graph into a new database, all in one transaction, and register the repository."""
    (repository / ".git").mkdir(parents=True, exist_ok=True)
    (repository / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    store = open_store(path, SystemClock())
    with store.db.transaction():
        unsettle_all(store.db)
        project = store.projects.add(str(repository), PROJECT).id
        store.db.insert("nodes", (_node(project, item) for item in dataset.items))
        store.db.insert("events", (_event(project, item) for item in dataset.items))
        store.db.insert("edges", map(_edge, dataset.edges))
    store.close()


def seeds_lines(dataset: Dataset) -> list[str]:
    """Return the lines of `.seeds/issues.jsonl`: goals and tasks, what they depend on under `blockedBy`."""
    waits = dataset.prerequisites()
    blocks: dict[str, list[str]] = {}
    for dependent, targets in waits.items():
        for target in targets:
            blocks.setdefault(target, []).append(dependent)
    return [json.dumps(_seed(item, waits, blocks)) for item in dataset.items if item.kind in {"goal", "task"}]


def beads_lines(dataset: Dataset) -> list[str]:
    """Return `issues.jsonl` as beads writes it: one line per node, its parent and prerequisites as dependencies."""
    waits = dataset.prerequisites()
    return [json.dumps(_bead(item, waits.get(item.id, [])), separators=(",", ":")) for item in dataset.items]


def backlog_files(dataset: Dataset, folder: Path) -> list[str]:
    """Write the tasks as Backlog.md's files into `folder` and return their ids there, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {item.id: f"TASK-{number}" for number, item in enumerate(dataset.tasks, 1)}
    waits = dataset.prerequisites()
    for item in dataset.tasks:
        number = numbers[item.id]
        name = f"{number.lower()} - {item.title.replace(' ', '-')}.md"
        (folder / name).write_text(_backlog(item, number, [numbers[other] for other in waits.get(item.id, ())]))
    return list(numbers.values())


def _node(project: str, item: Item) -> Row:
    at = _at(item.at)
    finished = item.status in {"completed", "decided"}
    return {
        "id": item.id,
        "project_id": project,
        "node_type": item.kind,
        "title": item.title,
        "description": item.description,
        "status": item.status,
        "priority": item.priority,
        "created_by": "person",
        "created_at": at,
        "started_at": at if finished and item.kind == "task" else None,
        "completed_at": _at(item.at + 900) if finished else None,
        "blocked_reason": item.reason,
        "details": item.details,
        "parent_id": item.parent,
    }


def _event(project: str, item: Item) -> Row:
    made = {"at": _at(item.at), "kind": "node.created", "project_id": project, "node_id": item.id}
    return {**made, "payload": '{"v": 1, "by": "person"}'}


def _edge(edge: tuple[str, str, str, str | None]) -> Row:
    kind, from_id, to_id, label = edge
    ends = {"edge_type": kind, "from_id": from_id, "to_id": to_id, "label": label}
    return {"id": edge_id(EdgeType(kind), NodeId(from_id), NodeId(to_id)), **ends, "created_at": _at(0)}


def _at(number: int) -> str:
    return format_time(_BEGIN + timedelta(seconds=number))


def _bead(item: Item, waits: list[str]) -> dict[str, Any]:
    kinds = {"goal": "epic", "decision": "decision"}
    closed = item.status in {"completed", "decided"}
    joined = [(item.parent, "parent-child")] * bool(item.parent) + [(other, "blocks") for other in waits]
    found = {
        "id": _bead_id(item.id),
        "title": item.title,
        "description": item.description,
        "status": "closed" if closed else "open",
        "priority": _NUMBERS[item.priority],
        "issue_type": kinds.get(item.kind, "task"),
        "created_at": _at(item.at),
        "updated_at": _at(item.at),
        "dependencies": [
            {"issue_id": _bead_id(item.id), "depends_on_id": _bead_id(other), "type": kind, "created_at": _at(item.at)}
            for other, kind in joined
            if other
        ],
    }
    return found | ({"closed_at": _at(item.at + 900)} if closed else {})


def _bead_id(identifier: str) -> str:
    return f"bd-{identifier.removeprefix('os-')}"


def _seed(item: Item, waits: dict[str, list[str]], blocks: dict[str, list[str]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": item.id,
        "title": item.title,
        "status": "closed" if item.status == "completed" else "open",
        "type": "epic" if item.kind == "goal" else "task",
        "priority": _NUMBERS[item.priority],
        "createdAt": _at(item.at),
        "updatedAt": _at(item.at),
        "description": item.description,
    }
    if item.id in waits:
        found["blockedBy"] = waits[item.id]
    if item.id in blocks:
        found["blocks"] = blocks[item.id]
    if item.status == "completed":
        found["closedAt"] = _at(item.at + 900)
    return found


def _backlog(item: Item, number: str, waits: list[str]) -> str:
    wanted = "dependencies: []" if not waits else "dependencies:\n" + "\n".join(f"  - {other}" for other in waits)
    priority = f"priority: {item.priority}\n" if item.priority in {"high", "medium", "low"} else ""
    return (
        f"---\nid: {number}\ntitle: {item.title}\nstatus: {'Done' if item.status == 'completed' else 'To Do'}\n"
        f"assignee: []\ncreated_date: '2026-03-01 00:00'\nlabels: []\n{wanted}\n{priority}---\n\n## Description\n\n"
        f"<!-- SECTION:DESCRIPTION:BEGIN -->\n{item.description}\n<!-- SECTION:DESCRIPTION:END -->\n"
    )


def _write(shape: str, nodes: int, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("graph.db*"):
        old.unlink()
    dataset = SHAPES[shape](nodes)
    database(dataset, folder / "graph.db", folder / "repository")
    if shape == "goals":
        (folder / "seeds.jsonl").write_text("".join(f"{line}\n" for line in seeds_lines(dataset)))
        (folder / "beads.jsonl").write_text("".join(f"{line}\n" for line in beads_lines(dataset)))
        if nodes <= BACKLOG_MOST:
            backlog_files(dataset, folder / "backlog")
    (folder / "done").touch()


if __name__ == "__main__":
    _write(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
