"""The recorded conversations in docs/ are what a run prints now; ids and times are steady in them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[2]


def test_the_plan_conversation_is_what_a_run_prints() -> None:
    command = [sys.executable, str(HERE / "scripts" / "record_plan_talk.py"), "--check"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
