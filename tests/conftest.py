"""What holds for every test: where bubblewrap is needed, and that Ctrl-C reaches the programs that a test starts."""

from __future__ import annotations

import os
import signal

import pytest

from ostinato.sandbox.probe import probe


def pytest_configure() -> None:
    """Heed Ctrl-C: a shell that starts the tests in the background has them ignore it, and their programs as well."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def bubblewrap() -> None:
    """Demand a sandbox that runs here with all that is asked of it; fails in CI, is skipped loudly elsewhere."""
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
