"""What holds for every test: where bubblewrap is needed, that Ctrl-C reaches the programs that a test starts, and that
nobody opens a database's files beside SQLite."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostinato.sandbox.probe import probe
from tests.examples import use_house_profile

_WATCH = Path(__file__).parent / "watch"
sys.path.insert(0, str(_WATCH))
import database_watch  # noqa: E402  (it lies where every Python that a test starts finds it)

use_house_profile()


def pytest_configure() -> None:
    """Heed Ctrl-C: a shell that starts the tests in the background has them ignore it, and their programs as well."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    database_watch.install()
    os.environ[database_watch.VARIABLE] = tempfile.mkdtemp(prefix="database-watch-")
    if str(_WATCH) not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_WATCH), os.environ.get("PYTHONPATH"))))


def pytest_unconfigure() -> None:
    """Leave no directory behind."""
    folder = Path(os.environ[database_watch.VARIABLE])
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


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


@pytest.fixture(autouse=True)
def _database_files() -> Iterator[None]:
    """Fail a test in which a process opened the files of a database that it had open through SQLite."""
    yield
    if seen := database_watch.take():
        pytest.fail("\n".join(seen), pytrace=False)
