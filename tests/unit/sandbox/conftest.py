"""A checkout to run commands in."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "slot-0" / "work"
    folder.mkdir(parents=True)
    return folder
