"""Live progress: the line that tells what runs now, and how an attempt ended."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ostinato.base.ids import NodeId
from ostinato.cli.event_lines import EventLines
from ostinato.cli.progress import now_line
from ostinato.graph.events import Event, EventKind
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.prepared_database import open_memory


@pytest.mark.parametrize("room", [30, 37, 77, 200])
@pytest.mark.parametrize("spent", ["", "4,380 tokens $0.01", "12,345,678 tokens $123.45"])
def test_what_runs_now_never_needs_a_second_line(room: int, spent: str) -> None:
    line = now_line("step 12: run_command .venv/bin/python -m pytest -q tests/unit", spent, room)
    assert len(line) <= room
    assert line.startswith("step 12: run")
    if room >= 77:
        assert line.endswith(spent)


@pytest.mark.parametrize(
    ("decision", "reason", "said"),
    [
        ("release", "interrupted", "os-1.2: given back: interrupted"),
        ("fail", "3 of 3 attempts failed: why", "os-1.2: failed: 3 of 3 attempts failed: why"),
        ("retry", "`true` exit 1", "os-1.2: retry: `true` exit 1"),
        ("park", "parked: 5 provider failures in a row: 500", "os-1.2: parked: 5 provider failures in a row: 500"),
        ("split", "split into 2 tasks", "os-1.2: split into 2 tasks"),
    ],
)
def test_how_an_attempt_ended_is_told_once_and_in_words(decision: str, reason: str, said: str) -> None:
    store = open_memory(FakeClock())
    payload = {"decision": decision, "reason": reason}
    moment = datetime(2026, 3, 10, tzinfo=UTC)
    event = Event(1, moment, EventKind.ITERATION_ENDED, None, None, None, NodeId("os-1.2"), payload)
    assert list(EventLines(store).of(event)) == [f"  ● {said}"]
    store.close()
