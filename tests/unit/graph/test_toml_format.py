"""Files of the work graph: the same state, the same bytes; what is written reads back; what is broken is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.errors import OstinatoError
from ostinato.base.ids import NodeId, edge_id
from ostinato.graph.edges import EdgeType
from ostinato.graph.records import EdgeRecord, NodeRecord
from ostinato.graph.toml_format import GraphFile, home_of, to_toml
from ostinato.graph.toml_reader import GraphFileError, from_toml
from ostinato.graph.types import Check, NodeType, Priority, Status, TaskDetails
from tests.examples import examples
from tests.unit.graph.graph_files import GOAL, graphs, texts

AT = "2026-01-02T03:04:05.000006Z"
TASK = NodeId(f"{GOAL}.2")
OTHER = NodeId(f"{GOAL}.10")
SMALL = GraphFile(
    GOAL,
    "almanac",
    (
        NodeRecord(OTHER, NodeType.TASK, "Other", Status.PENDING, AT, "b" * 32, parent_id=GOAL),
        NodeRecord(
            TASK,
            NodeType.TASK,
            "Parse the header",
            Status.COMPLETED,
            AT,
            "c" * 32,
            description='First line.\nSecond "line".\n',
            priority=Priority.HIGH,
            labels=("parser",),
            completed_at=AT,
            created_by="person",
            details=TaskDetails(
                ("It parses.",), (Check("pytest -q", 30.0), Check("ruff check", guard=True)), judge=True
            ),
            metadata={"b": "2", "a key": "1"},
            parent_id=GOAL,
        ),
        NodeRecord(GOAL, NodeType.GOAL, "Read files", Status.ACTIVE, AT, "a" * 32),
    ),
    (
        EdgeRecord(EdgeType.DEPENDS_ON, TASK, OTHER, "needs it", AT),
        EdgeRecord(EdgeType.CONTAINS, GOAL, OTHER, None, AT),
        EdgeRecord(EdgeType.CONTAINS, GOAL, TASK, None, AT),
    ),
)
GOLDEN = (Path(__file__).parent / "graph_file.toml").read_text(encoding="utf-8")


def sorted_file(file: GraphFile) -> tuple[object, ...]:
    by_id = sorted(file.nodes, key=lambda node: node.id)
    return file.goal_id, file.project, by_id, sorted(file.edges, key=lambda edge: edge.key)


def test_the_bytes_are_those_of_the_golden_file() -> None:
    assert to_toml(SMALL) == GOLDEN
    assert sorted_file(from_toml(GOLDEN.encode(), "f")) == sorted_file(
        replace(SMALL, nodes=tuple(replace(n, details=n.details or _plain(n)) for n in SMALL.nodes))
    )


def _plain(node: NodeRecord) -> TaskDetails | None:
    return TaskDetails() if node.node_type is NodeType.TASK else None


@examples(25)
@given(graphs(), texts)
def test_what_is_written_reads_back_and_is_written_the_same(
    graph: tuple[tuple[NodeRecord, ...], tuple[EdgeRecord, ...]], project: str
) -> None:
    file = GraphFile(GOAL, project, *graph)
    text = to_toml(file)
    again = from_toml(text.encode(), "f")
    assert sorted_file(again) == sorted_file(file)
    assert to_toml(again) == text
    # Nothing that a terminal, an editor or git could act on is left bare.
    assert not {"\r", "\x1b", "\u202e", "\u2028", "\x85", "\ufeff"} & set(text)


def test_line_ends_of_another_system_change_nothing() -> None:
    text = to_toml(SMALL)
    assert from_toml(text.replace("\n", "\r\n").encode(), "f") == from_toml(text.encode(), "f")
    assert from_toml(b"\xef\xbb\xbf" + text.encode(), "f") == from_toml(text.encode(), "f")


def test_each_edge_has_one_home() -> None:
    homes = {kind: home_of(SMALL.edges[0]._replace(edge_type=kind, from_id=GOAL, to_id=TASK)) for kind in EdgeType}
    assert homes == {kind: TASK if kind in ("contains", "leads_to") else GOAL for kind in EdgeType}
    with pytest.raises(ValueError, match="lacks the nodes"):
        to_toml(GraphFile(GOAL, "p", (), SMALL.edges))


def test_one_changed_field_changes_one_line() -> None:
    changed = replace(SMALL, nodes=tuple(replace(node, title=f"{node.title}!") for node in SMALL.nodes))
    before, after = to_toml(SMALL).splitlines(), to_toml(changed).splitlines()
    assert len(before) == len(after)
    assert sum(one != other for one, other in zip(before, after, strict=True)) == len(SMALL.nodes)


EDGE = edge_id(EdgeType.CONTAINS, GOAL, TASK)
BROKEN = {
    "no meta": ("", "f: it has no [meta] table, so it is no file of the work graph"),
    "a newer version": (GOLDEN.replace("version = 1", "version = 2"), "newer than this program's 1: update Ostinato"),
    "no version": (GOLDEN.replace("version = 1\n", ""), "f, line 3: meta: version must be a whole number"),
    "a conflict": (GOLDEN.replace("[meta]", "<<<<<<< HEAD\n[meta]\n=======\n"), "f, line 3: git's conflict mark <<<<"),
    "half a conflict": (GOLDEN + "=======\n", "git's conflict mark ======="),
    "a cut text": (GOLDEN[: GOLDEN.index("Second")], "f: not readable as TOML: "),
    "a cut table": (GOLDEN[: GOLDEN.index("priority")], f"line 15: nodes.{TASK}: uid is missing: the file seems cut"),
    "a table twice": (GOLDEN + f'[nodes."{TASK}"]\n', "not readable as TOML: Cannot declare"),
    "an unknown field": (GOLDEN.replace("priority", "urgency"), f"nodes.{TASK}: 'urgency' is nothing that this"),
    "an unknown table": (GOLDEN + "[attic]\n", "'attic' is nothing that this program knows"),
    "an unknown detail": (GOLDEN.replace("judge", "juror"), f"nodes.{TASK}.details: 'juror' is nothing"),
    "a status of another type": (GOLDEN.replace('"active"', '"failed"'), f"{GOAL}: a goal is never failed"),
    "a status that is none": (GOLDEN.replace('"active"', '"\\u001b[31m"'), "status must be one of pending, ready"),
    "a time without offset": (GOLDEN.replace(AT, "2026-01-02T03:04:05"), "must be an RFC 3339 time with its offset"),
    "a time before time": (GOLDEN.replace(AT, "0001-01-01T00:00:00+14:00"), "must be an RFC 3339 time"),
    "a number for a text": (GOLDEN.replace('"Read files"', "7"), f"nodes.{GOAL}: title must be a text"),
    "a huge number": (GOLDEN.replace("judge = true", "attempts = 9" + "0" * 30), "attempts must be a whole number"),
    "a very huge number": (GOLDEN.replace("version = 1", "version = 9" + "0" * 5000), "not readable as TOML"),
    "an endless time-out": (GOLDEN.replace("30.0", "inf"), "a timeout must be more than 0 and at most"),
    "no table": ('meta = "x"', "meta: must be a table"),
    "nodes that are no table": (GOLDEN[: GOLDEN.index('[nodes."')] + "[[nodes]]\n", "nodes: must be a table"),
    "a deep list": (GOLDEN + "x = " + "[" * 100_000, "nested too deeply"),
    "an unknown edge type": (GOLDEN.replace('"depends_on"', '"blocks"'), "edge_type must be one of contains"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_with_its_name_and_what_is_wrong(case: str) -> None:
    text, said = BROKEN[case]
    with pytest.raises(GraphFileError) as refused:
        from_toml(text.encode(), "f")
    assert said in refused.value.message
    assert refused.value.message.startswith("f")
    assert refused.value.message.isprintable()


def test_what_is_no_text_is_refused_with_its_line() -> None:
    with pytest.raises(GraphFileError, match="f, line 2: not UTF-8"):
        from_toml(b"\n\xff", "f")


@examples(120)
@given(st.data())
def test_a_mutated_file_is_read_or_refused(data: st.DataObject) -> None:
    mutated = bytearray(GOLDEN.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(mutated)))
        length = data.draw(st.sampled_from((0, 1, 1, 7, 200)))
        mutated[place : place + length] = data.draw(st.binary(max_size=3) | st.sampled_from(_PIECES))
    try:
        found = from_toml(bytes(mutated), "f")
    except OstinatoError as error:
        assert error.message.startswith("f")
    else:
        to_toml(replace(found, edges=()))


_PIECES = (
    b'"',
    b"[",
    b"]",
    b"{",
    b"=",
    b"\n",
    b'"""',
    b"\\u0000",
    b"[meta]\n",
    b"1e999",
    b"nan",
    b"\xff",
    b"1979-05-27",
)
