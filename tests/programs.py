"""Programs that some tests need beside git and sh: a test is skipped loudly where its program is missing.

Nothing fails for their lack, in CI neither: `scripts/system-packages` gets them there where that is easy.
"""

from __future__ import annotations

import shutil

import pytest

# Too large to install for some tests: what uses them is tried where they are at hand.
LARGE = frozenset({"cargo", "npm"})


def need(*programs: str) -> None:
    """Skip the test unless all of them are installed."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (see scripts/system-packages)")
