"""The probe runs the real thing."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ostinato.base.errors import MachineError
from ostinato.sandbox.bubblewrap import bubblewrap
from ostinato.sandbox.probe import probe, require_sandbox


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a bwrap before the real one that fails as the real one does where user namespaces are forbidden."""
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    bubblewrap.cache_clear()


@pytest.fixture(autouse=True)
def _fresh() -> object:
    yield
    bubblewrap.cache_clear()


@pytest.mark.needs_bwrap
def test_the_layers_are_named_when_the_sandbox_runs() -> None:
    report = probe()
    assert report.works
    assert "no network" in report.layers
    require_sandbox()


@pytest.mark.usefixtures("broken")
def test_the_reason_and_a_fix_are_named_when_it_is_forbidden() -> None:
    report = probe()
    assert not report.works
    assert "Permission denied" in report.problem
    assert report.fix


@pytest.mark.usefixtures("broken")
def test_requiring_names_both_choices_when_it_does_not_run() -> None:
    with pytest.raises(MachineError, match=r"Permission denied.*OSTINATO_SANDBOX=none.*never in the project's"):
        require_sandbox()


def test_a_missing_program_is_told_from_one_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    bubblewrap.cache_clear()
    report = probe()
    assert (report.works, report.problem) == (False, "it is not installed")
    assert "bubblewrap" in report.fix
