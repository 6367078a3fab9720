"""The transcripts in `docs/transcripts` are what the program prints today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_night_in_the_docs_is_what_the_script_makes(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "transcripts.py"), "night", "--output", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    for name in ("status.txt", "report.md"):
        made, kept = (tmp_path / name).read_text("utf-8"), (ROOT / "docs" / "transcripts" / name).read_text("utf-8")
        assert made == kept, f"{name} differs: run scripts/transcripts.py night"


def test_the_morning_fits_one_screen() -> None:
    lines = (ROOT / "docs" / "transcripts" / "status.txt").read_text("utf-8").splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
