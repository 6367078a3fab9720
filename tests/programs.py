"""Programs that some tests need beside git and sh: a test is skipped loudly where its program is missing.

In CI it fails instead: `scripts/system-packages` gets them there, all but the large ones.
"""

from __future__ import annotations

import os
import shutil

import pytest

# Too large to install for some tests: what uses them is tried where they are at hand.
LARGE = frozenset({"cargo", "npm"})


def need(*programs: str) -> None:
    """Skip the test unless all of them are installed; in CI only large ones may be missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    said = f"not installed: {', '.join(missing)} (see scripts/system-packages)"
    if os.environ.get("CI") and not LARGE.issuperset(missing):
        pytest.fail(said)
    if missing:
        pytest.skip(said)
