"""The gates on a seeded corpus: forty changes that must be refused, forty that look suspicious and are fine.

`bad.txt` and `clean.txt` hold a change each below `=== NAME`: `--- PATH` is a file as it is after, `--- before PATH` as
it was, `--- gone PATH` one that was taken away. What follows `::` is the gate that must say it, or what the task says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.verify.gates.repository import FILES

from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.types import Node, NodeType, Status, TaskDetails
from ostinato.verify.diff_rules import ChangedFile
from ostinato.verify.gates import GATES
from ostinato.verify.gates.gate import Found, Gates, examined
from ostinato.verify.gates.index import Index

HERE = Path(__file__).parent
MADE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Case:
    """One change of the corpus."""

    name: str
    said: str
    before: dict[str, str] = field(default_factory=lambda: dict(FILES))
    after: dict[str, str] = field(default_factory=lambda: dict(FILES))

    def changed(self) -> list[ChangedFile]:
        paths = sorted({*self.before, *self.after})
        files = [ChangedFile(path, self.before.get(path), self.after.get(path)) for path in paths]
        return [file for file in files if file.before != file.after]


class Tree:
    """The files of a case as `verify.types.Files` gives them."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    async def paths(self, tree: str) -> frozenset[str]:
        return frozenset(self._files)

    async def blobs(self, tree: str) -> dict[str, str]:
        return {path: str(hash(text)) for path, text in self._files.items()}

    async def read(self, tree: str, paths: tuple[str, ...]) -> dict[str, str | None]:
        return {path: self._files.get(path) for path in paths}


def cases(name: str) -> Iterator[Case]:
    for block in re.split(r"(?m)^=== ", (HERE / name).read_text())[1:]:
        head, _, rest = block.partition("\n")
        title, _, said = head.partition(" :: ")
        case = Case(title, said)
        for part in re.split(r"(?m)^--- ", rest)[1:]:
            place, _, text = part.partition("\n")
            kind, _, path = place.rpartition(" ")
            if kind == "gone":
                del case.after[path]
            else:
                (case.before if kind == "before" else case.after)[path] = text
        yield case


def task_saying(*criteria: str) -> Node:
    """Return a task with these acceptance criteria."""
    details = TaskDetails(acceptance_criteria=criteria)
    return Node(NodeId("os-1.1"), ProjectId("p"), NodeType.TASK, "Do it", Status.IN_PROGRESS, MADE, details=details)


async def examined_case(case: Case, names: frozenset[str] = frozenset(GATES)) -> Found:
    task = task_saying(*([case.said] if " " in case.said else []))
    return await examined(case.changed(), task, Gates(names), "tree", Tree(case.after), Index())


BAD, CLEAN = list(cases("bad.txt")), list(cases("clean.txt"))


async def test_recall_and_false_alarms_hold_on_the_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    missed, alarms = [], []
    for case in BAD:
        if not (await examined_case(case, frozenset({case.said}))).reasons:
            missed.append(case.name)
    for case in CLEAN:
        if reasons := (await examined_case(case)).reasons:
            alarms.append((case.name, reasons))
    with capsys.disabled():
        print(f"\ngates: {len(BAD) - len(missed)}/{len(BAD)} found, {len(alarms)}/{len(CLEAN)} false alarms")
        for one in [*missed, *alarms]:
            print("  ", one)
    assert (len(BAD), len(CLEAN)) == (40, 40)
    assert len(missed) <= 0.1 * len(BAD), missed
    assert len(alarms) <= 0.05 * len(CLEAN), alarms
