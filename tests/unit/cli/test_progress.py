"""The line that tells what runs now."""

from __future__ import annotations

import pytest

from ostinato.cli.progress import now_line


@pytest.mark.parametrize("room", [30, 37, 77, 200])
@pytest.mark.parametrize("spent", ["", "4,380 tokens $0.01", "12,345,678 tokens $123.45"])
def test_what_runs_now_never_needs_a_second_line(room: int, spent: str) -> None:
    line = now_line("step 12: run_command .venv/bin/python -m pytest -q tests/unit", spent, room)
    assert len(line) <= room
    assert line.startswith("step 12: run")
    if room >= 77:
        assert line.endswith(spent)
