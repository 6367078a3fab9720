"""The handoff notes, byte by byte: other programs check them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.ids import NodeId
from ostinato.graph.notes import NoteRow, render_notes
from ostinato.graph.types import NodeType, Status

NONE = "(none)\n\n"


def row(number: str, status: Status, title: str = "T", **facts: object) -> NoteRow:
    made = NoteRow(NodeId(f"os-1.{number}"), NodeType.TASK, title, status, "2026-01-01T00:00:00.000000Z")
    return made._replace(**facts)  # type: ignore[arg-type]


def test_notes_have_four_bare_headers_when_there_is_no_descendant() -> None:
    assert render_notes([]) == "## Done\n\n## Remaining\n\n## Blocked\n\n## Decisions Made\n\n"


def test_notes_say_none_when_a_section_is_empty() -> None:
    notes = render_notes([row("1", Status.CANCELLED)])
    assert notes == f"## Done\n{NONE}## Remaining\n{NONE}## Blocked\n{NONE}## Decisions Made\n{NONE}"


def test_notes_have_the_agreed_bytes_when_every_section_has_items() -> None:
    decision = {"node_type": NodeType.DECISION}
    notes = render_notes(
        [
            row("1", Status.COMPLETED, "Set up DB", completed_at="2026-01-02"),
            row("2", Status.READY, "Write API"),
            row("3", Status.BLOCKED, "Deploy", reason="no key"),
            row("4", Status.BLOCKED, "Sign"),
            row("5", Status.FAILED, "Tune", reason="too slow"),
            row("6", Status.FAILED, "Port"),
            row("7", Status.DECIDED, "Which DB", option="SQLite", rationale="one file", **decision),
            row("8", Status.DECIDED, "Which port", option="80", **decision),
            row("9", Status.DECIDED, "Which name", **decision),
            row("10", Status.ACTIVE, "Which colour", **decision),
        ]
    )
    assert notes == (
        "## Done\n"
        "- os-1.7: Which DB (decided)\n"
        "- os-1.8: Which port (decided)\n"
        "- os-1.9: Which name (decided)\n"
        "- os-1.1: Set up DB (completed)\n"
        "\n"
        "## Remaining\n"
        "- os-1.2: Write API [ready]\n"
        "- os-1.10: Which colour [active]\n"
        "\n"
        "## Blocked\n"
        "- os-1.3: Deploy — no key\n"
        "- os-1.4: Sign\n"
        "- os-1.5: Tune — failed: too slow\n"
        "- os-1.6: Port — failed\n"
        "\n"
        "## Decisions Made\n"
        "- os-1.7: Which DB → SQLite (one file)\n"
        "- os-1.8: Which port → 80\n"
        "- os-1.9: Which name\n"
        "\n"
    )


@pytest.mark.parametrize(
    ("status", "section"),
    [
        (Status.COMPLETED, "Done"),
        (Status.DECIDED, "Done"),
        (Status.PENDING, "Remaining"),
        (Status.READY, "Remaining"),
        (Status.CLAIMED, "Remaining"),
        (Status.IN_PROGRESS, "Remaining"),
        (Status.REVIEW, "Remaining"),
        (Status.BLOCKED, "Blocked"),
        (Status.FAILED, "Blocked"),
        *((s, None) for s in (Status.CANCELLED, Status.ACTIVE, Status.CHOSEN, Status.REJECTED, Status.SUPERSEDED)),
        (Status.ABANDONED, None),
    ],
)
def test_a_node_that_is_no_decision_stands_in_the_section_of_its_status(status: Status, section: str | None) -> None:
    notes = render_notes([row("1", status, node_type=NodeType.OUTCOME)])
    found = [part.split("\n")[0] for part in notes.split("## ") if "os-1.1" in part]
    assert found == ([section] if section else [])


def test_done_starts_with_the_undated_when_times_are_missing() -> None:
    rows = [
        row("1", Status.COMPLETED, completed_at="2026-01-03"),
        row("2", Status.COMPLETED, completed_at="2026-01-02"),
        row("3", Status.COMPLETED, created_at="2026-01-09"),
        row("10", Status.COMPLETED, completed_at="2026-01-02"),
    ]
    done = render_notes(rows).split("\n\n")[0].splitlines()[1:]
    assert [line.split(":")[0] for line in done] == ["- os-1.3", "- os-1.2", "- os-1.10", "- os-1.1"]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\u2028", "\x85", "\x0b"])
def test_a_line_break_becomes_one_space_when_it_stands_in_any_text(line_break: str) -> None:
    text = f"a{line_break}b"
    rows = [
        row("1", Status.BLOCKED, text, reason=text),
        row("2", Status.FAILED, text, reason=text),
        row("3", Status.DECIDED, text, node_type=NodeType.DECISION, option=text, rationale=text),
    ]
    notes = render_notes(rows)
    assert "- os-1.1: a b — a b\n- os-1.2: a b — failed: a b\n" in notes
    assert "- os-1.3: a b → a b (a b)\n" in notes


def test_an_empty_reason_counts_as_none() -> None:
    notes = render_notes(
        [
            row("1", Status.BLOCKED, reason=""),
            row("2", Status.FAILED, reason=""),
            row("3", Status.DECIDED, node_type=NodeType.DECISION, option="X", rationale=""),
        ]
    )
    assert "- os-1.1: T\n- os-1.2: T — failed\n" in notes
    assert "- os-1.3: T → X\n" in notes


@given(st.permutations([row(str(n), s) for n, s in enumerate(Status)]))
def test_notes_are_the_same_bytes_when_rows_come_in_another_order(rows: list[NoteRow]) -> None:
    assert render_notes(rows) == render_notes([row(str(n), s) for n, s in enumerate(Status)])
