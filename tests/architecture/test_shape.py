"""The house keeps its measures. There is no way to excuse a file: make it smaller."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_measure_is_within_its_limit() -> None:
    shape = subprocess.run(
        [sys.executable, ROOT / "scripts" / "shape.py", "--json"], capture_output=True, text=True, check=True
    )
    measures = json.loads(shape.stdout)
    assert len(measures) == 11
    over = [f"{m['name']}: {m['found']} > {m['at_most']} ({m['where']})" for m in measures if m["found"] > m["at_most"]]
    assert not over, "\n".join(over)
