"""Records of decisions: names that never clash, texts that stay texts, and a file of ours that is told from others."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.adr import Marked, adr_text, file_name, marked
from ostinato.graph.decisions import DecisionRecord, OptionRecord, Relation, Standing
from ostinato.graph.details import DecisionDetails, OptionDetails, OutcomeDetails, RevisitDetails
from ostinato.graph.types import Details, Node, NodeType, Status
from tests.examples import examples

GOLDEN = Path(__file__).parent / "golden" / "adr"
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def node(
    node_id: str, kind: NodeType, title: str, status: Status, details: Details = None, description: str = ""
) -> Node:
    completed = AT if status is Status.DECIDED else None
    return Node(
        NodeId(node_id),
        ProjectId("proj-1"),
        kind,
        title,
        status,
        AT,
        description,
        details=details,
        completed_at=completed,
    )


def decision(number: int, title: str, status: Status = Status.DECIDED, **details: tuple[str, ...]) -> Node:
    return node(f"os-1.{number}", NodeType.DECISION, title, status, DecisionDetails(**details, number=number))


def option(title: str, status: Status, reason: str = "", **details: tuple[str, ...]) -> OptionRecord:
    return OptionRecord(node("os-1.1.1", NodeType.OPTION, title, status, OptionDetails(**details)), reason)


HOSTILE = "<script>alert(1)</script> [x](http://evil) `code` # head\x1b[31m | @all #12 \u202e\r\n## Context"
RECORDS = {
    "open": DecisionRecord(
        decision(2, "Which database?", Status.PENDING),
        Standing.OPEN,
        options=(
            option("SQLite", Status.ACTIVE, pros=("no server", "one file")),
            option("PostgreSQL", Status.REJECTED, "nobody wants to run it", cons=("a server",)),
        ),
    ),
    "holds": DecisionRecord(
        decision(12, "One HTTP client", forbids_paths=("src/legacy/**",), forbids_dependencies=("requests",)),
        Standing.HOLDS,
        accepted=True,
        in_force=True,
        options=(option("httpx", Status.CHOSEN, "async"), option("aiohttp", Status.REJECTED)),
        supersedes=(decision(2, "Which client?", Status.SUPERSEDED), decision(3, "Gone", Status.SUPERSEDED)),
        outcomes=(
            node("os-1.9", NodeType.OUTCOME, "Half the time", Status.ACTIVE, OutcomeDetails(True), "measured"),
            node("os-1.10", NodeType.OUTCOME, "One leak", Status.ACTIVE, OutcomeDetails(False)),
        ),
        revisits=(node("os-1.11", NodeType.REVISIT, "Revisit", Status.ACTIVE, RevisitDetails("it leaks")),),
        tasks=(
            (Relation.ORIGIN, node("os-1.4", NodeType.TASK, "Fetch", Status.COMPLETED)),
            (Relation.WAITS, node("os-1.5", NodeType.TASK, "Retry", Status.READY)),
        ),
    ),
    "hostile": DecisionRecord(
        node("os-1.1", NodeType.DECISION, HOSTILE, Status.SUPERSEDED, DecisionDetails(("a`b",), number=1), HOSTILE),
        Standing.UNACCEPTED,
        in_force=True,
        options=(option(HOSTILE, Status.CHOSEN, HOSTILE, pros=(HOSTILE,)),),
        superseded_by=(decision(7, HOSTILE, Status.PENDING),),
        outcomes=(node("os-1.3", NodeType.OUTCOME, HOSTILE, Status.ACTIVE, OutcomeDetails(), HOSTILE),),
        tasks=((Relation.PART, node("os-1.4", NodeType.TASK, HOSTILE, Status.READY)),),
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_record_reads_as_it_did(name: str) -> None:
    text = adr_text(RECORDS[name], {NodeId("os-1.2"): "002-which-client.md"})
    assert text == (GOLDEN / f"{name}.md").read_text("utf-8")


def test_hostile_texts_stay_texts() -> None:
    lines = adr_text(RECORDS["hostile"], {}).splitlines()
    headings = [line for line in lines if line.startswith("#")]
    wanted = ["Forbidden", "Context", "Options Considered", "Outcome", "Related Tasks"]
    assert sorted(h for h in headings if h.startswith("## ")) == sorted(f"## {title}" for title in wanted)
    assert len(headings) == len(wanted) + 2
    # The marker is the only markup of that kind, and no character moves a terminal or turns text round.
    assert not [line for line in lines[1:] if "<script" in line.replace("\\<", "")]
    assert all(line.isprintable() or "\u200b" in line for line in lines)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Use HTTP/2 -- or not?", "003-use-http-2-or-not.md"),
        ("Über naïve café", "003-uber-naive-cafe.md"),
        ("データベース", "003-decision.md"),
        ("../../etc/passwd\n\x1b[31m", "003-etc-passwd-31m.md"),
        ("---", "003-decision.md"),
        ("x" * 300, f"003-{'x' * 60}.md"),
    ],
)
def test_name_is_a_plain_file_name(title: str, name: str) -> None:
    assert file_name(DecisionRecord(decision(3, title), Standing.HOLDS)) == name


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
@examples(100)
def test_two_decisions_never_share_a_name(one: str, other: str) -> None:
    names = {file_name(DecisionRecord(decision(n, title), Standing.HOLDS)) for n, title in ((1, one), (1002, other))}
    assert len(names) == 2
    assert all(name.isascii() and name.endswith(".md") and "/" not in name for name in names)


def test_file_of_ours_is_told_and_so_is_one_that_was_edited() -> None:
    text = adr_text(RECORDS["holds"], {})
    ours = Marked(NodeId("os-1.12"), intact=True)
    assert marked(text) == ours
    assert marked(text.replace("\n", "\r\n")) == ours
    assert marked(text.rstrip() + "\n\n") == ours
    assert marked(text + "One more word.\n") == Marked(NodeId("os-1.12"), intact=False)
    assert marked(f"\n{text}") is None
    assert marked("# ADR 001: by hand\n") is None
    assert marked("") is None
