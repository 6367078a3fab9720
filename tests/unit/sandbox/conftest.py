"""A checkout to run commands in; tests that need bubblewrap fail in CI and are skipped loudly elsewhere without it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ostinato.sandbox.probe import probe


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "slot-0" / "work"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(scope="session")
def _bubblewrap_report() -> tuple[bool, str]:
    report = probe()
    return report.works, report.problem


@pytest.fixture(autouse=True)
def _needs_bubblewrap(request: pytest.FixtureRequest, _bubblewrap_report: tuple[bool, str]) -> None:
    if request.node.get_closest_marker("needs_bwrap") is None or _bubblewrap_report[0]:
        return
    if os.environ.get("CI"):
        pytest.fail(f"bubblewrap does not run here: {_bubblewrap_report[1]}")
    pytest.skip(f"bubblewrap does not run here: {_bubblewrap_report[1]}")
