"""Tests that need bubblewrap fail in CI without it, and are skipped loudly elsewhere."""

from __future__ import annotations

import os

import pytest

from ostinato.sandbox.probe import probe


@pytest.fixture(scope="session")
def bubblewrap() -> None:
    """Demand a sandbox that runs here with all that is asked of it."""
    report = probe()
    if report.works:
        return
    said = f"bubblewrap does not run here (see scripts/system-packages): {report.problem}"
    if os.environ.get("CI"):
        pytest.fail(said)
    pytest.skip(said)


@pytest.fixture(autouse=True)
def _needs_bubblewrap(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("needs_bwrap") is not None:
        request.getfixturevalue("bubblewrap")
